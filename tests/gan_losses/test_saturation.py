import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from gan_losses import saturation

magnitudes = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=20)


@given(magnitudes, st.sampled_from([1.0, 1e-200, 1e20, -1.0]))
def test_active_fraction_is_the_formula_and_scale_free(values: list[float], scale: float) -> None:
    expected = sum(values) ** 2 / (len(values) * sum(v * v for v in values))
    fraction = saturation.active_fraction(torch.tensor(values, dtype=torch.float64) * scale)
    assert fraction.item() == pytest.approx(expected, rel=1e-12)
    assert 1 / len(values) - 1e-12 <= fraction.item() <= 1 + 1e-12


def test_active_fraction_of_no_gradient_at_all_is_zero() -> None:
    assert saturation.active_fraction(torch.zeros(2, 5)).tolist() == [0.0, 0.0]


@given(magnitudes)
def test_mean_log10_is_the_mean_of_the_logarithms(values: list[float]) -> None:
    expected = math.fsum(map(math.log10, values)) / len(values)
    assert saturation.mean_log10(torch.tensor(values, dtype=torch.float64)).item() == pytest.approx(expected, abs=1e-12)


def test_zeros_count_as_the_smallest_number_of_their_dtype() -> None:
    assert saturation.mean_log10(torch.zeros(3)).item() == pytest.approx(math.log10(2**-149), abs=1e-6)


def test_quantiles_are_of_the_magnitudes() -> None:
    values = -torch.arange(101, dtype=torch.float64)
    assert_close(saturation.quantiles(values).tolist(), [5.0, 25.0, 50.0, 75.0, 95.0])


def test_zeros_and_underflows_are_told_apart() -> None:
    gradient = torch.tensor([0.0, 1e-45, -1e-39, 1.2e-38, 1.0, 0.0, 0.0, 2.0])
    assert saturation.zero_share(gradient).item() == 3 / 8
    assert saturation.underflow_share(gradient).item() == 2 / 8
    assert saturation.underflow_share(gradient.double()).item() == 0


def test_ordered_share_counts_pairs_and_halves_ties() -> None:
    real, fake = torch.tensor([3.0, 1.0, 0.0]), torch.tensor([1.0, 0.0])
    # 3 > 1, 3 > 0, 1 = 1, 1 > 0, 0 < 1, 0 = 0
    assert saturation.ordered_share(real, fake).item() == (1 + 1 + 0.5 + 1 + 0 + 0.5) / 6


def test_overfitting_is_zero_on_trust_and_one_on_suspicion() -> None:
    train, fake = torch.tensor(2.0), torch.tensor(-2.0)
    assert saturation.overfitting(train, train, fake).item() == 0
    assert saturation.overfitting(train, fake, fake).item() == 1


def test_cosine_is_over_all_parameters_together() -> None:
    first = [torch.tensor([1.0, 0.0]), torch.tensor([[0.0]])]
    second = [torch.tensor([1.0, 0.0]), torch.tensor([[1.0]])]
    assert saturation.cosine(first, second).item() == pytest.approx(1 / math.sqrt(2))
    assert saturation.cosine(first, [torch.zeros(2), torch.zeros(1, 1)]).item() == 0


@pytest.mark.parametrize("eps", [1e-8, 1e3])
def test_stalled_share_of_adam_is_read_from_its_corrected_second_moment(eps: float) -> None:
    weight, idle = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([weight, idle], eps=eps, betas=(0.5, 0.999))
    weight.grad, idle.grad = torch.tensor([1.0, 1e-12, 0.0]), torch.ones(1)
    optimizer.step()
    # After one step v̂ is the squared gradient: √v̂ = |gradient|.
    expected = 2 / 3 if eps == 1e-8 else 1.0
    share = saturation.stalled_share(optimizer, [weight])
    assert share is not None
    assert share.item() == pytest.approx(expected)


def test_stalled_share_knows_rmsprop_and_passes_over_sgd() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    for optimizer, expected in (
        (torch.optim.RMSprop([weight], alpha=0.0), 0.5),
        (torch.optim.SGD([weight], 0.1), None),
    ):
        weight.grad = torch.tensor([1.0, 0.0])
        optimizer.step()
        share = saturation.stalled_share(optimizer, [weight])
        assert (share if share is None else share.item()) == expected


def test_a_histogram_counts_decades_in_quarters() -> None:
    values = torch.tensor([0.0, 1e-30, 1e-3, 1.1e-3, -1.0, 0.9999999, 10.0, 1e9, float("nan")])
    counts = saturation.histogram(values)
    edges = [saturation.LOWEST + saturation.WIDTH * place for place in range(saturation.BINS + 1)]
    logs = [math.log10(abs(value)) if value else -math.inf for value in values.tolist()[:-1]]
    expected = [
        sum(low <= log < high for log in logs)
        for low, high in zip([-math.inf, *edges], [*edges, math.inf], strict=True)
    ]
    assert counts.tolist() == expected
    assert max(expected) == 2  # both of 1 and a rounded 1 in one bin
