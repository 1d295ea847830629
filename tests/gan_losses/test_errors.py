"""The sentences that users get."""

import math
from types import SimpleNamespace

import pytest

from gan_losses.errors import UsageError, nearest, require, require_positive, require_share, unknown_name


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("lsgna", ["bce", "lsgan"], "lsgan"),
        ("BCE", ["bce", "lsgan"], "bce"),
        ("MyLos", ["torch", "MyLoss"], "MyLoss"),
        ("zzz", ["bce", "lsgan"], None),
        ("", ["bce"], None),
        ("bce", [], None),
    ],
)
def test_the_nearest_name_is_suggested_or_none(name: str, known: list[str], expected: str | None) -> None:
    assert nearest(name, known) == expected
    assert nearest(name, iter(known)) == expected


def test_an_unknown_name_without_a_near_one_lists_all() -> None:
    assert str(unknown_name("loss", "zzz", ["bce", "lsgan"])) == "unknown loss 'zzz': Known: bce, lsgan."


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_what_is_not_positive_and_finite_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=f"SimpleNamespace: weight has to be a positive number, got {value}"):
        require_positive(SimpleNamespace(good=1, weight=value), "good", "weight")


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_what_is_no_share_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=f"label has to be between 0 and 1, got {value}"):
        require_share(SimpleNamespace(label=value), "label")


def test_what_holds_passes() -> None:
    owner = SimpleNamespace(low=0.0, high=1.0, weight=1e-9)
    require(True, owner, "low", "anything")
    require_positive(owner, "weight", "high")
    require_share(owner, "low", "high")


def test_a_users_mistake_is_a_value_error() -> None:
    assert issubclass(UsageError, ValueError)
