import json
import shutil

import pytest

from benchmarks.records import RecordError, write_json
from reports.build import build, main
from reports.loading import load
from reports.merging import labels, load_runs
from reports.notices import notices
from reports.panels import make_panels

ONE = ("controlled",)


@pytest.fixture
def two(write, tmp_path):
    """bce in one run, lsgan in another; seed 0 of bce in both."""
    first = write(tmp_path / "a" / "run", ("bce",), 6, recipes=ONE)
    second = write(tmp_path / "b" / "run", ("lsgan",), 6, recipes=ONE)
    return first, second


def controlled(run):
    return [panel for panel in make_panels(run) if panel.recipe == "controlled"]


def request(folder, **options):
    path = folder / "run.json"
    content = json.loads(path.read_text())
    content["options"] |= options
    write_json(path, content)


def test_two_runs_are_one_panel_with_all_losses(two) -> None:
    run = load_runs(two)
    [panel] = controlled(run)
    assert panel.losses == ("bce", "lsgan")
    assert len(panel.cells) == 12
    assert run.title == "a/run + b/run"
    assert set(run.inputs) == {f"a/run/{name}" for name in load(two[0]).inputs} | {
        f"b/run/{name}" for name in load(two[1]).inputs
    }


def test_one_run_is_itself_even_if_it_is_given_twice(run_folder) -> None:
    assert len(load_runs([run_folder, run_folder / "."]).cells) == len(load(run_folder).cells)


def test_of_a_cell_in_both_what_finished_last_counts(two, tmp_path) -> None:
    copied = next(two[0].glob("dcgan/digits/controlled/bce/seed0-*"))
    there = two[1] / copied.relative_to(two[0])
    shutil.copytree(copied, there)
    record = json.loads((there / "record.json").read_text())
    record["quality"]["best"]["metrics"]["fid[digits]"] = 77.0
    record["time"]["finished"] = "2026-02-01T00:00:00+00:00"
    write_json(there / "record.json", record)
    for order in (two, two[::-1]):
        run = load_runs(order)
        [panel] = controlled(run)
        found = [cell.metrics("best")["fid[digits]"] for cell in panel.of("bce") if cell.seed == 0]
        assert found == [77.0]
        assert "1 cell stood in more than one of the runs" in " ".join(notices(run, [panel]))


def test_losses_of_unlike_settings_are_never_compared(write, make_cell, tmp_path) -> None:
    first = write(tmp_path / "short", ("bce",), 6, recipes=ONE)
    second = tmp_path / "long"
    write(second, ("lsgan",), 0, recipes=ONE)
    for seed in range(6):
        make_cell(second, "controlled", "lsgan", seed, steps=1000)
    panels = controlled(load_runs([first, second]))
    assert [(panel.losses, panel.note) for panel in panels] == [(("bce",), "steps 500"), (("lsgan",), "steps 1000")]


def test_what_the_runs_declare_differently_is_said(two) -> None:
    request(two[0], equivalence=0.1, target={"fid[digits]": 9.0, "kid[digits]": 0.1})
    request(two[1], equivalence=0.05, target={"fid[digits]": 8.0})
    run = load_runs(two)
    assert run.request["options"]["equivalence"] == 0.05
    assert run.request["options"]["target"] == {"kid[digits]": 0.1}
    assert len(run.notices) == 2
    assert "unlike targets for fid[digits]" in run.notices[1]


def test_losses_of_one_name_and_two_definitions_are_named(two) -> None:
    path = two[1] / "losses.json"
    content = json.loads(path.read_text())
    for loss in content["losses"]:
        loss["definition"] = "changed"
    write_json(path, content)
    assert "bce is not the same loss in all of the runs" in " ".join(load_runs(two).notices)


def test_unlike_devices_are_said(two) -> None:
    for path in two[1].glob("dcgan/*/*/*/*/record.json"):
        record = json.loads(path.read_text())
        record["environment"]["device"] = "Other <CPU>"
        write_json(path, record)
    run = load_runs(two)
    assert "unlike devices: Test CPU (6), Other &lt;CPU&gt; (6)" in " ".join(notices(run, make_panels(run)))


def test_a_report_of_two_runs_needs_a_place(two, capsys, tmp_path, without_figures) -> None:
    assert main([str(folder) for folder in two]) == 2
    assert "needs --out DIR" in capsys.readouterr().err
    out = build(two, tmp_path / "both", ("md", "csv"))
    text = (out / "report.md").read_text()
    assert "# Comparison of GAN losses: a/run + b/run" in text
    assert "bce and lsgan" in text or "than bce" in text


def test_a_newer_schema_in_either_run_is_refused(two) -> None:
    path = two[1] / "run.json"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 99'))
    with pytest.raises(RecordError, match="newer"):
        load_runs(two)


def test_names_are_as_long_as_they_need_to_be(tmp_path) -> None:
    assert labels([tmp_path / "x" / "quick", tmp_path / "y" / "quick"]) == ["x/quick", "y/quick"]
    assert labels([tmp_path / "x" / "quick", tmp_path / "y" / "slow"]) == ["quick", "slow"]
