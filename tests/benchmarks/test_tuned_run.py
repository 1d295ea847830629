"""The command on two data sets with trials, from end to end in its smallest form, broken between trials and judged cells."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cell_folder, records, tuning
from benchmarks.records import RecordError
from benchmarks.run import Run, main
from benchmarks.verification import UNFINISHED
from benchmarks.verify import verify
from gan_losses.data import load_data
from reports.loading import load
from reports.panels import make_panels
from reports.tables import tuning as tuning_table
from tests.benchmarks.test_grounds import pictures  # noqa: F401  a fixture
from tests.benchmarks.test_run import ROOT

TINY = (
    "--preset smoke --losses bce --recipe tuned --seeds 0 --steps 2 --eval-every 2 --log-every 2 --width 4 --repeats 2 "
    "--metrics fid,kid --batch-size 4 --latents 4 --timing-rounds 2 --device cpu --quiet --grid beta1=0.5 --tuning-seeds 1000"
).split()
GRID = "learning-rate=1e-4,5e-2"


def stamps(out: Path) -> dict[str, int]:
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in sorted(out.glob("dcgan/**/record.json"))}


def found(out: Path, recipe: str) -> list[dict]:
    every = [records.read_json(folder / "record.json") for folder in records.find_records(out)]
    return [record for record in every if record["cell"]["recipe"] == recipe]


@pytest.fixture(scope="module")
def unreported():
    """Reports have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_report", lambda self: None)
        yield patch


