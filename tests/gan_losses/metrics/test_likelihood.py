import sys
import warnings
from types import ModuleType

import numpy as np
import pytest

from gan_losses.errors import UsageError
from gan_losses.metrics import QualityMeter
from gan_losses.metrics.likelihood import MODULE


class FLD:
    """Stands for the package's class, with its way of being called."""

    def __init__(self, eval_feat):
        self.eval_feat = eval_feat

    def compute_metric(self, train_feat, test_feat, gen_feat):
        warnings.warn("Very high FLD value, your generated data is likely completely memorized.", stacklevel=1)
        print("a bar of progress", file=sys.stderr)
        sizes = 1e6 * len(train_feat) + 1e3 * len(test_feat) + len(gen_feat)
        return sizes + np.random.rand() if self.eval_feat == "test" else -1.0  # noqa: NPY002


@pytest.fixture
def package(monkeypatch):
    for name in ("fld", "fld.metrics", MODULE):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[MODULE].FLD = FLD


def score(pixels, make_album, split):
    meter = QualityMeter(pixels(16), make_album((40, 20, 24)), metrics=("fld",))
    fakes = meter.images("validation").float()[:11] / 127.5 - 1
    return meter, meter.score(split, fakes)["fld[pixels]"]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(("split", "unseen"), [("validation", 20), ("test", 24), ("train", 24)])
def test_widths_come_from_train_and_unseen_images_are_never_the_training_images(pixels, make_album, split, unseen):
    meter, value = score(pixels, make_album, split)
    assert int(value) == 40e6 + unseen * 1e3 + 11
    named = "test" if split == "train" else split
    passport = meter.passport(split, {"image": 11})
    assert passport["fld_estimator"] == f"fld.metrics.FLD, widths from train, likelihood of {named}"


@pytest.mark.usefixtures("package")
def test_the_package_draws_the_same_and_leaves_the_generator_alone_and_says_nothing(pixels, make_album, capfd):
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.RandomState(3).rand()
    values = {score(pixels, make_album, "test")[1] for _ in range(2)}
    assert len(values) == 1
    assert np.random.rand() == expected  # noqa: NPY002
    assert capfd.readouterr().err == ""


def test_without_the_package_a_sentence_says_how_to_get_it(pixels, make_album, monkeypatch):
    monkeypatch.setitem(sys.modules, "fld", None)
    with pytest.raises(UsageError) as caught:
        QualityMeter(pixels(16), make_album(), metrics=("fid", "fld"))
    assert str(caught.value).startswith("metric 'fld' needs its authors' package, which cannot be imported (")
    assert str(caught.value).endswith("): pip install git+https://github.com/marcojira/fld, or leave 'fld' out.")
