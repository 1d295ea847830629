import functools
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import interleaved, records
from benchmarks.regression import baselines, trees
from benchmarks.regression.__main__ import main
from benchmarks.regression.cases import GUARDED, guarded_cases
from benchmarks.regression.options import BLOCKS, LAUNCHES
from tests.benchmarks.regression.conftest import imitated

DCGAN = ["--tasks", "dcgan"]


@pytest.fixture
def measured(monkeypatch):
    """Made-up times in place of measured ones; called with factors for the next recordings."""

    def use(**factors: float) -> None:
        monkeypatch.setattr(interleaved, "record", functools.partial(imitated, factors=factors))

    monkeypatch.setattr(
        baselines, "floors_of", lambda cases, threads: {case["name"]: {"seconds": 1e-3} for case in cases}
    )
    use()
    return use


@pytest.fixture
def stored(measured, tmp_path) -> Path:
    assert main(["update", *DCGAN], tmp_path) == 0
    (path,) = baselines.present(tmp_path)
    return path


def test_the_guarded_steps_cover_both_tasks_on_each_device() -> None:
    for device, tasks in GUARDED.items():
        names = [case.name for case in guarded_cases(device=device)]
        assert names == [f"{task}/{loss}" for task, values in tasks.items() for loss in values["losses"]]
        assert {f"{task}/bce" for task in tasks} <= {*names}


@pytest.mark.parametrize(("factor", "code", "status"), [(1.0, 0, "same"), (1.06, 1, "regressed"), (0.94, 0, "faster")])
def test_a_check_against_the_stored_baseline_gives_its_verdict_as_exit_code(
    stored, measured, tmp_path, capsys, factor, code, status
) -> None:
    measured(ours=factor)
    capsys.readouterr()
    assert main(["check", *DCGAN], tmp_path) == code
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("dcgan/bce") and "step / textbook" in line]
    assert line.endswith(status)
    assert "1 stored session(s)" in out


def test_a_check_writes_what_it_is_asked_for(stored, measured, tmp_path) -> None:
    measured(ours=1.1)
    files = {name: tmp_path / f"out.{name}" for name in ("junit", "markdown", "out")}
    options = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    assert main(["check", *DCGAN, *options], tmp_path) == 1
    suite = ElementTree.parse(files["junit"]).getroot()
    assert int(suite.get("failures", 0)) > 0
    assert files["markdown"].read_text().startswith("**Step time. REGRESSION")
    recording = interleaved.Recording.from_json(records.read_json(files["out"]))
    assert recording.sides == ("textbook", "ours")
    assert len(recording.medians("dcgan/bce", "step", "ours")) == BLOCKS * LAUNCHES


def test_the_threshold_is_the_users(stored, measured, tmp_path) -> None:
    measured(ours=1.06)
    assert main(["check", *DCGAN, "--threshold", "8"], tmp_path) == 0


def test_without_a_baseline_the_device_those_there_and_the_remedy_are_named(tmp_path, capsys) -> None:
    (tmp_path / "another-machine").mkdir()
    (tmp_path / "another-machine" / "steps.json").write_text("{}")
    assert main(["check"], tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert baselines.this_device("cpu", 1)["fingerprint"] in line
    assert "another-machine" in line
    assert "update" in line
    assert "--against REV" in line


def test_a_baseline_of_other_threads_is_another_device(stored, tmp_path, capsys) -> None:
    assert main(["check", *DCGAN, "--threads", "2"], tmp_path) == 2
    assert stored.parent.name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content.update(torch="1.0"), "torch 1.0, not"),
        (lambda content: content.update(threads=64), "threads 64, not 1"),
        (lambda content: content["cases"]["dcgan/bce"]["settings"].update(width=999), "width 999 → "),
        (lambda content: content["cases"]["dcgan/bce"].update(batch_size=3), "batch_size 3 → "),
        (lambda content: content.pop("sessions"), "has no 'sessions'"),
    ],
)
def test_a_baseline_of_something_else_is_refused(stored, tmp_path, capsys, change, told) -> None:
    content = records.read_json(stored)
    change(content)
    records.write_json(stored, content)
    assert main(["check", *DCGAN], tmp_path) == 2
    assert told in capsys.readouterr().err


