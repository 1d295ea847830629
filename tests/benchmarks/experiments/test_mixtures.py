import numpy as np
import pytest
import torch

from benchmarks.experiments.mixture_training import judged, perfect, train_on
from benchmarks.experiments.mixtures import EVERY, EXPERIMENT, FINDING, PERFECT, SHARP, Settings, Study, measure
from benchmarks.experiments.workplace import Workplace
from gan_losses.data.mixtures import ring
from gan_losses.losses import LOSSES, get_loss

NETWORKS = {"width": 16, "discriminator_width": 16}
STEPS = {"ring": 3, "grid": 2}
QUICK = {"networks": NETWORKS, "recipe": {"learning_rate": 2e-3}, "batch": 16, "steps": 3}
QUICK |= {"schedule": "linear", "samples": 200}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    studies = {
        "one": Study(
            ("bce", "wgan", "lsgan"),
            {"ring": 0.05, "grid": 0.1},
            NETWORKS,
            {},
            16,
            STEPS,
            finding=("bce", "lsgan"),
            sharp=("bce",),
        ),
        "two": Study(("bce",), {"grid": 0.1}, NETWORKS, {}, 16, STEPS, published={"grid": (17.3, 14.0, 21.0)}),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workplace, "map", lambda self, function, pieces: [function(**piece) for piece in pieces])
        return measure(Settings(studies, seeds=2, samples=200), Workplace(tmp_path_factory.mktemp("mixtures")))


def test_the_full_scale_has_every_loss_with_the_penalty_of_toys() -> None:
    losses = [get_loss(text) for text in EVERY]
    assert [loss.name for loss in losses] == list(LOSSES)
    weights = [loss.penalties[0].weight for loss in losses if loss.name in ("wgangp", "wganlp", "dragan")]
    assert weights == [0.1, 0.1, 0.1]
    assert set(SHARP) <= set(FINDING) <= set(EVERY)


@pytest.mark.parametrize("loss", ["bce", "wgangp:0.1"])
def test_a_piece_gives_the_same_twice_and_another_for_another_seed(loss: str) -> None:
    first, second, other = (train_on("ring", 0.05, loss, seed, **QUICK) for seed in (0, 0, 1))
    assert first == second != other
    assert len(first["points"]) == 200


def test_losses_see_the_same_data_and_start_from_the_same_weights() -> None:
    frozen = QUICK | {"steps": 1, "recipe": {"learning_rate": 1e-9}}
    one, other = (np.array(train_on("ring", 0.05, loss, 0, **frozen)["points"]) for loss in ("bce", "lsgan"))
    np.testing.assert_allclose(one, other, atol=2e-4)


def test_what_diverged_found_nothing() -> None:
    scores = judged(torch.tensor([[0.0, float("inf")]]), ring())
    assert scores == {"modes": 0, "high quality": 0.0, "reverse KL": None}


def test_the_mixture_itself_is_beside_every_study(found) -> None:
    rows = [row for row in found.rows if row["loss"] == PERFECT]
    assert [(row["study"], row["mixture"], row["seed"]) for row in rows] == [
        (study, mixture, seed)
        for study, mixture in (("one", "ring"), ("one", "grid"), ("two", "grid"))
        for seed in (0, 1)
    ]
    assert rows[0] | perfect("ring", 0.05, 0, 200)["scores"] == rows[0]
    checks = [check for check in found.checks if "perfect" in check.what]
    assert len(checks) == 3
    assert all(check.required and check.met for check in checks)


def test_medians_of_the_ring_are_required_where_a_study_says_so(found) -> None:
    required = [check.what for check in found.checks if check.required and "perfect" not in check.what]
    assert required == [
        "one, ring: bce, modes",
        "one, ring: bce, high quality",
        "one, ring: lsgan, modes",
        "two, grid: mean modes of bce",
    ]
    shares = [
        row["high quality"]
        for row in found.rows
        if (row["study"], row["mixture"], row["loss"]) == ("one", "ring", "lsgan")
    ]
    check = next(check for check in found.checks if check.what == "one, ring: lsgan, high quality")
    np.testing.assert_allclose(check.ours, np.median(shares))


def test_seeds_are_compared_where_there_are_losses_to_rank(found) -> None:
    assert [check.what for check in found.checks if "Kendall" in check.what] == [
        f"one, {mixture}: agreement of 2 seeds on the ranking by high quality, Kendall's W"
        for mixture in ("ring", "grid")
    ]


def test_the_figure_gets_the_first_seeds_samples(found) -> None:
    assert list(found.shown["panels"]) == ["one, ring", "one, grid", "two, grid"]
    assert list(found.shown["panels"]["one, ring"]) == ["bce", "wgan", "lsgan", PERFECT]
    assert len(found.shown["centres"]["one, grid"]) == 25


def test_published_settings_are_what_their_papers_say() -> None:
    study = EXPERIMENT.scales["long"].studies["PacGAN's networks"]
    assert (study.batch, study.steps["ring"], study.recipe) == (
        100,
        400_000,
        {"learning_rate": 1e-4, "betas": (0.8, 0.999)},
    )
    assert study.deviations == {"ring": 0.01, "grid": 0.05}
