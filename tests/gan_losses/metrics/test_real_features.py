import json
import threading

import pytest
import torch

from gan_losses.data import to_float
from gan_losses.metrics import QualityMeter
from gan_losses.metrics import moments as moments_module


@pytest.fixture
def meter_in(tmp_path, pixels, make_album):
    """A meter with a cache, of a costly extractor that counts its batches."""

    def make(sizes=(40, 20, 24), cache=tmp_path, name="album", **changes):
        extractor = pixels(16, costly=True)
        for key, value in changes.items():
            setattr(extractor, key, value)
        return QualityMeter(extractor, make_album(sizes, name=name), cache=cache)

    return make


def files(folder, pattern="*"):
    return sorted(path.name for path in (folder / "features").glob(pattern))


@pytest.mark.parametrize("sizes", [(40, 20, 24), (40, 20, 10)])
def test_a_second_meter_reads_what_the_first_computed(meter_in, tmp_path, sizes):
    first, second = meter_in(sizes), meter_in(sizes)
    fakes = to_float(first.images("validation"))
    scores = first.score("test", fakes)
    calls = first.extractor.calls
    assert second.score("test", fakes) == scores
    assert second.extractor.calls == calls - 1  # of the fakes alone
    assert torch.equal(second.features("test"), to_float(second.images("test")).flatten(1))
    assert meter_in(sizes, cache=None).score("test", fakes) == pytest.approx(scores, rel=1e-12)


def test_the_files_have_passports(meter_in, tmp_path):
    meter = meter_in()
    meter.score("test", to_float(meter.images("test")))
    assert len(files(tmp_path, "*.npy")) == 2
    assert not [name for name in files(tmp_path) if name.startswith(".")]
    (path,) = (tmp_path / "features").glob("pixels-test-features-*.json")
    passport = json.loads(path.read_text())
    assert len(passport.pop("sha256")) == 64
    assert passport == {
        "kind": "features",
        "extractor": "pixels",
        "weights_digest": "0" * 16,
        "resizer": "none",
        "dtype": "float32",
        "data_digest": "album",
        "domain": "image",
        "split": "test",
        "image_size": 4,
        "n_real": 24,
        "torch": torch.__version__,
    }


@pytest.mark.parametrize(
    "changes", [{"weights_digest": "1" * 16}, {"resizer": "another"}, {"dtype": "bfloat16"}, {"name": "file.py:other"}]
)
def test_other_extractors_have_files_of_their_own(meter_in, changes):
    meter_in().features("test")
    other = meter_in(**changes)
    other.features("test")
    assert other.extractor.calls == 1


def test_other_data_have_files_of_their_own(meter_in):
    meter_in().features("test")
    other = meter_in(name="another")
    assert torch.equal(other.features("test"), to_float(other.images("test")).flatten(1))


@pytest.mark.parametrize("damage", ["torn", "changed", "passport", "no passport", "gone"])
def test_damaged_files_are_computed_anew(meter_in, tmp_path, damage):
    meter_in().features("test")
    (path,) = (tmp_path / "features").glob("*.npy")
    beside = path.with_suffix(".json")
    content = path.read_bytes()
    match damage:
        case "torn":
            path.write_bytes(content[:-4])
        case "changed":
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "passport":
            beside.write_text("{")
        case "no passport":
            beside.unlink()
        case _:
            path.unlink()
    again = meter_in()
    assert torch.equal(again.features("test"), to_float(again.images("test")).flatten(1))
    assert again.extractor.calls == 1
    assert path.read_bytes() == content


def test_a_cheap_extractor_leaves_nothing(meter_in, tmp_path):
    meter = meter_in(costly=False)
    meter.score("test", to_float(meter.images("test")))
    assert not (tmp_path / "features").exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(meter_in, tmp_path):
    (tmp_path / "file").write_text("")
    meter = meter_in(cache=tmp_path / "file")
    assert torch.equal(meter.features("test"), to_float(meter.images("test")).flatten(1))


def test_of_several_at_once_one_computes(meter_in, monkeypatch):
    meters = [meter_in() for _ in range(4)]
    threads = [threading.Thread(target=meter.features, args=("train",)) for meter in meters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(meter.extractor.calls for meter in meters) == 1


def test_moments_of_many_images_are_read_back_too(meter_in, monkeypatch):
    meter_in().collection.moments("train", "image")
    again = meter_in()
    monkeypatch.setattr(moments_module.MomentStream, "update", None)  # nothing is summed a second time
    moments = again.collection.moments("train", "image")
    expected = to_float(again.images("train")).flatten(1).double()
    torch.testing.assert_close(moments.covariance, torch.cov(expected.T))
    assert moments.count == 40
