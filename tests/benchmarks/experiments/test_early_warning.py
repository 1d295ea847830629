import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks import records
from benchmarks.experiments.early_warning import area, foretold, gather, interval, outcomes


def test_the_area_is_that_of_an_independent_library():
    random = np.random.default_rng(0)
    values, bad = random.integers(0, 5, 60).astype(float), random.random(60) < 0.3
    np.testing.assert_allclose(area(values, bad), roc_auc_score(bad, values))


def test_the_interval_is_wider_where_seeds_are_not_independent():
    random = np.random.default_rng(0)
    bad = np.repeat(random.random(40) < 0.4, 5)
    values = np.repeat(random.normal(size=40), 5) + bad
    alone, together = (
        interval(lambda rows: area(values[rows], bad[rows]), groups, 300)
        for groups in (np.arange(200), np.repeat(np.arange(40), 5))
    )
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_bad_are_failures_and_the_worst_quarter_of_each_data_set():
    cells = [{"data": "a", "log_quality": value} for value in (1.0, 2.0, 3.0, 4.0)]
    cells += [{"data": "b", "log_quality": value} for value in (10.0, None, 12.0, 13.0)]
    assert outcomes(cells).tolist() == [False, False, False, True, False, True, False, False]


def test_a_loss_is_foretold_from_the_others_only():
    random = np.random.default_rng(0)
    losses = np.repeat(["x", "y", "z"], 40)
    bad = random.random(120) < 0.5
    values = bad + 0.3 * random.normal(size=120)
    values[losses == "z"] *= -1  # in z the sign is the other way round: what x and y teach misleads there
    scores = foretold({"value": values}, bad, losses)
    assert area(scores[losses == "z"], bad[losses == "z"]) < 0.05
    assert scores.shape == (120,)


@pytest.fixture
def run(tmp_path):
    def cell(seed, status="done", step=100, rows=((5, 0.5), (10, 0.7), (50, 9.0)), value=12.0):
        folder = tmp_path / "dcgan/digits/trial/bce" / f"seed{seed}-00000000"
        folder.mkdir(parents=True)
        content = {
            "status": status,
            "step": step,
            "cell": {"task": "dcgan", "data": "digits", "recipe": "trial", "loss": "bce", "seed": seed},
            "settings": {
                "steps": 100,
                "learning_rate": 1e-4,
                "betas": [0.5, 0.999],
                "discriminator_norm": "group",
                "n_critic": 1,
            },
        }
        if status == "done":
            content["quality"] = {"best": {"metrics": {"fid[digits]": value}}}
        records.write_json(folder / "record.json", content)
        lines = [{"step": at, "saturation": {"image": {"signal": signal}}} for at, signal in rows]
        (folder / "curves.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    cell(0)
    cell(1, "diverged", step=60)
    cell(2, "diverged", step=8, rows=((5, 0.1),))
    cell(3, "failed", step=0, rows=())
    return tmp_path


def test_only_the_first_tenth_is_looked_at_and_what_ended_in_it_is_left_out(run):
    cells, ended = gather([run])
    assert ended == 2
    assert [round(cell["early"]["signal"], 12) for cell in cells] == [0.6, 0.6]
    assert [cell["log_quality"] for cell in cells] == [pytest.approx(np.log(12.0)), None]
    assert cells[0]["group"] == cells[1]["group"]
    assert cells[0]["early"]["overfitting"] is None
