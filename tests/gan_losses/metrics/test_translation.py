import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.testing import assert_close

from gan_losses.data import Split, to_float, to_uint8
from gan_losses.metrics import Extractor, translation
from gan_losses.metrics.translation import METRICS, TranslationMeter, psnr, ssim, trip
from gan_losses.random import keyed_generator

SOURCES = {"a": "b", "b": "a"}
ROUND_TRIP = ["cycle_psnr", "cycle_ssim", "lost_rounded", "lost_noise2", "lost_noise8"]


def pictures(count, key, channels=3, size=12, low=0, high=256):
    generator = keyed_generator(0, "test/translation", key)
    return torch.randint(low, high, (count, channels, size, size), dtype=torch.uint8, generator=generator)


def domains(**extra):
    return Split({"a": pictures(5, 0), "b": pictures(7, 1)}, **extra)


def known(masked=True):
    """The truth is the negative inside a square, and the same outside of it."""
    images = {"a": pictures(5, 0), "b": pictures(7, 1)}
    masks = {domain: torch.zeros(len(images[domain]), 1, 12, 12, dtype=torch.bool) for domain in "ab"}
    for domain in "ab":
        masks[domain][:, :, 2:6, 3:9] = True
    truth = {"b": images["a"], "a": images["b"]}
    masks = {"b": masks["a"], "a": masks["b"]}
    truth = {target: torch.where(masks[target], 255 - truth[target], truth[target]) for target in "ab"}
    return Split(images, truth=truth, masks=masks if masked else {})


def negate_square(target, images):
    images = images.clone()
    images[:, :, 2:6, 3:9] *= -1
    return images


def same(target, images):
    return images


def dim(target, images):
    """Lossy, another way to each domain, and within [-1, 1]."""
    return (images * 0.7 + 0.1 if target == "a" else images * 0.9 - 0.05) + 0.02 * images.roll(1, dims=-1)


def score(translate, split=None, extractor=None, **options):
    return TranslationMeter(split or domains(), SOURCES, extractor, **options).score(translate)


def plain_psnr(first, second):
    first, second = (np.asarray(images, dtype=np.float64) / 2 + 0.5 for images in (first, second))
    return np.array([-10 * np.log10(np.mean((x - y) ** 2)) for x, y in zip(first, second, strict=True)])


def plain_ssim(first, second):
    def blur(image):
        return gaussian_filter(image, 1.5, radius=5, mode="mirror")

    def one(x, y):
        mx, my = blur(x), blur(y)
        vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        return np.mean((2 * mx * my + 1e-4) * (2 * cov + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4)))

    first, second = (np.asarray(images, dtype=np.float64) / 2 + 0.5 for images in (first, second))
    return np.array([[one(x, y) for x, y in zip(*pair, strict=True)] for pair in zip(first, second, strict=True)]).mean(
        1
    )


def saved(images):
    """Rounded as a file is, in numpy: float64 grey levels."""
    return np.clip(np.rint((np.asarray(images, dtype=np.float32) + np.float32(1)) * np.float32(127.5)), 0, 255).astype(
        np.float64
    )


class Brightness(Extractor):
    """Reads whether the upper and the lower half are bright."""

    name, num_features, resizer, weights_digest = "brightness", 2, "none", "0" * 16

    def forward(self, images):
        assert images.shape[0] <= 256
        assert torch.equal(to_float(to_uint8(images)), images)  # as if saved
        upper, lower = images.chunk(2, dim=2)
        return torch.stack([upper.flatten(1).mean(1), lower.flatten(1).mean(1)], dim=1)

    def factors(self, features):
        return {"upper": (features[:, 0] > 0).long(), "lower": (features[:, 1] > 0).long()}


class Blind(Brightness):
    def factors(self, features):
        return {}


@pytest.fixture
def halves():
    """Five images with a bright upper and a dark lower half, and seven bright ones."""
    a = torch.cat([pictures(5, 2, size=12, low=160)[:, :, :6], pictures(5, 3, high=90)[:, :, :6]], dim=2)
    return Split({"a": a, "b": pictures(7, 4, low=160)})


# The parts.


def test_psnr_is_that_of_the_formula_per_image():
    first, second = to_float(pictures(4, 5)), to_float(pictures(4, 6))
    second[1] = first[1] * 0.99
    assert_close(psnr(first, second), torch.from_numpy(plain_psnr(first, second)), rtol=1e-6, atol=0)


def test_psnr_is_capped_for_equal_and_nearly_equal_images():
    images = to_float(pictures(2, 5))
    assert psnr(images, images).tolist() == psnr(images, images + 1e-6).tolist() == [100.0, 100.0]


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_the_formula_per_image(channels):
    first = to_float(pictures(4, 5, channels))
    second = torch.stack([first[0] * 0.8, -first[1], first[2].roll(1, -1), first[3] * 0.01])
    values = ssim(first, second)
    assert_close(values, torch.from_numpy(plain_ssim(first, second)), rtol=0, atol=1e-5)
    assert values[0] > 0.9 > 0 > values[1]


