"""Penalties by name: spellings, facts and errors."""

from dataclasses import FrozenInstanceError

import pytest

from gan_losses.errors import UsageError
from gan_losses.penalties import (
    PENALTIES,
    R1,
    Clipping,
    Consistency,
    DraganPenalty,
    GradientPenalty,
    LeCam,
    OneSidedPenalty,
    Penalty,
    SpectralNorm,
    ZeroCentredPenalty,
    get_penalty,
)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_answers_to_its_name_and_gives_source_and_formula(name: str) -> None:
    penalty = get_penalty(name)
    assert penalty.name == name
    assert penalty.paper.startswith("arXiv:")
    assert penalty.summary


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_frozen_equal_and_hashable(name: str) -> None:
    penalty = get_penalty(name)
    assert penalty == get_penalty(name)
    assert hash(penalty) == hash(get_penalty(name))
    with pytest.raises((FrozenInstanceError, AttributeError)):
        penalty.weight = 3.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gp", GradientPenalty(10.0, 1)),
        ("gp:5", GradientPenalty(5.0, 1)),
        ("lp:weight=2", OneSidedPenalty(2.0, 1)),
        ("gp0:1:2", ZeroCentredPenalty(1.0, 2)),
        ("r1:10:every=16", R1(10.0, 16)),
        ("r1:every=16", R1(10.0, 16)),
        ("dragan:1e-1", DraganPenalty(0.1)),
        ("lecam", LeCam(0.3, 0.99)),
        ("lecam:decay=0.5", LeCam(0.3, 0.5)),
        ("cr:mirror=no", Consistency(10.0, 0.125, mirror=False)),
        ("cr:1:0.25:no:4", Consistency(1.0, 0.25, mirror=False, every=4)),
        ("clip", Clipping(0.01)),
        ("clip:0.1", Clipping(0.1)),
        ("spectral", SpectralNorm()),
    ],
)
def test_fields_are_spelled_after_colons(text: str, expected: Penalty) -> None:
    assert get_penalty(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gq", "unknown penalty 'gq': did you mean 'gp'[?] Known: gp, lp, gp0, r1, r2"),
        ("", "unknown penalty ''"),
        ("gp:x", "penalty 'gp:x': expected a number for weight, got 'x'"),
        ("gp:0", "GradientPenalty: weight has to be a positive number, got 0.0"),
        ("r1:-1", "R1: weight has to be a positive number, got -1.0"),
        ("r2:nan", "R2: weight has to be a positive number, got nan"),
        ("lp:inf", "OneSidedPenalty: weight has to be a positive number, got inf"),
        ("r1:1:0", "R1: every has to be a positive number, got 0"),
        ("r1:every=1.5", "expected a whole number for every, got '1.5'"),
        ("gp:1:2:yes:3", "'3' is no field that is still free; its fields: weight, every, patches"),
        ("gp:1:weight=2", "'weight=2' is no field that is still free"),
        ("lecam:1:every=2", "'every=2' is no field that is still free; its fields: weight, decay"),
        ("lecam:decay=1", "LeCam: decay has to be at least 0 and below 1, got 1.0"),
        ("cr:shift=1", "Consistency: shift has to be at least 0 and below 1, got 1.0"),
        ("cr:mirror=maybe", "expected yes or no for mirror, got 'maybe'"),
        ("clip:0", "Clipping: bound has to be a positive number, got 0.0"),
        ("spectral:1", "'1' is no field that is still free; its fields: none"),
    ],
)
def test_what_is_spelled_wrong_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        get_penalty(text)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


MIXES_NO_SAMPLES = {"gp", "lp", "gp0", "r1", "r2", "dragan"}


@pytest.mark.parametrize("name", PENALTIES)
def test_slope_penalties_forbid_batch_norm_and_all_that_bound_the_slope_say_so(name: str) -> None:
    penalty = get_penalty(name)
    assert penalty.allows_batch_norm == (name not in MIXES_NO_SAMPLES)
    assert penalty.bounds_slope == (name in MIXES_NO_SAMPLES | {"spectral"})
    assert penalty.clip == (0.01 if name == "clip" else None)
    assert penalty.discriminator_norm == ("spectral" if name == "spectral" else None)
