import gan_losses._torchvision  # noqa: F401, I001  before torchmetrics

import math
from importlib.metadata import version

import pytest
import torch
from torch.nn import functional as F

from gan_losses.data import DataSet, Split, to_float
from gan_losses.errors import UsageError
from gan_losses.metrics import Copies, MomentStream, QualityMeter, frechet_distance, get_features
from gan_losses.metrics import copies as copies_module
from gan_losses.metrics import rows as rows_module
from gan_losses.random import keyed_generator

# isort: split
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd


def noise(count, channels=1, size=16, key=0):
    return torch.rand(count, channels, size, size, generator=keyed_generator(0, "test/quality", key)) * 2 - 1


def pictures(count, channels, key):
    return ((noise(count, channels, key=key) + 1) * 127.5).to(torch.uint8)


def two_domains():
    parts = [Split({"a": pictures(20, 3, key), "b": pictures(30, 3, key + 10)}) for key in range(3)]
    return DataSet("pairs", *parts)


class Given(torch.nn.Identity):
    """Stands where torchmetrics expects a network: the features are there already."""

    num_features = 64


def by_torchmetrics(real, fake):
    """Both distances of float32 features as torchmetrics computes them in float64."""
    metric = FrechetInceptionDistance(feature=Given()).set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    return float(metric.compute()), float(poly_mmd(real.double(), fake.double()))


def test_a_score_is_made_of_the_distances_the_copies_and_the_classes(meter, digits):
    fakes = noise(400)
    scores = meter.score("test", fakes)
    saved = ((fakes + 1) * 127.5).round().to(torch.uint8)
    extractor = get_features("digits", channels=1)
    real, fake = (extractor(to_float(images)) for images in (digits.test.images["image"], saved))
    frechet, kernel = by_torchmetrics(real.detach(), fake.detach())
    assert scores["fid[digits]"] == pytest.approx(frechet, rel=1e-9)
    assert scores["kid[digits]"] == pytest.approx(kernel, rel=1e-9)
    assert scores["copy_rate"] == Copies(digits.train.images["image"], digits.test.images["image"]).rate(saved)
    taken_for = extractor.classify(fake).argmax(1).tolist()
    for label in range(10):
        assert scores[f"share[{label}]"] == pytest.approx(taken_for.count(label) / 400, abs=1e-7)
    assert len(scores) == 13


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_each_split_is_at_no_distance_from_itself(meter, split):
    scores = meter.score(split, to_float(meter.images(split)))
    assert scores["fid[digits]"] == pytest.approx(0, abs=1e-6)
    assert scores["copy_rate"] == {"train": 1.0, "validation": 2 / 397, "test": 4 / 400}[split]


def test_the_shares_of_real_digits_are_those_of_their_labels(meter, digits):
    scores = meter.score("test", to_float(digits.test.images["image"]))
    shares = torch.tensor([scores[f"share[{label}]"] for label in range(10)])
    expected = digits.test.labels.bincount() / 400
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.0051)  # two misread images of 400


def test_fakes_are_rounded_as_if_saved(meter):
    fakes = to_float(meter.images("test"))
    nudged = (fakes + 0.4 / 127.5) * torch.where(fakes == 1, 1.5, 1.0)  # under half a grey level, or beyond white
    assert meter.score("test", nudged) == meter.score("test", fakes)


def test_the_order_of_the_fakes_does_not_matter(meter):
    fakes = noise(400)
    order = torch.randperm(400, generator=keyed_generator(0, "test/order"))
    expected, scores = meter.score("test", fakes), meter.score("test", fakes[order])
    assert scores == pytest.approx(expected, rel=1e-5)


def test_scores_are_the_same_again_and_in_a_second_meter(meter, digits):
    fakes = noise(397)
    first = meter.score("validation", fakes)
    meter.score("validation", fakes * 0)
    assert meter.score("validation", fakes) == first
    assert QualityMeter(get_features("digits", 1), digits).score("validation", fakes) == first


