import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import step_worker

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "benchmarks" / "test_step_time.py"
# Beside the plugin: notes every training that is built and, at the end, what its clock measured.
SPY = """
import json, os
from benchmarks import step_worker
built, build = [], step_worker.build

def spied(case, clock):
    built.append((case["name"], clock))
    return build(case, clock)

step_worker.build = spied

def pytest_sessionfinish(session):
    step_worker.build = build
    with open(os.environ["SPY"], "w") as file:
        json.dump([(name, clock.wall) for name, clock in built], file)
"""
Walls = list[tuple[str, dict[str, Any]]]  # name of a case, seconds by phase


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Walls]:
    """What `pytest benchmarks` leaves: its storage, its file, and the clocks' own samples."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "spy.py").write_text(SPY)
    # A session of its own, also where this one runs side by side with others.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**own, "SPY": str(folder / "spy.json"), "PYTHONPATH": str(folder), "TMPDIR": str(folder)}
    options = "-q -p no:cacheprovider -p spy --step-device cpu --step-rounds 4 --benchmark-only --benchmark-autosave"
    kept = ["--benchmark-storage", str(folder / "kept"), "--benchmark-json", str(folder / "out.json")]
    command = [sys.executable, "-m", "pytest", *options.split(), *kept, "-k", "dcgan and (bce or wgangp)", str(FILE)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, *(json.loads((folder / name).read_text()) for name in ("out.json", "spy.json"))


class Spy:
    """The same within this process, which spares the imports."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built: Walls = []
        build = step_worker.build

        def spied(case: Any, clock: Any) -> Any:
            self.built.append((case["name"], clock.wall))
            return build(case, clock)

        monkeypatch.setattr(step_worker, "build", spied)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sessions here are of one process, whatever this one is."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


def session(*options: str) -> int:
    return int(pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *options, str(FILE)]))


def by_case(content: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["params"]["loss"], one["params"]["phase"]): one for one in content["benchmarks"]}


def test_the_file_holds_exactly_the_clocks_samples(recorded) -> None:
    _, content, built = recorded
    clocks = {name.partition("/")[2]: wall for name, wall in built}
    found = by_case(content)
    assert {loss for loss, _ in found} == set(clocks) == {"bce", "wgangp"}
    for (loss, phase), one in found.items():
        assert one["stats"]["data"] == clocks[loss][phase][:4]
        assert one["stats"]["rounds"] == 4
        assert one["stats"]["iterations"] == 1
        assert one["group"] == f"dcgan {phase}"


def test_phases_are_of_the_same_steps_and_add_up(recorded) -> None:
    _, content, _ = recorded
    data = {key: one["stats"]["data"] for key, one in by_case(content).items()}
    phases = {phase for loss, phase in data if loss == "wgangp"} - {"step"}
    assert phases == {"data", "discriminator", "penalty", "generator", "optimisers"}
    sums = [sum(values) for values in zip(*(data["wgangp", phase] for phase in phases), strict=True)]
    assert sums == pytest.approx(data["wgangp", "step"], rel=1e-9)
    assert ("bce", "penalty") not in data


def test_beside_the_samples_stands_what_they_depend_on(recorded) -> None:
    _, content, _ = recorded
    for (_, phase), one in by_case(content).items():
        extra = one["extra_info"]
        assert extra["unit"] == "wall"
        assert (extra["rounds"], extra["threads"], extra["batch_size"], extra["n_critic"]) == (4, 1, 8, 1)
        assert set(extra["device"]) == {"name", "kind", "fingerprint"}
        assert extra["device"]["kind"] == "cpu"
        assert set(extra["clocks"]) == {"unit", "before", "after"}
        assert (extra["settings"]["image_size"], extra["settings"]["width"]) == (16, 8)
        floor = extra["floor"]
        peaks = extra["peaks"]
        compute, memory = floor["flops"] / peaks["flops_per_second"], floor["bytes"] / peaks["bytes_per_second"]
        assert floor["seconds"] == pytest.approx(max(compute, memory))
        assert floor["share"] == pytest.approx(floor["seconds"] / one["stats"]["median"])
        assert (floor["seconds"] > 0) == (phase != "penalty" or floor["flops"] > 0)


def test_where_benchmarks_are_disabled_one_step_of_each_selected_loss_is_made(monkeypatch, capfd) -> None:
    spy = Spy(monkeypatch)
    assert session("-k", "cyclegan and (hinge or rpgan-step)", "--benchmark-disable") == 0
    assert "6 passed" in capfd.readouterr().out
    assert [name for name, _ in spy.built] == ["cyclegan/hinge", "cyclegan/rpgan"]
    assert all(len(wall["step"]) == 1 for _, wall in spy.built)


def test_skipped_benchmarks_build_nothing(monkeypatch, capfd) -> None:
    spy = Spy(monkeypatch)
    assert session("-k", "bce", "--benchmark-skip") == 0
    assert "10 skipped" in capfd.readouterr().out
    assert spy.built == []


def test_a_later_session_is_compared_and_profiled(recorded, capfd) -> None:
    folder, *_ = recorded
    asked = "-k dcgan-bce-step --step-rounds 2 --benchmark-compare --benchmark-cprofile cumtime --benchmark-storage"
    assert session(*asked.split(), str(folder / "kept")) == 0
    out = capfd.readouterr().out
    assert "(NOW)" in out
    assert "training.py" in out  # the profile is of real steps


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--step-device", "cuda"], "--step-device cuda: torch"),
        (["--step-rounds", "0"], "expected a positive whole number, got '0'"),
    ],
)
def test_options_that_cannot_be_are_a_sentence(options: list[str], sentence: str, monkeypatch, capfd) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert session(*options) == pytest.ExitCode.USAGE_ERROR
    err = capfd.readouterr().err
    assert sentence in err
    assert "Traceback" not in err
