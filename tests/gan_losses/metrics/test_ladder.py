import importlib
import statistics

import pytest
import torch

from gan_losses.data import DataSet, Split, to_float
from gan_losses.metrics import MomentStream, QualityMeter, frechet_distance, get_features, ladder
from gan_losses.metrics.frechet import Frechet
from gan_losses.random import keyed_generator


@pytest.fixture(scope="module")
def rows(meter):
    return {row["name"]: row for row in ladder(meter)}


def moments(rows):
    stream = MomentStream(rows.shape[1])
    stream.update(rows)
    return stream.moments()


def album(sizes):
    parts = []
    for part, size in enumerate(sizes):
        generator = keyed_generator(0, "test/ladder", part)
        parts.append(Split({"image": torch.randint(256, (size, 3, 16, 16), dtype=torch.uint8, generator=generator)}))
    return DataSet("album", *parts)


def test_the_rows_of_digits_stand_in_order_with_their_sizes(rows):
    expected = {"real against real": 398, "real without one class": 398, "copycat": 400, "noise": 400}
    assert {name: row["n"] for name, row in rows.items()} == expected
    for row in rows.values():
        assert list(row["metrics"]) == ["fid[digits]", "kid[digits]", "copy_rate"]
        assert all(set(value) == {"mean", "spread"} for value in row["metrics"].values())


@pytest.mark.parametrize("metric", ["fid[digits]", "kid[digits]"])
def test_a_missing_class_stands_clear_of_the_floor_and_noise_far_above(rows, metric):
    floor, missing, noise = (
        rows[name]["metrics"][metric] for name in ("real against real", "real without one class", "noise")
    )
    # Clear: by more than the spread of both, so that one look at the ladder tells them apart.
    assert floor["mean"] + floor["spread"] < missing["mean"] - missing["spread"]
    assert missing["mean"] * 5 < noise["mean"]


def test_a_copycat_sits_on_the_floor_and_only_the_copy_rate_betrays_it(rows):
    floor, copycat = rows["real against real"]["metrics"], rows["copycat"]["metrics"]
    assert copycat["fid[digits]"]["mean"] < floor["fid[digits]"]["mean"] + 2 * floor["fid[digits]"]["spread"]
    assert copycat["copy_rate"] == {"mean": 1.0, "spread": 0.0}
    for name in ("real against real", "real without one class", "noise"):
        assert rows[name]["metrics"]["copy_rate"]["mean"] < 0.03, name  # real images: 0.01 by definition


def test_the_floor_is_the_mean_over_twenty_splits_of_the_pool(meter, rows):
    pool = torch.cat([meter.features("validation"), meter.features("test")])
    values = []
    for number in range(20):
        order = torch.randperm(797, generator=keyed_generator(0, "ladder/pool", number))
        values.append(frechet_distance(moments(pool[order[:398]]), moments(pool[order[398:796]])))
    floor = rows["real against real"]["metrics"]["fid[digits]"]
    assert floor["mean"] == pytest.approx(statistics.fmean(values), rel=1e-9)
    assert floor["spread"] == pytest.approx(statistics.stdev(values), rel=1e-6)


def test_no_image_of_the_missing_class_is_left_and_n_stays(meter, monkeypatch):
    seen = []
    given = Frechet.__call__

    def watch(self, fakes):
        seen.append(meter.extractor.classify(fakes.rows).argmax(1).bincount(minlength=10))
        return given(self, fakes)

    monkeypatch.setattr(Frechet, "__call__", watch)
    ladder(meter)
    for label, counts in enumerate(seen[20:30]):
        assert int(counts.sum()) == 398
        assert int(counts[label]) <= 3, label  # the classifier misreads 3 images of 797


def test_the_ladder_is_the_same_at_every_call(meter, rows):
    assert {row["name"]: row for row in ladder(meter)} == rows


@pytest.mark.parametrize("sizes", [(6, 2, 2), (40, 9, 9)])
def test_data_without_classes_has_three_rows_down_to_the_smallest_folder(sizes):
    data = album(sizes)
    rows = ladder(QualityMeter(get_features("random", 3), data))
    assert [(row["name"], row["n"]) for row in rows] == [
        ("real against real", sizes[2]),
        ("copycat", sizes[2]),
        ("noise", sizes[2]),
    ]