def test_coverage_is_told_both_ways(stored, measured, tmp_path, capsys) -> None:
    content = records.read_json(stored)
    seconds = content["sessions"][0]["seconds"]
    seconds["dcgan/forgotten"] = seconds.pop("dcgan/wgangp")
    records.write_json(stored, content)
    capsys.readouterr()
    assert main(["check", *DCGAN], tmp_path) == 1
    out = capsys.readouterr().out
    ends = {tuple(line.split()[:2]): line.split()[-1] for line in out.splitlines() if " step / textbook " in line}
    assert ends["dcgan/forgotten", "step"] == "missing"
    assert ends["dcgan/wgangp", "step"] == "new"
    assert main(["check", "--losses", "bce"], tmp_path) == 0  # the others were not asked for


def test_update_replaces_or_adds_a_session(stored, measured, tmp_path) -> None:
    assert len(baselines.read(stored).sessions) == 1
    assert main(["update", *DCGAN, "--add"], tmp_path) == 0
    assert len(baselines.read(stored).sessions) == 2
    assert main(["check", *DCGAN], tmp_path) == 0
    assert main(["update", *DCGAN], tmp_path) == 0
    assert len(baselines.read(stored).sessions) == 1


def test_show_prints_steps_phases_ratios_and_the_share_of_the_limit(stored, tmp_path, capsys) -> None:
    capsys.readouterr()
    assert main(["show"], tmp_path) == 0
    title, headings, bce, *others = capsys.readouterr().out.splitlines()
    assert stored.parent.name in title
    assert headings.split()[:3] == ["case", "step", "data"]
    cells = bce.split("  ")
    assert cells[0] == "dcgan/bce"
    assert cells[1].strip() == "4.000 ms" or float(bce.split()[1]) == pytest.approx(4.0, rel=0.01)
    assert bce.split()[-2:] == ["25", "%"]  # of 4 ms a floor of 1 ms
    assert float(bce.split()[-4]) == 1.0
    assert others[-1].startswith("20")


def test_show_without_a_baseline_is_a_sentence(tmp_path, capsys) -> None:
    assert main(["show"], tmp_path) == 2
    assert "holds no baseline" in capsys.readouterr().err


def test_two_trees_are_measured_side_by_side(monkeypatch, capsys) -> None:
    seen = []

    def record(sides, *arguments, **more):
        seen.append([(side.name, side.tree, side.tree.is_dir()) for side in sides])
        return imitated(sides, *arguments, **more, factors={"new": 1.06})

    monkeypatch.setattr(interleaved, "record", record)
    monkeypatch.setattr(trees, "buildable", lambda tree, cases, revision: [cases[0]["name"]])
    assert main(["check", *DCGAN, "--against", "HEAD"]) == 1
    ((base, new),) = seen
    assert (base[0], base[2], new[0], new[1]) == ("base", True, "new", trees.ROOT)
    assert not base[1].exists()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.endswith(" new")] == ["dcgan/lsgan", "dcgan/wgangp"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "required: check|update|show|selftest"),
        (["guess"], "invalid choice: 'guess'"),
        (["check", "--blocks", "0"], "expected a positive whole number"),
        (["check", "--blocks", "5", "--launches", "1"], "12 are needed"),
        (["check", "--threshold", "-3"], "expected a positive number"),
        (["check", "--losses", ","], "expected names and commas"),
        (["check", "--losses", "bcee"], "did you mean 'bce'?"),
        (["check", "--losses", "bce,bce"], "stands more than once"),
        (["check", "--tasks", "dcgann"], "did you mean 'dcgan'?"),
        (["check", "--against", "no-such-revision"], "knows no such commit"),
        (["check", "--against"], "expected one argument"),
        (["update", "--against", "HEAD"], "unrecognized arguments"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(arguments, told, tmp_path, capsys) -> None:
    assert main(arguments, tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("benchmarks.regression: ")
    assert told in line


@pytest.mark.parametrize("option", ["--junit", "--markdown", "--out"])
def test_a_file_that_cannot_be_written_is_a_sentence(option, stored, measured, tmp_path, capsys) -> None:
    (tmp_path / "taken").write_text("")
    place = tmp_path / "taken" / "file"
    assert main(["check", *DCGAN, option, str(place)], tmp_path) == 2
    assert "name another place" in capsys.readouterr().err