# Round trips.


def test_round_trips_are_scored_unrounded_against_their_inputs():
    split, scores = domains(), score(dim)
    for domain, other in ("a", "b"), ("b", "a"):
        images = to_float(split.images[domain])
        back = dim(domain, dim(other, images))
        assert_close(scores[f"cycle_psnr@{domain}"], plain_psnr(back, images).mean(), rtol=1e-6, atol=0)
        assert_close(scores[f"cycle_ssim@{domain}"], plain_ssim(back, images).mean(), rtol=0, atol=1e-5)
    assert scores["cycle_psnr@a"] != scores["cycle_psnr@b"]


def test_what_is_lost_is_the_psnr_with_less_the_psnr_without_disturbance():
    split, scores = domains(), score(dim, seed=3)
    for domain, other in ("a", "b"), ("b", "a"):
        images = to_float(split.images[domain])
        middle = dim(other, images)
        noise = torch.randn(middle.shape, generator=keyed_generator(3, "hiding/noise", 0)).numpy()
        disturbed = {
            "lost_rounded": saved(middle) / 127.5 - 1,
            "lost_noise2": np.clip(middle.numpy() + noise * 2 * 2 / 255, -1, 1),
            "lost_noise8": np.clip(middle.numpy() + noise * 2 * 8 / 255, -1, 1),
        }
        best = plain_psnr(dim(domain, middle), images).mean()
        for name, images_between in disturbed.items():
            worse = plain_psnr(dim(domain, torch.from_numpy(images_between)), images).mean()
            assert_close(scores[f"{name}@{domain}"], best - worse, rtol=0, atol=1e-4)


def test_the_identity_makes_a_perfect_round_trip_that_rounding_does_not_harm():
    split = known()
    scores = score(same, split)
    for domain in "ab":
        assert scores[f"cycle_psnr@{domain}"] == 100
        assert_close(scores[f"cycle_ssim@{domain}"], 1.0, rtol=0, atol=1e-6)
        assert scores[f"lost_rounded@{domain}"] == 0
        assert scores[f"identity_l1@{domain}"] == 0
        assert scores[f"true_share@{domain}"] == 1
        assert scores[f"outside_l1@{domain}"] == 0


def test_noise_harms_the_identity_by_just_its_standard_deviation():
    grey = Split({"a": pictures(3, 7, low=100, high=150), "b": pictures(3, 8, low=100, high=150)})  # never clamped
    scores = score(same, grey)
    for level in (2, 8):
        expected = 100 - 20 * math.log10(255 / level)
        assert_close(scores[f"lost_noise{level}@a"], expected, rtol=0, atol=0.4)  # 1,296 draws: 0.17 dB


def test_noise_is_clamped_to_the_range():
    white = Split({domain: torch.full((2, 1, 12, 12), 255, dtype=torch.uint8) for domain in "ab"})
    seen = []
    score(lambda target, images: seen.append(images) or images, white)
    assert all(images.abs().max() <= 1 for images in seen)
    assert any(images.min() < 0.95 for images in seen)


def hiding(split, strength=0.001):
    """Shows an image of the other domain, and hides the input under a grey level of it."""
    covers = {domain: to_float(images[:1]) * 0.9 for domain, images in split.images.items()}

    def translate(target, images):
        source = SOURCES[target]
        hidden = (images - covers[source]) / strength
        return torch.where(hidden.abs().amax((1, 2, 3), True) < 1.1, hidden, covers[target] + strength * images)

    return translate


def test_information_hidden_below_a_grey_level_is_found():
    scores = score(hiding(domains()))
    for domain in "ab":
        assert scores[f"cycle_psnr@{domain}"] > 60
        assert scores[f"lost_rounded@{domain}"] > 40
        assert scores[f"lost_noise2@{domain}"] > 40


def test_an_honest_lossy_translation_loses_little_to_rounding():
    assert abs(score(dim)["lost_rounded@a"]) < 0.1


def test_noise_is_the_same_at_every_call_and_for_every_translation():
    def record(seed, translate):
        seen = []

        def recorded(target, images):
            seen.append(images)
            return translate(target, images)

        score(recorded, Split({d: torch.full((3, 1, 12, 12), 128, dtype=torch.uint8) for d in "ab"}), seed=seed)
        return seen

    first, again, other = record(0, same), record(0, same), record(1, same)
    assert all(map(torch.equal, first, again))
    assert not all(map(torch.equal, first, other))
    darker = record(0, lambda target, images: images - 0.25)
    for index in (3, 4):  # the return from both noises
        assert not torch.equal(first[index], first[1])
        assert_close(darker[index] - darker[1], first[index] - first[1], rtol=0, atol=1e-6)


