import sys

import pytest

from gan_losses.allocator import SWITCH, tune_allocator


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_thresholds_are_raised_unless_the_user_opts_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    assert tune_allocator()
    monkeypatch.setenv(SWITCH, "default")
    assert not tune_allocator()


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not tune_allocator()
