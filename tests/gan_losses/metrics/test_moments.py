import pytest
import torch

from gan_losses.metrics import MomentStream
from gan_losses.metrics import moments as module


def streamed(rows, *cuts):
    stream = MomentStream(rows.shape[1])
    for part in rows.tensor_split(cuts):
        stream.update(part)
    return stream


@pytest.mark.parametrize("count", [2, 5, 6, 7, 300])
def test_mean_and_covariance_are_torchs_for_few_and_many_vectors(features, count):
    rows = features(count, 6)
    moments = streamed(rows, 1, 4).moments()
    torch.testing.assert_close(moments.mean, rows.mean(0))
    torch.testing.assert_close(moments.covariance, torch.cov(rows.T))
    torch.testing.assert_close(moments.trace, torch.cov(rows.T).trace())
    assert (moments.factor is not None) == (count <= 6)
    assert moments.count == count


@pytest.mark.parametrize("cuts", [(1,), (7, 8, 50), tuple(range(1, 200))])
def test_the_cuts_of_the_stream_change_no_bit(features, monkeypatch, cuts):
    monkeypatch.setattr(module, "FOLD", 16)
    rows = features(200, 5)
    one, other = streamed(rows).moments(), streamed(rows, *cuts).moments()
    assert torch.equal(one.mean, other.mean)
    assert torch.equal(one.covariance, other.covariance)
    torch.testing.assert_close(one.covariance, torch.cov(rows.T))


@pytest.mark.parametrize(("first", "second"), [(3, 2), (3, 100), (100, 3), (90, 100)])
def test_merged_streams_are_one(features, monkeypatch, first, second):
    monkeypatch.setattr(module, "FOLD", 16)
    rows = features(first + second, 8)
    stream, other = streamed(rows[:first]), streamed(rows[first:])
    stream.merge(other)
    moments = stream.moments()
    assert (moments.count, stream.count) == (first + second, first + second)
    torch.testing.assert_close(moments.mean, rows.mean(0))
    torch.testing.assert_close(moments.covariance, torch.cov(rows.T))


def test_a_stream_goes_on_after_its_moments_were_read(features):
    rows = features(40, 3)
    stream = streamed(rows[:20])
    stream.moments()
    stream.update(rows[20:])
    torch.testing.assert_close(stream.moments().covariance, torch.cov(rows.T))


def test_far_from_zero_no_digits_are_lost(features, monkeypatch):
    monkeypatch.setattr(module, "FOLD", 16)
    rows = features(200, 4) + 1e6
    torch.testing.assert_close(streamed(rows).moments().covariance, torch.cov(rows.T), rtol=1e-8, atol=0)


def test_float32_vectors_are_summed_in_float64(features):
    rows = (features(200, 4) + 1000).float()
    torch.testing.assert_close(streamed(rows).moments().covariance, torch.cov(rows.double().T))


def test_what_came_may_be_overwritten(features):
    rows = features(30, 4)
    stream, kept = MomentStream(4), rows.clone()
    stream.update(rows)
    rows.zero_()
    torch.testing.assert_close(stream.moments().covariance, torch.cov(kept.T))


@pytest.mark.parametrize("constant", [False, True])
def test_the_root_times_itself_is_the_covariance(features, constant):
    rows = features(50, 6)
    if constant:
        rows[:, 2] = 0
    moments = streamed(rows).moments()
    torch.testing.assert_close(moments.root @ moments.root.T, torch.cov(rows.T))
    assert moments.root.shape == (6, 5 if constant else 6)
    assert moments.root is moments.root
