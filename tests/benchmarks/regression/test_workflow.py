import re
import shlex

import pytest

from benchmarks.regression.options import PROGRAM, make_parser
from benchmarks.regression.trees import ROOT

WORKFLOW = (ROOT / ".github/workflows/benchmark.yml").read_text(encoding="utf-8")
COMMANDS = re.findall(r"run: (.+)", WORKFLOW)


def test_the_workflow_is_yaml_with_a_hosted_and_a_gpu_job() -> None:
    yaml = pytest.importorskip("yaml")
    content = yaml.safe_load(WORKFLOW)
    jobs = content["jobs"]
    assert set(jobs) == {"cpu", "gpu"}
    assert jobs["cpu"]["runs-on"] == "ubuntu-latest"
    assert jobs["gpu"]["runs-on"] == ["self-hosted", "gpu"]
    assert "vars.GPU_RUNNER" in jobs["gpu"]["if"]
    assert content["permissions"] == {"contents": "read"}
    assert jobs["cpu"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert jobs["cpu"]["steps"][0]["with"]["fetch-depth"] == 0
    assert all(
        re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        for job in jobs.values()
        for step in job["steps"]
        if "uses" in step
    )


def test_every_check_in_the_workflow_is_understood_by_the_parser() -> None:
    ours = [shlex.split(command) for command in COMMANDS if PROGRAM in command]
    parsed = [make_parser().parse_args(words[len(PROGRAM.split()) :]) for words in ours]
    assert [(options.command, options.against, options.device) for options in parsed] == [
        ("check", "$BASE", "cpu"),
        ("check", None, "cuda"),
    ]
    for options in parsed:
        assert str(options.markdown) in WORKFLOW.split("GITHUB_STEP_SUMMARY")[0]
        assert all(str(path).startswith("step-time.") for path in (options.junit, options.markdown, options.out))


def test_nothing_of_a_pull_request_is_pasted_into_a_shell() -> None:
    assert len(COMMANDS) == WORKFLOW.count("run:")
    assert not [command for command in COMMANDS if "${{" in command]
    assert "pull_request_target" not in WORKFLOW


def test_forks_get_no_comment_and_no_machine_of_ours() -> None:
    comment = WORKFLOW[WORKFLOW.index("name: Comment") : WORKFLOW.index("gh pr comment")]
    gpu = WORKFLOW[WORKFLOW.index("\n  gpu:") : WORKFLOW.index("self-hosted")]
    for text in (comment, gpu):
        assert "head.repo.full_name == github.repository" in text
