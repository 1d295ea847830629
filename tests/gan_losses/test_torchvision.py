import subprocess
import sys


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_torchvision_and_torchmetrics_import_whatever_build_they_are() -> None:
    code = "import gan_losses._torchvision, torchvision.utils, torchmetrics.image.fid; print('ok')"
    assert run(code).strip() == "ok"


def test_importing_the_package_alone_leaves_torchvision_out() -> None:
    assert run("import sys, gan_losses; print('torchvision' in sys.modules)").strip() == "False"