@pytest.fixture(scope="module")
def broken(tmp_path_factory, unreported, pictures) -> tuple[Path, list[str]]:  # noqa: F811
    """A run that was killed when its trials were done, and its command."""
    out = tmp_path_factory.mktemp("tuned") / "out"
    command = [*TINY, "--grid", GRID, "--data", f"digits,images:{pictures}", "--out", str(out)]

    def die(*arguments: object) -> None:
        raise RecordError("killed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "choose", die)
        assert main(command) == 2
    return out, command


@pytest.fixture(scope="module")
def run(broken, tmp_path_factory) -> tuple[Path, list[str], dict[str, int]]:
    """It went on in a copy: its folder, its command, and when its trials' records were written."""
    out, command = broken
    copy = tmp_path_factory.mktemp("again") / "out"
    shutil.copytree(out, copy)
    command = [*command[:-1], str(copy)]
    before = stamps(copy)
    assert main(command) == 0
    return copy, command, before


def test_between_trials_and_judged_cells_nothing_is_judged_and_verify_says_what_waits(broken) -> None:
    out, _ = broken
    assert (len(found(out, "trial")), len(found(out, "tuned"))) == (4, 0)
    assert not list(out.glob("tuning/*.json"))
    check, _ = verify(out)
    assert [finding.line for finding in check.of(UNFINISHED)] == [
        "run.json: 2 more cells wait for what trials choose; give the run's command again"
    ]
    with pytest.raises(RecordError, match="holds trials alone so far"):
        make_panels(load(out))


def test_a_run_that_was_killed_there_trains_no_trial_again_and_judges(run) -> None:
    out, _, before = run
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 4 + 2
    check, cells = verify(out)
    assert ([finding.path for finding in check.findings], cells) == (["report"], 6)
    request = records.read_json(out / "run.json")
    assert len(request["cells"]) == 6
    assert "waiting" not in request


def test_what_was_chosen_has_the_lowest_score_and_is_what_was_trained(run) -> None:
    out, _, _ = run
    for tuned in found(out, "tuned"):
        data = tuned["cell"]["data"]
        trials = [trial for trial in found(out, "trial") if trial["cell"]["data"] == data]
        name = trials[0]["quality"]["selection_metric"]
        scores = [np.nanmin([row["metrics"][name] for row in trial["quality"]["along"]]) for trial in trials]
        best = trials[int(np.argmin(scores))]["settings"]
        chosen = {key: best[key] for key in ("learning_rate", "betas")}
        assert {key: tuned["settings"][key] for key in chosen} == chosen
        (path,) = out.glob(f"tuning/dcgan-{records.slug(data)}.json")
        (entry,) = records.read_json(path)["choices"]
        assert entry["chosen"] == chosen
        assert {trial["cell"]["seed"] for trial in trials} == {1000}
        np.testing.assert_allclose(sorted(row["median"] for row in entry["trials"]), sorted(scores), rtol=1e-12)


def test_each_data_set_is_timed_and_measured_by_itself(run) -> None:
    out, _, _ = run
    by_data = {record["cell"]["data"].partition(":")[0]: record for record in found(out, "tuned")}
    assert {name: sorted(r["quality"]["best"]["repeats"])[0] for name, r in by_data.items()} == {
        "digits": "fid[digits]",
        "images": "fid[random]",
    }
    assert by_data["digits"]["quality"]["passport"]["n_fake"] == len(load_data("digits", 16).test)
    timings = [records.read_json(path) for path in sorted(out.glob("timing/*.json"))]
    digests = [{(entry["data"], entry["digest"]) for entry in timing["entries"]} for timing in timings]
    assert [len(each) for each in digests] == [1, 1]
    assert set().union(*digests) == {(r["cell"]["data"], r["step_digest"]) for r in found(out, "tuned")}
    assert {r["step_digest"] for r in found(out, "trial")} == {r["step_digest"] for r in found(out, "tuned")}
    assert [len(list(out.glob(f"{name}/*"))) for name in ("ladders", "real", "tuning")] == [2, 2, 2]


def test_best_and_final_weights_are_scored_on_further_draws(run) -> None:
    out, _, _ = run
    for record in found(out, "tuned"):
        for moment in ("best", "final"):
            state = record["quality"][moment]
            for name, values in state["repeats"].items():
                assert len({state["metrics"][name], *values}) == 3
        assert "repeats" not in record["quality"]["untrained"]


def test_trials_are_in_no_panel_and_in_a_table(run) -> None:
    out, _, _ = run
    loaded = load(out)
    panels = make_panels(loaded)
    assert [panel.recipe for panel in panels] == ["tuned", "tuned"]
    table = tuning_table.build(loaded, panels)
    assert table is not None
    rows = table.frame.to_dict("records")
    assert len(rows) == 4
    for row in rows:
        (path,) = out.glob(
            f"tuning/dcgan-{records.slug(row['data'])}*.json" if ":" not in row["data"] else "tuning/*images*"
        )
        (entry,) = records.read_json(path)["choices"]
        (trial,) = (each for each in entry["trials"] if each["learning_rate"] == row["learning rate"])
        np.testing.assert_allclose(row["seed 1000"], trial["scores"]["1000"], rtol=1e-12)
        assert row["chosen"] == ("yes" if entry["chosen"]["learning_rate"] == row["learning rate"] else "no")


def test_another_grid_asks_for_a_new_choice_and_keeps_what_it_has(run, tmp_path) -> None:
    out, command, _ = run
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    before = stamps(copy)
    wider = [GRID.replace("1e-4", "1e-4,9e-1") if word == GRID else word for word in command[:-1]]
    assert main([*wider, str(copy), "--data", "digits"]) == 0
    after = stamps(copy)
    assert {name: after[name] for name in before} == before
    assert len([record for record in found(copy, "trial") if record["cell"]["data"] == "digits"]) == 3
    (entry,) = records.read_json(copy / "tuning" / "dcgan-digits.json")["choices"]
    assert entry["grid"]["learning_rate"] == [1e-4, 0.9, 0.05]
    (panel,) = (panel for panel in make_panels(load(copy)) if panel.data == "digits")
    assert [cell.settings["learning_rate"] for cell in panel.cells] == [entry["chosen"]["learning_rate"]]


def test_a_dry_run_says_how_many_trials_there_are(run, tmp_path, capsys) -> None:
    _, command, _ = run
    assert main([*command[:-1], str(tmp_path / "none"), "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "2 cells and 4 trials, " in text
    assert text.count("2 steps, as the trials choose") == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_a_run_that_is_killed_in_the_middle_ends_as_an_unbroken_one(tmp_path) -> None:
    unreported = "import sys; from benchmarks.run import Run, main; Run._report = lambda self: None; sys.exit(main())"
    call = [sys.executable, "-c", unreported, *TINY, "--grid", GRID]
    assert subprocess.run([*call, "--out", str(tmp_path / "whole")], cwd=ROOT, check=False).returncode == 0
    out = tmp_path / "out"
    process = subprocess.Popen([*call, "--out", str(out)], cwd=ROOT, start_new_session=True)
    while not stamps(out):  # one trial is done, nothing is chosen yet
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert subprocess.run([*call, "--out", str(out)], cwd=ROOT, check=False).returncode == 0
    for whole in records.find_records(tmp_path / "whole"):
        again = out / whole.relative_to(tmp_path / "whole")
        one, two = (records.read_json(folder / "record.json") for folder in (whole, again))
        for name in ("settings", "quality", "saturation", "status"):
            assert one[name] == two[name]
        assert cell_folder.digests(whole) == cell_folder.digests(again)
    kept = [records.read_json(place / "tuning" / "dcgan-digits.json") for place in (tmp_path / "whole", out)]
    assert kept[0] == kept[1]
