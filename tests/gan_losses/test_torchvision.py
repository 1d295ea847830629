import subprocess
import sys

import pytest


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_torchvision_and_torchmetrics_import_whatever_build_they_are() -> None:
    code = "import gan_losses._torchvision, torchvision.utils, torchmetrics.image.fid; print('ok')"
    assert run(code).strip() == "ok"


def test_importing_the_package_alone_leaves_torchvision_out() -> None:
    assert run("import sys, gan_losses; print('torchvision' in sys.modules)").strip() == "False"


@pytest.mark.parametrize("module", ["gan_losses.sampling", "gan_losses.metrics", "gan_losses.data", "benchmarks.cells"])
def test_every_door_into_the_package_opens_by_itself(module: str) -> None:
    assert run(f"import {module}; print('ok')").strip() == "ok"