def test_each_domain_has_a_ladder_of_its_own():
    parts = [
        Split({"a": images, "b": images.flip(1) // 2})
        for images in (
            part.images["image"]
            for part in (album((20, 6, 6)).train, album((9, 6, 6)).validation, album((9, 6, 6)).test)
        )
    ]
    meter = QualityMeter(get_features("random", 3), DataSet("pairs", *parts))
    assert ladder(meter, "a") != ladder(meter, "b")


def test_every_metric_that_says_something_of_real_images_has_its_rows(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album((60, 30, 30)), metrics=("fid", "prdc", "copies", "is", "classes"))
    names = [f"{name}[pixels]" for name in ("precision", "recall", "density", "coverage", "is")]
    for row in ladder(meter):
        assert list(row["metrics"]) == ["fid[pixels]", "copy_rate", *names]


def test_a_costly_extractor_sees_no_image_twice_and_two_draws(pixels, make_album, tmp_path):
    data = make_album((300, 20, 20), classes=("x", "y"))
    meter = QualityMeter(pixels(16, costly=True), data, batch_size=1, cache=tmp_path)
    rows = {row["name"]: row for row in ladder(meter)}
    filled = meter.extractor.calls - (20 + 20) - 2 * 20 - 2 * 20  # but the pool, copycats and noise
    assert 0 <= filled <= 2 * 20
    cheap = ladder(QualityMeter(pixels(16), data))
    assert rows["real without one class"] == cheap[1]
    floor = {row["name"]: row["metrics"]["fid[pixels]"] for row in cheap}["real against real"]
    few = rows["real against real"]["metrics"]["fid[pixels]"]  # of 5 splits in place of 20
    assert few != floor
    assert few["mean"] == pytest.approx(floor["mean"], abs=4 * floor["spread"])
    assert rows["noise"] != cheap[-1]


def test_copycats_of_a_costly_extractor_are_training_images(pixels, make_album):
    meter = QualityMeter(pixels(16, costly=True), make_album((300, 20, 20)))
    order = torch.randperm(300, generator=keyed_generator(0, "ladder/copycat", 0))[:20]
    order_two = torch.randperm(300, generator=keyed_generator(0, "ladder/copycat", 1))[:20]
    train, test = (to_float(meter.images(split)).flatten(1) for split in ("train", "test"))
    values = [frechet_distance(moments(test), moments(train[where])) for where in (order, order_two)]
    copycat = {row["name"]: row for row in ladder(meter)}["copycat"]["metrics"]
    assert copycat["fid[pixels]"]["mean"] == pytest.approx(statistics.fmean(values), rel=1e-9)
    assert copycat["copy_rate"] == {"mean": 1.0, "spread": 0.0}


def test_of_a_large_pool_a_part_is_searched_for_copies(pixels, make_album, monkeypatch):
    meter = QualityMeter(pixels(16), make_album((40, 30, 30)), metrics=("copies",))
    # Not from the package: there the name is the function's.
    monkeypatch.setattr(importlib.import_module("gan_losses.metrics.ladder"), "LIMIT", 5)
    seen = []
    given = type(meter.copies()).nearest
    monkeypatch.setattr(
        type(meter.copies()), "nearest", lambda self, images: seen.append(len(images)) or given(self, images)
    )
    rows = {row["name"]: row for row in ladder(meter)}
    assert max(seen) == 10
    assert rows["copycat"]["metrics"]["copy_rate"]["mean"] == 1.0


def test_a_metric_that_needs_more_images_than_there_are_is_left_out_of_its_rows(pixels, make_album):
    meter = QualityMeter(pixels(16), make_album((40, 4, 4)), metrics=("fid", "prdc"))
    for row in ladder(meter):
        assert set(row["metrics"]) == {"fid[pixels]"}  # none of the four has 5 neighbours


def test_of_a_single_class_none_can_be_left_out(pixels, make_album):
    rows = ladder(QualityMeter(pixels(16), make_album((40, 20, 20), classes=("x",))))
    assert [row["name"] for row in rows] == ["real against real", "copycat", "noise"]
