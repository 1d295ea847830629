import pytest
import torch

from gan_losses.data.base import to_float
from gan_losses.metrics.spread import GREY_LEVEL, IMAGES, spread, spread_ratio


def noise(count: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)).mul(2).sub(1)


def test_the_spread_is_the_root_of_the_mean_variance_of_the_pixels() -> None:
    images = noise(20)
    means = images.double().mean(0)
    variances = (images.double() - means).square().sum(0) / 19
    torch.testing.assert_close(spread(images), variances.mean().sqrt(), rtol=1e-12, atol=0)


def test_images_that_are_alike_have_no_spread_however_they_look() -> None:
    assert spread(noise(1).expand(10, -1, -1, -1)).item() < 1e-15


def test_a_brightness_that_all_share_does_not_count_and_contrast_does() -> None:
    images = noise(20)
    torch.testing.assert_close(spread(images + 0.5), spread(images), rtol=1e-6, atol=0)
    torch.testing.assert_close(spread(images / 4), spread(images) / 4, rtol=1e-6, atol=0)


def test_the_mean_over_sets_does_not_depend_on_how_many_images_they_have() -> None:
    images = noise(6000)
    few, many = (torch.stack([spread(part) for part in images.split(size)]).square().mean() for size in (3, 60))
    torch.testing.assert_close(few, many, rtol=0.01, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_spread_is_float64_whatever_the_images_are(dtype: torch.dtype) -> None:
    assert spread(noise(4).to(dtype)).dtype == torch.float64


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_images_have_no_spread(count: int) -> None:
    assert spread(noise(count)).isnan()
    assert spread_ratio(noise(count), noise(5)).isnan()
    assert spread_ratio(noise(5), noise(count)).isnan()


def test_a_pixel_that_is_not_finite_is_not_passed_over() -> None:
    images = noise(4)
    images[0, 0, 0, 0] = torch.nan
    assert spread(images).isnan()


def test_images_of_one_kind_have_a_ratio_near_one_even_if_they_are_few() -> None:
    assert spread_ratio(noise(64), noise(64, 1)).item() == pytest.approx(1, abs=0.02)
    assert spread_ratio(noise(64), noise(3, 1)).item() == pytest.approx(1, abs=0.2)


def test_only_the_first_images_of_each_kind_count() -> None:
    fakes, real = noise(IMAGES), noise(IMAGES, 1)
    longer = torch.cat([fakes, torch.ones(9, 3, 8, 8)]), torch.cat([real, torch.zeros(9, 3, 8, 8)])
    assert spread_ratio(*longer).item() == spread_ratio(fakes, real).item()


def test_translations_are_held_against_the_less_varied_of_their_inputs_and_the_real_images() -> None:
    inputs, real = noise(30, 1, scale=0.1), noise(30, 2)
    faithful = inputs + 0.5
    assert spread_ratio(faithful, real).item() < 0.11
    assert spread_ratio(faithful, real, inputs).item() == pytest.approx(1, rel=1e-5)
    assert spread_ratio(faithful, inputs, real).item() == spread_ratio(faithful, real, inputs).item()


def test_against_constant_images_nothing_can_be_said() -> None:
    constant = torch.full((20, 3, 8, 8), 0.3)
    assert spread_ratio(noise(20), constant).isnan()
    assert spread_ratio(constant, constant).isnan()
    assert spread_ratio(noise(20), noise(20), constant).isnan()


def test_less_than_a_grey_level_is_constant_and_more_is_not() -> None:
    scale = GREY_LEVEL / spread(noise(40)).item()
    assert spread_ratio(noise(20), noise(40, scale=0.99 * scale)).isnan()
    assert spread_ratio(noise(20), noise(40, scale=1.01 * scale)).isfinite()


def test_digits_vary_and_one_digit_repeated_does_not(digits) -> None:
    test, train = (to_float(part.images["image"]) for part in (digits.test, digits.train))
    assert spread_ratio(test, train).item() == pytest.approx(1, abs=0.15)
    assert spread_ratio(test[:1].repeat(64, 1, 1, 1), train).item() < 1e-12
