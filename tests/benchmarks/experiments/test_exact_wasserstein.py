import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.experiments.critics import figures, train_critic
from benchmarks.experiments.exact_wasserstein import CLIP, EXPERIMENT, GP, LP, PUBLISHED, SPECTRAL, measure
from benchmarks.experiments.funnels import Funnels, Rays, draw_funnels
from benchmarks.experiments.workplace import Workplace
from gan_losses.random import keyed_generator

QUICK = {"batch": 32, "rate": 1e-3, "schedule": "none", "points": 128, "looks": 2}


class TrueCritic(nn.Module):
    """-c u, with what a critic is asked for."""

    def __init__(self, funnels: Funnels, scale: float) -> None:
        super().__init__()
        self.funnels, self.scale = funnels, scale

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        return -self.scale * self.funnels.potential(points)[:, None]


@pytest.mark.parametrize(("scale", "cosine"), [(1.0, 1.0), (0.5, 1.0), (-1.0, -1.0), (0.0, 0.0)])
def test_the_figures_of_a_multiple_of_the_true_critic_are_known(scale: float, cosine: float) -> None:
    funnels = draw_funnels(4, 4, keyed_generator(0, "funnels"), torch.float64)
    seen = funnels.sample(500, keyed_generator(0, "points"))
    distance = torch.linalg.vector_norm(seen.points - seen.moved, dim=1).mean().item()
    found = figures(TrueCritic(funnels, scale), seen)
    expected = {"cosine": cosine, "error": (1 - scale) ** 2, "estimate": scale * distance}
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(list(found.values()), list(expected.values()), atol=1e-4)


def test_cosines_are_averaged_over_points_and_not_over_the_whole_gradient() -> None:
    slopes = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]).double()
    seen = Rays(torch.zeros(4, 2).double(), torch.zeros(4, 2).double(), slopes)
    linear = nn.Linear(2, 1).double()
    nn.init.zeros_(linear.weight)
    linear.weight.data[0, 1] = -3.0
    found = figures(linear, seen)
    np.testing.assert_allclose(found["cosine"], 0.5, rtol=1e-12)
    np.testing.assert_allclose(found["error"], (10 + 10 + 4 + 4) / 4, rtol=1e-12)


@pytest.mark.parametrize("critic", [CLIP, SPECTRAL, GP, LP])
def test_every_critic_learns_and_gives_the_same_twice(critic: str) -> None:
    first, second = (train_critic(2, 4, 0, critic, 40, **QUICK) for _ in range(2))
    assert first == second
    assert [look["iteration"] for look in first["curve"]] == [20, 40]
    assert first["curve"][-1]["estimate"] > first["curve"][0]["estimate"]


def test_all_critics_of_a_pair_are_held_against_the_same_distance() -> None:
    distances = {train_critic(2, 4, seed, critic, 2, **QUICK)["w1"] for critic in (CLIP, GP) for seed in (0, 1)}
    assert len(distances) == 2


def test_rows_checks_and_curves_of_the_short_scale_belong_together(tmp_path, monkeypatch) -> None:
    def at_once(self, function, pieces):
        return [function(**(piece | {"iterations": 8, "batch": 16, "points": 64})) for piece in pieces]

    monkeypatch.setattr(Workplace, "map", at_once)
    result = measure(EXPERIMENT.scales["short"], Workplace(tmp_path))
    assert len(result.rows) == 8
    assert len({tuple(row) for row in result.rows}) == 1
    curves = result.shown["panels"]["D 2, 4 funnels"]
    assert list(curves) == [CLIP, SPECTRAL, GP, LP]
    for row in result.rows:
        curve = curves[row["critic"]][row["seed"]]
        assert curve["cosine"][-1] == row["cosine"]
        np.testing.assert_allclose(curve["ratio"][-1], row["critic's estimate"] / row["true W1"])
    cosines = [row["cosine"] for row in result.rows if row["critic"] == GP]
    check = next(check for check in result.checks if check.what == f"D 2, 4 funnels: cosine of {GP}")
    np.testing.assert_allclose(check.ours, np.median(cosines))
    assert check.published.startswith(str(PUBLISHED[2, 4][GP][0]))
    assert not any(check.required for check in result.checks)


def test_the_estimate_is_never_called_the_distance() -> None:
    found = train_critic(2, 4, 0, GP, 2, **QUICK)
    assert found.keys() == {"w1", "curve"}
    assert found["curve"][0].keys() == {"iteration", "cosine", "error", "estimate"}
