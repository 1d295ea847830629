"""The browser of these tests. Without one they are skipped, unless one is asked for (`tox -e browser` asks)."""

import importlib.util
import os
from collections.abc import Iterator

import pytest

from tests.browser.visitor import Visitor, find_browser, visiting

REQUIRED = "GAN_LOSSES_BROWSER"


@pytest.fixture(scope="session")
def visitor(tmp_path_factory) -> Iterator[Visitor]:
    browser = find_browser()
    if browser is None:
        _without("there is no Chromium with its chromedriver here")
    if importlib.util.find_spec("selenium") is None:
        _without("selenium is not installed: pip install -e '.[browser]'")
    with visiting(str(browser), tmp_path_factory.mktemp("profile")) as found:
        yield found


def _without(reason: str) -> None:
    if os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} is set, and {reason}.")
    pytest.skip(reason)
