"""A reader who opens pages in a browser that has no network, and notes what they ask for and complain of."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

AXE = Path(__file__).with_name("axe.min.js")  # axe-core 4.12.1, as axe-playwright-python 0.1.8 brings it
NAMES = "chromium", "chromium-browser", "google-chrome"
DRIVER = "chromedriver"
# No name is resolved, nothing is fetched that no page asks for; as root, a browser needs to be told to go without a sandbox.
ARGUMENTS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "lang=en"),
    *("no-proxy-server", "host-resolver-rules=MAP * ~NOTFOUND", "disable-background-networking", "disable-sync"),
    *("disable-component-update", "disable-default-apps", "disable-extensions", "metrics-recording-only"),
)
PATIENCE = 5.0  # seconds
CONTRAST = "color-contrast"  # all that depends on a theme, and most of the work
# Not of what is drawn: axe-core takes `color` for the colour of an SVG's text, which is its `fill`.
CHECK = """
const [how, done] = arguments, what = how.runOnly ? {exclude: [['svg']]} : document;
axe.run(what, {resultTypes: ['violations'], preload: false, ...how}).then((found) => done(found.violations));
"""


def find_browser() -> str | None:
    """Where the system's browser is; None without one, or without what drives it."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found if shutil.which(DRIVER) else None


class Visitor:
    """Opens pages, one after the other.

    Args:
        browser: the program.
        profile: an empty folder of its own.
    """

    def __init__(self, browser: str, profile: Path) -> None:
        from selenium import webdriver  # only where there is a browser

        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for argument in (*ARGUMENTS, f"user-data-dir={profile}"):
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which(DRIVER)))
        self.driver.set_script_timeout(30)

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()

    def open(self, page: Path, width: int = 1280, height: int = 900) -> None:
        """Open a file afresh, in a window of that size; what was noted and emulated before is forgotten."""
        self.tell("Emulation.setEmulatedMedia", media="", features=[])
        self.resize(width, height)
        self.driver.get("about:blank")
        self.complaints(), self.requests()
        self.driver.get(page.resolve().as_uri())

    def tell(self, command: str, **parameters: Any) -> Any:
        """A command of Chromium's DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def resize(self, width: int, height: int = 900) -> None:
        """A window of any size, also one as narrow as a phone."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.tell("Emulation.setDeviceMetricsOverride", mobile=width < 600, **size)

    def emulate(self, media: str = "", **features: str) -> None:
        """A medium, as `print`, and what the reader prefers, as `prefers_color_scheme="dark"`."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.tell("Emulation.setEmulatedMedia", media=media, features=wanted)

    def run(self, script: str, *arguments: Any) -> Any:
        """What JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        """The elements of a CSS selector."""
        return self.driver.find_elements("css selector", selector)

    def press(self, *keys: str) -> None:
        """Keys, one after the other, to whatever has the focus; names as in selenium's Keys."""
        from selenium.webdriver import ActionChains, Keys

        ActionChains(self.driver).send_keys(*(getattr(Keys, key, key) for key in keys)).perform()

    def wait(self, holds: Callable[[], Any]) -> Any:
        """Until it holds; returns what it gave last."""
        deadline = time.monotonic() + PATIENCE
        while not (found := holds()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def complaints(self) -> list[str]:
        """What the console has got since it was last asked: errors, warnings, what was forbidden."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since it was last asked, or tried to be."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def violations(self, *impacts: str) -> list[str]:
        """What axe-core finds of these impacts, colours aside: rule, place and why."""
        return self._violations({"rules": {CONTRAST: {"enabled": False}}}, impacts)

    def pale(self, *impacts: str) -> list[str]:
        """What it finds of texts that are too much like their background."""
        return self._violations({"runOnly": [CONTRAST]}, impacts)

    def _violations(self, how: dict[str, Any], impacts: tuple[str, ...]) -> list[str]:
        if not self.run("return 'axe' in window"):
            self.run(AXE.read_text(encoding="utf-8"))
        return [
            f"{found['id']} ({found['impact']}): {node['target']} {node['failureSummary']}"
            for found in self.driver.execute_async_script(CHECK, how)
            if found["impact"] in impacts
            for node in found["nodes"]
        ]


@contextmanager
def visiting(browser: str, profile: Path) -> Iterator[Visitor]:
    """A visitor who leaves at the end."""
    visitor = Visitor(browser, profile)
    try:
        yield visitor
    finally:
        visitor.close()
