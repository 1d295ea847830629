"""The command with drawn trials, from end to end in its smallest form, gone on with more of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import drawn, records
from benchmarks.run import Run, main
from benchmarks.verify import verify
from reports.loading import load
from reports.trials import tunings
from tests.benchmarks.test_tuned_run import found, stamps

TINY = (
    "--preset smoke --losses bce,wgangp --data digits --seeds 0 --steps 2 --eval-every 2 --log-every 2 --width 4 --metrics fid,kid "
    "--batch-size 4 --latents 4 --timing-rounds 2 --device cpu --quiet --tuning-seeds 1000 --tune-by fid --space beta2=0.9,0.999 "
    "--space learning-rate=1e-2..9e-2"
).split()


def tune(out: Path, count: int, *more: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_report", lambda self: None)  # reports have tests of their own
        return main([*TINY, "--tune", str(count), "--out", str(out), *more])


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("drawn") / "out"
    assert tune(out, 2) == 0
    return out


def test_every_loss_is_tried_on_the_same_drawn_points_and_judged_at_its_best(run) -> None:
    request = records.read_json(run / "run.json")
    assert (request["options"]["tune"], request["options"]["tune_by"], request["options"]["recipe"]) == (
        2,
        "fid",
        "tuned",
    )
    points = request["drawn"]["points"]
    for loss in ("bce", "wgangp"):
        trials = [record for record in found(run, "trial") if record["cell"]["loss"] == loss]
        tried = [{name: record["settings"][name] for name in records.CHOSEN} for record in trials]
        assert sorted(tried, key=repr) == sorted(points, key=repr)
        lowest = {
            record["settings"]["learning_rate"]: np.nanmin(
                [row["metrics"]["fid[digits]"] for row in record["quality"]["along"]]
            )
            for record in trials
        }
        assert len({*lowest.values()}) == 2
        (tuned,) = (record for record in found(run, "tuned") if record["cell"]["loss"] == loss)
        assert tuned["settings"]["learning_rate"] == min(lowest, key=lowest.__getitem__)
    (choice, _) = records.read_json(run / "tuning" / "dcgan-digits.json")["choices"]
    assert choice["space"] == request["drawn"]["space"]
    assert choice["space"]["beta2"] == [0.9, 0.999]
    assert choice["metric"] == "fid[digits]"
    assert "grid" not in choice


def test_the_run_is_whole_and_its_trials_are_read(run) -> None:
    check, cells = verify(run)
    assert ([finding.path for finding in check.findings], cells) == (["report"], 2 * 2 + 2)
    (tuning,) = tunings(load(run))
    assert (tuning.metric, list(tuning.losses), tuning.note) == ("fid[digits]", ["bce", "wgangp"], "")
    assert [len(trials.scores) for trials in tuning.losses.values()] == [2, 2]
    assert all(np.isfinite(trials.scores).all() for trials in tuning.losses.values())


def test_more_trials_train_only_those_that_are_new_whatever_draws_them(run, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    shutil.copytree(run, out)
    before, points = stamps(out), records.read_json(out / "run.json")["drawn"]["points"]
    other = {"learning_rate": 3e-4, "betas": [0.25, 0.9]}
    monkeypatch.setattr(drawn, "draw", lambda space, count: [other] * count)
    assert tune(out, 3) == 0
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert records.read_json(out / "run.json")["drawn"]["points"] == [*points, other]
    new = [name for name in after if name not in before and "/trial/" in name]
    assert sorted(name.split("/")[3] for name in new) == ["bce", "wgangp"]
    (tuning,) = tunings(load(out))
    assert [len(trials.scores) for trials in tuning.losses.values()] == [3, 3]


def test_a_dry_run_counts_trials_and_draws_those_that_are_there(run, capsys) -> None:
    assert tune(run, 2, "--dry-run") == 0
    text = capsys.readouterr().out
    assert "2 cells and 4 trials, " in text
    folders = {str(path.relative_to(run)) for path in run.glob("dcgan/digits/trial/*/seed*")}
    assert {line.split()[0] for line in text.splitlines() if "/trial/" in line} == folders


def test_without_optuna_the_command_ends_with_one_sentence(tmp_path, monkeypatch, capsys) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tune(tmp_path / "out", 2) == 2
    error = capsys.readouterr().err
    assert error == "benchmarks.run: --tune needs the package optuna: pip install -e '.[tune]'.\n"
    assert not (tmp_path / "out").exists()
