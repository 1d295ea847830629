import json
import math

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from gan_losses.data import load_data
from gan_losses.data.base import to_float, to_uint8
from gan_losses.data.truth import MODES, factors_of, modes, scenes
from gan_losses.data.truth_drawing import draw
from gan_losses.errors import UsageError
from gan_losses.metrics import QualityMeter, get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.modes import kl_by_chance, kl_to_uniform, seen_by_chance
from gan_losses.metrics.train_truth import accuracy, reading
from gan_losses.metrics.truth import FACTS, WEIGHTS, load_truth_extractor
from gan_losses.metrics.truth_reading import in_range, read
from gan_losses.random import keyed_generator

NAMES = ["truth_precision", "truth_residual", "truth_modes", "truth_coverage", "truth_kl"]


@pytest.fixture(scope="module")
def extractor():
    return load_truth_extractor()


@pytest.fixture(scope="module")
def known():
    return scenes(200, "test/reading")


@pytest.fixture(scope="module")
def found(extractor, known):
    return read(extractor, draw(known, 16))


@pytest.fixture(scope="module")
def meter():
    return QualityMeter(get_features("truth", 3), load_data("truth:100", 16), metrics=("factors",))


def noise(images, level):
    return images + level / 127.5 * torch.randn(images.shape, generator=keyed_generator(0, "test/noise"))


@pytest.mark.parametrize("size", [16, 20, 32, 64])
def test_features_are_taken_of_any_size(extractor, size):
    images = torch.rand(3, 3, size, size, generator=keyed_generator(0, "test/images")) * 2 - 1
    features = extractor(images)
    assert (features.shape, features.dtype, features.requires_grad) == ((3, 64), torch.float32, False)
    one_by_one = torch.cat([extractor(image) for image in images.split(1)])
    torch.testing.assert_close(features, one_by_one, rtol=1e-4, atol=1e-4)
    assert extractor.classify(features).shape == (3, extractor.num_classes)


def test_the_facts_beside_the_weights_are_true(extractor):
    facts = json.loads(FACTS.read_text())
    assert facts["weights_digest"] == extractor.weights_digest == weights_digest(extractor.state_dict())
    assert facts["parameters"] == sum(weight.numel() for weight in extractor.parameters())
    assert facts["test_accuracy"]["16"] == pytest.approx(accuracy(extractor, 16), abs=0.001)
    assert WEIGHTS.stat().st_size < 300_000
    for size, promise in facts["test_reading"].items():
        assert min(promise["possible"], promise["mode right"]) >= 0.99, size


@pytest.mark.slow
@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_reading_is_what_is_told(extractor, size):
    told = json.loads(FACTS.read_text())["test_reading"][str(size)]
    assert reading(extractor, size) == pytest.approx(told, rel=0.2, abs=0.002)


def test_unseen_pictures_are_read_right(known, found):
    right = found.modes == modes(factors_of(known))
    assert right.double().mean() >= 0.99
    assert found.possible.double().mean() >= 0.99
    assert found.residual.quantile(0.95) < 0.3  # grey levels: only the rounding to 8 bits is left
    off = 16 * (found.scenes.middle - known.middle)[right].norm(dim=1)
    assert off.median() < 0.002  # pixels
    torch.testing.assert_close(found.scenes.colour[right].double(), known.colour[right], rtol=0, atol=0.02)
    assert (found.scenes.size - known.size)[right].abs().median() < 0.001


def test_noise_is_what_is_left(extractor, known):
    clear = to_float(draw(known[:60], 16))
    for level in (3.0, 30.0):
        found = read(extractor, to_uint8(noise(clear, level)))
        # Ten numbers are fitted to 768, and bright and dark pixels are clipped.
        assert found.residual.median() == pytest.approx(level, rel=0.1)
        assert found.possible.double().mean() == pytest.approx(float(level < 8), abs=0.02)


def test_shades_that_are_never_drawn_are_not_possible(extractor, known):
    pictures = draw(known[:60], 16)
    assert not read(extractor, 255 - pictures).possible.any()
    grey = pictures.float().mean(1, keepdim=True).expand(-1, 3, -1, -1).round().to(torch.uint8)
    assert read(extractor, grey).possible.double().mean() < 0.05


def test_scenes_out_of_range_are_told(known):
    assert in_range(known).all()
    for name, value in (("size", 1.3), ("middle", 0.9), ("colour", 0.5), ("ground", 0.7)):
        part = torch.full_like(getattr(known, name), value)
        assert not in_range(type(known)(**{**vars(known), name: part})).any()


def test_pure_noise_and_one_colour_are_nothing(meter):
    pixels = torch.rand(50, 3, 16, 16, generator=keyed_generator(0, "test/pixels")) * 2 - 1
    for fakes in (pixels, torch.zeros(50, 3, 16, 16)):
        scores = meter.score("test", fakes)
        assert (scores["truth_precision"], scores["truth_modes"], scores["truth_coverage"]) == (0, 0, 0)
        assert math.isnan(scores["truth_kl"])


def test_the_exact_metrics_of_real_pictures_are_those_of_their_modes(meter, known):
    scores = meter.score("test", to_float(draw(known, 16)))
    assert list(scores) == NAMES
    truth = modes(factors_of(known))
    assert scores["truth_precision"] >= 0.99
    assert scores["truth_modes"] == pytest.approx(len(truth.unique()), abs=2)
    assert scores["truth_coverage"] == pytest.approx(scores["truth_modes"] / seen_by_chance(200, MODES), abs=1e-9)
    expected = kl_to_uniform(truth, MODES) - kl_by_chance(200, MODES)
    assert scores["truth_kl"] == pytest.approx(expected, abs=0.02)


def test_one_mode_has_the_greatest_divergence(meter):
    whole = scenes(3000, "test/reading")
    some = whole[(modes(factors_of(whole)) == 700).nonzero().flatten().repeat(30)]
    scores = meter.score("test", to_float(draw(some, 16)))
    assert scores["truth_modes"] == 1
    assert scores["truth_kl"] == pytest.approx(math.log(MODES) - kl_by_chance(len(some), MODES), abs=1e-9)


def test_a_blur_is_felt_by_the_features(extractor, known):
    clear = to_float(draw(known, 32))
    blurred = F.avg_pool2d(F.pad(clear, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    assert (extractor(blurred) - extractor(clear)).square().mean() > 0.02


def test_the_passport_names_the_tolerance(meter):
    told = meter.passport("test", {"image": 10})["factors"]
    assert told == "possible within 8 of 255 levels, root mean square; coverage and KL of 1152 modes"


def test_other_data_are_refused_in_one_sentence(digits):
    with pytest.raises(UsageError) as caught:
        QualityMeter(get_features("digits", 1), digits, metrics=("factors",))
    assert (
        str(caught.value) == "metric 'factors' reads the pictures of data truth, and data 'digits' came: leave it out."
    )


def test_grey_images_are_refused():
    with pytest.raises(UsageError, match="features 'truth' take colour images, and 1 channels came"):
        get_features("truth", 1)


def test_changed_weights_are_noticed_by_their_digest(tmp_path):
    weights = load_file(WEIGHTS)
    weights["heads.bias"][0] += 1
    save_file(weights, tmp_path / "truth.safetensors")
    with pytest.raises(
        UsageError, match=r"^truth.safetensors has digest .* or run python -m gan_losses.metrics.train_truth"
    ):
        load_truth_extractor(tmp_path / "truth.safetensors")