def test_fakes_with_a_graph_and_in_half_precision_are_taken(meter):
    fakes = noise(10).to(torch.bfloat16).requires_grad_()
    assert math.isfinite(meter.score("test", fakes)["fid[digits]"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_fakes_that_are_not_finite_score_nan_throughout(meter, value):
    fakes = noise(400)
    fakes[7, 0, 3, 3] = value
    scores = meter.score("test", fakes)
    assert scores.keys() == meter.score("test", noise(400)).keys()
    assert all(math.isnan(score) for score in scores.values())


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_fakes_score_nan(meter, count):
    assert all(math.isnan(score) for score in meter.score("test", noise(count)).values())


def test_fakes_of_another_shape_are_refused(meter):
    with pytest.raises(ValueError, match=r"fakes of shape \(3, 16, 16\) came, images of \(1, 16, 16\) were expected"):
        meter.score("test", noise(4, channels=3))


def test_data_without_classes_has_no_shares_and_domains_are_kept_apart():
    data = two_domains()
    meter = QualityMeter(get_features("random", 3), data)
    assert (meter.count("test", "a"), meter.count("test", "b")) == (20, 30)
    fakes = to_float(data.test.images["b"])
    at_home, abroad = meter.score("test", fakes, "b"), meter.score("test", fakes, "a")
    assert list(at_home) == ["fid[random]", "kid[random]", "copy_rate"]
    assert at_home["fid[random]"] == pytest.approx(0, abs=1e-6)
    assert abroad["fid[random]"] > 0.01  # 20 other images of noise: far above the rounding of the line before


@pytest.mark.parametrize("domain", [None, "c"])
def test_an_unnamed_or_unknown_domain_is_refused(domain):
    meter = QualityMeter(get_features("random", 3), two_domains())
    with pytest.raises(UsageError) as caught:
        meter.count("test", domain)
    assert str(caught.value) == f"data 'pairs' has the domains a, b, and {domain!r} was asked for."


def test_random_features_of_data_with_classes_give_no_shares(digits):
    meter = QualityMeter(get_features("random", 1), digits)
    assert list(meter.score("test", noise(50))) == ["fid[random]", "kid[random]", "copy_rate"]


def test_a_blurred_copy_of_the_test_images_is_farther_than_the_images_themselves(meter, digits):
    blurred = F.avg_pool2d(to_float(digits.test.images["image"]) + 1, 3, stride=1, padding=1) - 1
    mild, strong = meter.score("test", blurred), meter.score("test", noise(400))
    assert 1.0 < mild["fid[digits]"] < strong["fid[digits]"]  # about 3.4 and 38


def test_the_passport_names_all_that_a_value_depends_on(meter, digits):
    passport = meter.passport("test", {"image": meter.count("test")})
    assert passport == {
        "extractor": "digits",
        "weights_digest": meter.extractor.weights_digest,
        "resizer": "bilinear, antialiased, to 16 x 16",
        "num_features": 64,
        "extractor_dtype": "float32",
        "batch_size": 256,
        "split": "test",
        "domain": "image",
        "n_real": 400,
        "n_fake": 400,
        "image_size": 16,
        "channels": 1,
        "dtype": "float64",
        "quantised": True,
        "kid_estimator": "unbiased, all pairs of 400, kernel (x·y / d + 1)³",
        "copies": "threshold from 400 test images, 400 fakes",
        "torch": version("torch"),
        "torchmetrics": version("torchmetrics"),
        "data_digest": digits.digest,
    }


def test_metrics_and_libraries_that_were_asked_for_stand_in_the_passport(pixels, make_album):
    extractor = pixels(16)
    extractor.libraries = ("numpy",)
    meter = QualityMeter(extractor, make_album(), metrics=("prdc", "is"), batch_size=7)
    passport = meter.passport("validation", {"image": 9})
    assert (passport["numpy"], passport["batch_size"]) == (version("numpy"), 7)
    assert passport["neighbours"].endswith("20 real, 9 fake")
    assert "is_estimator" in passport
    assert "kid_estimator" not in passport


def test_settings_of_several_domains_are_given_by_domain():
    passport = QualityMeter(get_features("random", 3), two_domains()).passport("test", {"a": 20, "b": 25})
    assert (passport["n_real"], passport["n_fake"]) == ({"a": 20, "b": 30}, {"a": 20, "b": 25})
    assert [text[:26] for text in passport["kid_estimator"].values()] == [
        "unbiased, all pairs of 20,",
        "unbiased, all pairs of 25,",
    ]


EVERYTHING = ("fid", "kid", "copies", "prdc", "is")


@pytest.mark.parametrize("batch_size", [1, 7, 256])
@pytest.mark.parametrize("cut", [1, 9, 30])
def test_neither_batches_nor_chunks_change_a_value(pixels, make_album, batch_size, cut):
    data, fakes = make_album((40, 20, 24)), noise(30, size=4)
    expected = QualityMeter(pixels(16), data, metrics=EVERYTHING).score("test", fakes)
    meter = QualityMeter(pixels(16), data, metrics=EVERYTHING, batch_size=batch_size)
    assert meter.score("test", iter(fakes.split(cut))) == pytest.approx(expected, rel=1e-9)
    assert len(expected) == 8
    assert all(math.isfinite(value) for value in expected.values())


def test_features_on_disk_and_few_copies_give_the_same_distances(pixels, make_album, monkeypatch):
    data, fakes = make_album((40, 20, 24)), noise(30, size=4)
    expected = QualityMeter(pixels(16), data, metrics=EVERYTHING).score("test", fakes)
    monkeypatch.setattr(rows_module, "IN_MEMORY", 100)
    scores = QualityMeter(pixels(16), data, metrics=EVERYTHING).score("test", fakes.split(8))
    assert scores == expected


def test_of_many_fakes_a_keyed_part_is_searched_for_copies(pixels, make_album, monkeypatch):
    for module in (copies_module, __import__("gan_losses.metrics.quality", fromlist=["LIMIT"])):
        monkeypatch.setattr(module, "LIMIT", 10)
    meter = QualityMeter(pixels(16), make_album((40, 20, 24)), metrics=("copies",))
    half = torch.cat([to_float(meter.images("train"))[:20], noise(20, size=4)])
    rates = {meter.score("test", half.split(cut))["copy_rate"] for cut in (3, 40)}
    assert len(rates) == 1
    (rate,) = rates
    assert (10 * rate) % 1 == pytest.approx(0, abs=1e-9)
    assert 0.2 <= rate <= 0.8


def test_along_leaves_out_what_is_only_asked_for_at_the_end(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album(), metrics=EVERYTHING)
    assert list(meter.score("validation", noise(20, size=4), along=True)) == ["fid[pixels]", "kid[pixels]", "copy_rate"]


def test_metrics_stand_in_the_registrys_order_and_unknown_ones_are_refused(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album(), metrics=("prdc", "fid"))
    names = ["fid", "precision", "recall", "density", "coverage"]
    assert list(meter.score("test", noise(20, size=4))) == [f"{name}[pixels]" for name in names]
    with pytest.raises(UsageError, match="unknown metric 'fidd': did you mean 'fid'"):
        QualityMeter(pixels(16), make_album(), metrics=("fidd",))


def test_a_meter_of_no_metrics_measures_nothing(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album(), metrics=())
    assert meter.score("test", noise(20, size=4)) == {}
    assert meter.extractor.calls == 0


def test_the_distance_to_the_training_images_can_be_asked_for(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album((40, 20, 24)), metrics=("fid",))
    fakes = to_float(meter.images("validation"))
    streams = [MomentStream(16) for _ in range(2)]
    for stream, images in zip(streams, (to_float(meter.images("train")), fakes), strict=True):
        stream.update(images.flatten(1))
    expected = frechet_distance(*(stream.moments() for stream in streams))
    assert meter.score("train", fakes)["fid[pixels]"] == expected
