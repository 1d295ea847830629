import pytest

from benchmarks.options import read_options
from benchmarks.tuning_grid import DEFAULT, points, read_grid
from gan_losses.errors import UsageError


def test_the_grid_is_eight_points_around_dcgans_in_a_fixed_order() -> None:
    found = [(point["learning_rate"], *point["betas"]) for point in points(DEFAULT)]
    assert found == [(rate, beta1, 0.999) for rate in (5e-5, 1e-4, 2e-4, 5e-4) for beta1 in (0.0, 0.5)]


def test_what_is_left_out_is_as_in_the_default() -> None:
    assert read_grid([]) == DEFAULT
    assert read_grid(["learning-rate=2e-4, 1e-3"]) == {"learning_rate": (2e-4, 1e-3), "beta1": (0.0, 0.5)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("learning-rat=1", "did you mean 'learning-rate'"),
        ("learning-rate", "expected numbers above 0 and below 1"),
        ("learning-rate=0", "expected numbers above 0 and below 1"),
        ("learning-rate=1e-4,nan", "expected numbers above 0"),
        ("beta1=-0.1", "expected numbers of at least 0 and below 1"),
        ("beta1=1", "of at least 0 and below 1"),
        ("beta1=0.5,.5", "a value stands more than once"),
    ],
)
def test_a_grid_that_cannot_be_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(["--grid", text])
    assert "\n" not in str(caught.value)


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="--grid beta1 stands more than once"):
        read_grid(["beta1=0", "beta1=0.5"])
