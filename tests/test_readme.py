"""What the README says is run: its Python, its commands' options, its pictures."""

import re
from pathlib import Path

import pytest
import torch

from benchmarks.candidates import candidates
from benchmarks.options import read_options
from gan_losses.conformance import CHECKS, check_loss
from gan_losses.losses import LOSSES, get_loss
from gan_losses.penalties import PENALTIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def own_loss() -> str:
    (block,) = (block for block in blocks() if block.startswith("# my_loss.py"))
    return block


def test_every_python_block_runs() -> None:
    assert len(blocks()) >= 3
    for block in blocks():
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_loss_of_ones_own_passes_the_examination_and_joins_penalties(tmp_path, monkeypatch) -> None:
    (tmp_path / "my_loss.py").write_text(own_loss())
    monkeypatch.chdir(tmp_path)
    loss = get_loss("my_loss.py:SquaredHinge")
    check_loss(loss)
    assert loss.name in README
    assert loss.optimum(torch.tensor(3.0), torch.tensor(1.0)) == 0.5
    assert [facts.name for facts in candidates(["my_loss.py:SquaredHinge"], ["none", "r1"])] == [
        "squared-hinge",
        "squared-hinge+r1",
    ]


def test_the_lists_of_losses_and_penalties_are_whole() -> None:
    section = README.partition("## Losses and penalties")[2].partition("\n\n")[2].partition("\n\n")[0]
    losses, penalties = section.split("penalties", 1)
    assert re.findall(r"`([^`]+)`", losses) == list(LOSSES)
    assert re.findall(r"`([^`]+)`", penalties)[: len(PENALTIES)] == list(PENALTIES)
    assert f"an examination of {len(CHECKS)} checks" in README


def test_every_run_command_has_options_that_exist(tmp_path, monkeypatch) -> None:
    commands = re.findall(r"python -m benchmarks\.run([^`|\n]*)", README)
    assert len(commands) >= 2
    (tmp_path / "my_loss.py").write_text(own_loss())
    monkeypatch.chdir(tmp_path)
    for command in commands:
        read_options(command.split())


PUBLISHED = [f"reports/published/{name}.md" for name in ("measured", "answers", "tuning/tuning")]


@pytest.mark.parametrize("page", ["README.md", *PUBLISHED])
def test_pictures_and_links_are_there(page) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_summary_is_that_of_the_published_reference() -> None:
    report = (ROOT / "reports/published/reference/report/report.md").read_text(encoding="utf-8").splitlines()
    table = README.partition("held\nequal:*")[2].partition("Trained by")[0].strip().splitlines()
    start = (
        next(place for place, line in enumerate(report) if line.startswith("#### dcgan on digits, recipe controlled"))
        + 2
    )
    assert len(table) == 2 + len(LOSSES)
    assert report[start : start + len(table)] == table


def test_the_first_screen_holds_the_two_set_up_commands() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m benchmarks.run --losses bce,lsgan,wgangp")
    assert commands[1].endswith("tox")