# Identity, truth and background.


def test_identity_is_the_mean_change_of_the_targets_own_images():
    split, scores = domains(), score(dim)
    for domain in "ab":
        real = split.images[domain]
        expected = np.abs(saved(dim(domain, to_float(real))) - real.numpy()).mean() / 255
        assert_close(scores[f"identity_l1@{domain}"], expected, rtol=1e-12, atol=0)


def test_the_target_is_passed_and_changes_under_half_a_grey_level_do_not_count():
    scores = score(lambda target, images: images + (0.4 / 127.5 if target == "a" else 1.2 / 127.5), domains())
    assert scores["identity_l1@a"] == 0
    assert 0.9 / 255 < scores["identity_l1@b"] <= 1 / 255  # white stays white


def test_a_perfect_translation_has_no_error():
    scores = score(negate_square, known())
    for domain in "ab":
        assert scores[f"true_l1@{domain}"] == scores[f"true_share@{domain}"] == scores[f"outside_l1@{domain}"] == 0
        assert_close(scores[f"true_ssim@{domain}"], 1.0, rtol=0, atol=1e-6)
        assert scores[f"identity_l1@{domain}"] > 0.05


def test_errors_to_the_truth_are_those_of_the_formulas():
    split = known()
    scores = score(dim, split)
    for target, source in SOURCES.items():
        images, truth = split.images[source].numpy().astype(float), split.truth[target].numpy().astype(float)
        made = saved(dim(target, to_float(split.images[source])))
        inside = np.broadcast_to(split.masks[target].numpy(), made.shape)
        share = np.abs(made - truth)[inside].sum() / np.abs(images - truth)[inside].sum()
        assert_close(scores[f"true_l1@{target}"], np.abs(made - truth).mean() / 255, rtol=1e-12, atol=0)
        assert_close(scores[f"true_share@{target}"], share, rtol=1e-12, atol=0)
        assert_close(scores[f"outside_l1@{target}"], np.abs(made - images)[~inside].mean() / 255, rtol=1e-12, atol=0)
        likeness = plain_ssim(made / 127.5 - 1, truth / 127.5 - 1).mean()
        assert_close(scores[f"true_ssim@{target}"], likeness, rtol=0, atol=1e-5)


def test_masks_part_the_object_from_its_background():
    def spoil(rows):
        def translate(target, images):
            images = negate_square(target, images)
            images[:, :, rows] = 1
            return images

        return translate

    background, object_ = (score(spoil(rows), known()) for rows in (slice(8, 12), slice(2, 6)))
    assert background["true_share@a"] == 0
    assert background["outside_l1@a"] > 0.1
    assert object_["true_share@a"] > 0.1
    inverse = score(lambda target, images: -images, known())
    assert inverse["true_share@a"] == 0
    assert inverse["outside_l1@a"] > 0.4


def test_a_change_of_the_wrong_sort_may_exceed_one():
    split = Split({d: pictures(3, 9, low=100, high=150) for d in "ab"})
    masks = {"a": torch.ones(3, 1, 12, 12, dtype=torch.bool)}
    split = Split(split.images, truth={"a": split.images["b"] + 10}, masks=masks)
    scores = score(lambda target, images: images - 20 / 127.5, split)
    assert scores["true_share@a"] == 3
    assert math.isnan(scores["outside_l1@a"])  # there is no outside


# Factors.


def test_kept_is_the_share_of_images_all_of_whose_factors_are_read_again(halves):
    def flip(target, images):
        return images.flip(2) if target == "b" else images

    scores = score(flip, halves, Brightness())
    assert scores["kept@b"] == 0  # a, whose halves differ
    assert scores["kept@a"] == 1
    both = Split({"a": torch.cat([halves.images["a"], halves.images["b"]]), "b": halves.images["b"]})
    assert_close(score(flip, both, Brightness())["kept@b"], 7 / 12, rtol=1e-12, atol=0)


def test_one_factor_lost_is_not_kept(halves):
    def darken_below(target, images):
        return torch.cat([images[:, :, :6], -images[:, :, 6:].abs()], dim=2)

    scores = score(darken_below, halves, Brightness())
    assert (scores["kept@a"], scores["kept@b"]) == (0, 1)


# The whole.


def names(at_target):
    return [f"{name}@b" for name in ROUND_TRIP] + [f"{name}@a" for name in at_target]


