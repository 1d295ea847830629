import statistics

import pytest
import torch

from gan_losses.data import DataSet, Split
from gan_losses.metrics import Distances, QualityMeter, get_features, ladder
from gan_losses.random import keyed_generator


@pytest.fixture(scope="module")
def rows(meter):
    return {row["name"]: row for row in ladder(meter)}


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
        values.append(Distances(pool[order[:398]])(pool[order[398:796]])[0])
    floor = rows["real against real"]["metrics"]["fid[digits]"]
    assert floor["mean"] == pytest.approx(statistics.fmean(values), rel=1e-9)
    assert floor["spread"] == pytest.approx(statistics.stdev(values), rel=1e-6)


def test_no_image_of_the_missing_class_is_left_and_n_stays(meter, monkeypatch):
    seen = []
    given = Distances.__call__

    def watch(self, fake):
        seen.append(meter.extractor.classify(fake.float()).argmax(1).bincount(minlength=10))
        return given(self, fake)

    monkeypatch.setattr(Distances, "__call__", watch)
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
