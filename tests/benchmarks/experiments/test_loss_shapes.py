"""The experiment `loss-shapes` against formulas by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.experiments.base import Result
from benchmarks.experiments.loss_shapes import EXPERIMENT
from gan_losses.losses import LOSSES
from tests.benchmarks.experiments.in_process import InProcess


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder: Path = tmp_path_factory.mktemp("shapes")
    return EXPERIMENT.measure(EXPERIMENT.scales["short"], InProcess(folder))


def test_every_loss_is_there_and_the_bands_are_met(result: Result) -> None:
    assert [row["loss"] for row in result.rows] == list(LOSSES)
    assert all(check.met for check in result.checks)


def test_pairs_are_taken_at_a_real_logit_of_zero(result: Result) -> None:
    logits = np.array(result.shown["logit"])
    rpgan, ragan = (result.shown["losses"][name] for name in ("rpgan", "ragan"))
    np.testing.assert_allclose(rpgan["value"], np.log1p(np.exp(-logits)), rtol=1e-12)
    np.testing.assert_allclose(ragan["slope"], 2 / (1 + np.exp(logits)), rtol=1e-10)  # of one pair: twice rpgan's
    assert {row["loss"] for row in result.rows if row["of pairs"] == "yes"} == {"rpgan", "ragan", "ralsgan", "r3gan"}


def test_the_table_has_the_slopes_at_the_ends(result: Result) -> None:
    row = next(row for row in result.rows if row["loss"] == "minimax")
    assert row["|slope| at -8"] == pytest.approx(1 / (1 + math.exp(8)), rel=1e-12)
    assert row["|slope| at 0"] == pytest.approx(0.5, rel=1e-12)
