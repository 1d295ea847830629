import math

import pytest
import torch

from gan_losses.data import load_data, to_float
from gan_losses.data.stacked import stack
from gan_losses.errors import UsageError
from gan_losses.metrics import QualityMeter, get_features
from gan_losses.metrics.digits import load_digits_extractor
from gan_losses.metrics.modes import kl_to_uniform
from gan_losses.metrics.stacked import StackedExtractor


@pytest.fixture(scope="module")
def extractor():
    return StackedExtractor()


@pytest.fixture(scope="module")
def meter():
    return QualityMeter(get_features("stacked-digits", 3), load_data("stacked-digits:100", 16), metrics=("stacked",))


def test_features_are_the_digits_of_each_channel(extractor, digits):
    pictures = to_float(stack(digits.test, 20, "here")[0])
    plain = load_digits_extractor()
    expected = torch.cat([plain(pictures[:, [channel]]) for channel in range(3)], 1)
    torch.testing.assert_close(extractor(pictures), expected, rtol=1e-4, atol=1e-4)
    assert (extractor.num_features, extractor.num_classes) == (192, 0)


def test_real_stacks_are_read_right(extractor, digits):
    pictures, modes = stack(digits.test, 400, "here")
    read = extractor.modes(extractor(to_float(pictures)))
    assert (read == modes).double().mean() >= 0.98**3
    figures = torch.stack([(read // ten % 10) == (modes // ten % 10) for ten in (100, 10, 1)])
    assert figures.double().mean() >= 0.98


def test_the_metric_counts_what_the_stacks_show(meter, digits):
    pictures, modes = stack(digits.train, 300, "here")  # the classifier learnt these digits
    scores = meter.score("test", to_float(pictures))
    assert list(scores) == ["stacked_modes", "stacked_kl"]
    assert scores["stacked_modes"] == pytest.approx(len(modes.unique()), abs=3)
    assert scores["stacked_kl"] == pytest.approx(kl_to_uniform(modes, 1000), abs=0.02)


def test_one_picture_again_and_again_is_one_mode(meter, digits):
    pictures = to_float(stack(digits.train, 1, "here")[0]).expand(50, -1, -1, -1)
    scores = meter.score("test", pictures)
    assert scores["stacked_modes"] == 1
    assert scores["stacked_kl"] == pytest.approx(math.log(1000), abs=1e-9)


def test_the_passport_tells_what_perfect_fakes_have(meter):
    told = meter.passport("test", {"image": 26_000})["stacked"]
    assert told == "26000 perfect fakes have 1000.0 modes and KL 0.0193"


def test_other_features_are_refused_in_one_sentence(digits):
    with pytest.raises(UsageError) as caught:
        QualityMeter(get_features("digits", 1), digits, metrics=("stacked",))
    assert str(caught.value) == "metric 'stacked' reads stacked digits, and features 'digits' do not: leave it out."


def test_grey_images_are_refused():
    with pytest.raises(UsageError, match="features 'stacked-digits' take three channels, and 1 came"):
        get_features("stacked-digits", 1)