@pytest.mark.parametrize(
    ("split", "extractor", "at_target"),
    [
        (domains(), None, "identity_l1"),
        (domains(), Blind(), "identity_l1"),
        (domains(), Brightness(), "identity_l1 kept"),
        (known(masked=False), None, "identity_l1 true_l1 true_ssim"),
        (known(), Brightness(), "identity_l1 true_l1 true_ssim true_share outside_l1 kept"),
    ],
)
def test_metrics_come_in_their_order_and_as_far_as_known(split, extractor, at_target):
    meter = TranslationMeter(split, SOURCES, extractor)
    scores = meter.score(dim)
    expected = names(at_target.split())
    assert list(scores)[: len(expected)] == expected
    assert list(scores) == meter.metrics
    assert len(scores) == 2 * len(expected)
    assert all(type(value) is float and math.isfinite(value) for value in scores.values())


def test_truth_of_one_target_is_scored_there_alone():
    split = known()
    split = Split(split.images, truth={"b": split.truth["b"]}, masks={"b": split.masks["b"]})
    assert [name for name in score(dim, split) if name.startswith("true")] == [
        "true_l1@b",
        "true_ssim@b",
        "true_share@b",
    ]


def test_every_metric_is_described_and_its_direction_is_right():
    good, bad = score(negate_square, known(), Brightness()), score(lambda _, images: images * 0, known(), Brightness())
    assert {name.split("@")[0] for name in good} == METRICS.keys()
    sign = {"higher": 1, "lower": -1}
    for name in ("cycle_psnr", "cycle_ssim", "true_l1", "true_ssim", "true_share", "outside_l1"):
        better = sign[METRICS[name].better]
        assert better * good[f"{name}@a"] > better * bad[f"{name}@a"]
    for name in ("lost_rounded", "lost_noise2", "lost_noise8", "identity_l1"):
        assert METRICS[name].better == "lower"
    assert METRICS["kept"].better == "higher"
    assert {name for name, metric in METRICS.items() if metric.unit == "dB"} == set(ROUND_TRIP) - {"cycle_ssim"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("call", [0, 1, 2, 5, 11])
def test_translations_that_are_not_finite_score_nan_throughout(value, call):
    calls = []

    def translate(target, images):
        images = images.clone()
        if len(calls) == call:
            images[-1, 0, 3, 3] = value
        calls.append(target)
        return images

    meter = TranslationMeter(known(), SOURCES, Brightness())
    scores = meter.score(translate)
    assert list(scores) == meter.metrics
    assert all(math.isnan(score) for score in scores.values())
    assert not any(math.isnan(score) for score in meter.score(translate).values())


def test_chunks_do_not_change_what_has_no_noise(monkeypatch):
    whole = score(dim, known(), Brightness())
    monkeypatch.setattr(translation, "CHUNK", 2)
    sizes = []
    parts = score(lambda target, images: sizes.append(len(images)) or dim(target, images), known(), Brightness())
    assert set(sizes) == {1, 2}
    for name, value in whole.items():
        tolerance = 0.5 if "noise" in name else 1e-6
        assert_close(parts[name], value, rtol=0, atol=tolerance)
    assert parts["lost_noise8@a"] != whole["lost_noise8@a"]


def test_translations_want_no_gradient_and_leave_the_images_alone():
    split = known()
    before = {domain: images.clone() for domain, images in split.images.items()}
    weight = torch.ones(1, requires_grad=True)
    results = []
    score(lambda target, images: results.append(images * weight) or results[-1], split)
    assert len(results) == 12
    assert not any(result.requires_grad for result in results)
    assert all(torch.equal(split.images[domain], before[domain]) for domain in "ab")


def test_half_precision_is_taken_and_the_global_generator_is_left_alone():
    state = torch.random.get_rng_state()
    scores = score(lambda target, images: images.bfloat16())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(map(math.isfinite, scores.values()))


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"to 'a' of shape \(7, 1, 12, 12\) came, \(7, 3, 12, 12\) was expected"):
        score(lambda target, images: images[:, :1])


@pytest.mark.parametrize("sources", [{"a": "b"}, {"a": "b", "b": "c", "c": "a"}])
def test_sources_that_do_not_lead_back_are_refused(sources):
    with pytest.raises(ValueError, match="each domain has to be the source of its own source"):
        TranslationMeter(domains(), sources, None)


def test_a_trip_is_the_input_its_translation_and_the_way_back():
    images = {"a": to_float(pictures(2, 0)), "b": pictures(3, 1)}  # floats and uint8
    trips = trip(dim, SOURCES, images)
    assert list(trips) == ["a", "b"]
    for target, source in SOURCES.items():
        start = images["a"] if source == "a" else to_float(images["b"])
        middle = dim(target, start)
        for part, expected in zip(trips[target], (start, middle, dim(source, middle)), strict=True):
            assert_close(part, expected, rtol=0, atol=0)
