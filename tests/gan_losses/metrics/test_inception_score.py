import math

import pytest
import torch

from gan_losses.errors import UsageError
from gan_losses.metrics import Fakes, QualityMeter, get_features
from gan_losses.metrics.inception_score import InceptionScore, inception_score


def test_it_is_torch_fidelitys(features, against):
    fidelity = pytest.importorskip("torch_fidelity.metric_isc")
    rows = features(57, 6).float()
    real = against(rows)
    expected = fidelity.isc_features_to_metric(real.extractor.logits(rows))[fidelity.KEY_METRIC_ISC_MEAN]
    assert expected > 1.1
    assert InceptionScore(real)(Fakes(57, rows=rows)) == pytest.approx((expected,), rel=1e-9)


def test_it_counts_the_classes_of_sure_logits_and_is_one_of_equal_ones():
    assert inception_score(200 * torch.eye(7)) == pytest.approx(7, rel=1e-9)
    assert inception_score(torch.ones(20, 7)) == pytest.approx(1, rel=1e-9)
    assert inception_score(200 * torch.eye(7)[:1].repeat(5, 1)) == pytest.approx(1, rel=1e-9)


def test_fewer_fakes_than_parts_have_none(features, against):
    rows = features(9, 6).float()
    assert math.isnan(InceptionScore(against(rows))(Fakes(9, rows=rows))[0])


def test_features_without_logits_are_refused_when_the_meter_is_made(digits):
    expected = (
        "metric 'is' needs features with logits, and 'digits' have none: use features inception, or leave 'is' out."
    )
    with pytest.raises(UsageError) as caught:
        QualityMeter(get_features("digits", 1), digits, metrics=("fid", "is"))
    assert str(caught.value) == expected
