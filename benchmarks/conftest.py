"""The options of `pytest benchmarks`."""

import pytest

from benchmarks.environment import resolve_device
from gan_losses.command_line import positive
from gan_losses.errors import UsageError


def pytest_addoption(parser: pytest.Parser) -> None:
    """What steps are timed on, and how often."""
    group = parser.getgroup("step time", "the time of training steps")
    group.addoption("--step-device", choices=["cpu", "cuda"], help="default: cuda where there is one, else cpu")
    group.addoption("--step-rounds", type=positive(int), default=20, help="samples of each step (default: 20)")
    group.addoption("--step-threads", type=positive(int), default=1, help="of torch on a CPU (default: 1)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a device that is not there before anything is collected."""
    try:
        resolve_device(config.getoption("step_device") or "cpu")
    except UsageError as error:
        raise pytest.UsageError(str(error).replace("--device", "--step-device")) from None
