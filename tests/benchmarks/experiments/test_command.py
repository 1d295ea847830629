import json
import subprocess
import sys
from dataclasses import dataclass
from math import nan
from pathlib import Path

import pytest

from benchmarks.experiments import EXPERIMENTS
from benchmarks.experiments import __main__ as command
from benchmarks.experiments.base import Check, Experiment, Result

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Settings:
    ours: float | None = 1.0


def made(ours, low=0.5, high=2.0, required=True):
    check = Check("a figure", "1, derived", ours, low, high, required)
    return Experiment(
        "made-up",
        "a question",
        "nowhere",
        "look at it",
        "nothing",
        {"short": Settings(), "full": Settings()},
        lambda settings, workplace: Result([{"row": 1.0}], [check], {"x": [1, 2]}),
    )


@pytest.fixture
def perform(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "_draw", lambda out: None)

    def perform(experiment, *arguments):
        monkeypatch.setitem(EXPERIMENTS, "made-up", experiment)
        return command.main(["made-up", "--out", str(tmp_path / "out"), *arguments])

    return perform


@pytest.mark.parametrize(
    ("ours", "required", "code"),
    [
        (1.0, True, 0),
        (0.5, True, 0),
        (2.0, True, 0),
        (2.1, True, 1),
        (0.4, True, 1),
        (2.1, False, 0),
        (nan, True, 1),
        (None, True, 1),
    ],
)
def test_the_exit_code_says_whether_a_required_band_was_missed(perform, ours, required, code):
    assert perform(made(ours, required=required)) == code


def test_the_record_holds_what_was_found(perform, tmp_path):
    perform(made(nan), "--scale", "short")
    record = json.loads((tmp_path / "out" / "made-up" / "record.json").read_text())
    assert record["command"] == "python -m benchmarks.experiments made-up --scale short"
    assert record["rows"] == [{"row": 1.0}]
    assert record["checks"][0]["ours"] is None
    assert record["checks"][0]["met"] is False
    assert record["settings"] == {"ours": 1.0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name an experiment"),
        (["nonesuch"], "unknown experiment 'nonesuch'"),
        (["loss-shapes", "--scale", "long"], "loss-shapes has no scale long; take short or full"),
        (["loss-shapes", "--workers", "0"], "expected a positive whole number"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(arguments, words, capsys, tmp_path):
    assert command.main([*arguments, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "out").touch()
    assert command.main(["loss-shapes", "--out", str(tmp_path / "out")]) == 2
    assert "is a file; give a folder" in capsys.readouterr().err


def test_the_list_explains_every_experiment(capsys):
    assert command.main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(f"{name}: {each.summary}" in told for name, each in EXPERIMENTS.items())


def test_record_figure_table_and_page_come_out(tmp_path):
    call = [sys.executable, "-m", "benchmarks.experiments", "loss-shapes", "--scale", "short", "--out", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "loss-shapes").iterdir()}
    assert names == {"record.json", "figure.png", "figure.svg", "table.csv"}
    assert "| loss-shapes | short | 4 of 4 |" in (tmp_path / "experiments.md").read_text()
