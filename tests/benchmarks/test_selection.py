import torch

from benchmarks.selection import Best


def weights(value: float):
    return lambda: {"image.weight": torch.tensor(value)}


def test_the_lowest_value_is_kept_and_the_first_of_equal_ones() -> None:
    best = Best()
    for step, value in enumerate([3.0, 1.0, 1.0, 2.0], start=1):
        best.consider(value, step, weights(float(step)))
    assert (best.step, best.value) == (2, 1.0)
    assert best.weights == {"image.weight": torch.tensor(2.0)}


def test_values_that_could_not_be_measured_are_passed_over() -> None:
    best = Best()
    best.consider(float("nan"), 1, weights(1.0))
    assert (best.step, best.weights) == (0, None)
    best.consider(-0.5, 2, weights(2.0))  # an unbiased kernel distance may be negative
    best.consider(float("nan"), 3, weights(3.0))
    assert best.step == 2


def test_weights_are_copied_only_when_they_are_kept() -> None:
    best, copies = Best(), []
    for step, value in enumerate([2.0, 3.0, 1.0]):
        best.consider(value, step, lambda step=step: copies.append(step) or {})
    assert copies == [0, 2]
