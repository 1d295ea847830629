"""A small finished run to make others of: two losses, two recipes, two seeds, of the published reference."""

import shutil
from pathlib import Path

import pytest

from reports.packing import SUFFIX, unpacked

RECORDS = Path(__file__).parents[3] / "reports" / "published" / "reference" / "records"


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source") / "digits"
    with unpacked([RECORDS / f"digits{SUFFIX}"]) as (whole,):
        for name in ("run.json", "losses.json", "ladders", "timing", "real"):
            copy = shutil.copytree if (whole / name).is_dir() else shutil.copyfile
            folder.mkdir(exist_ok=True)
            copy(whole / name, folder / name)
        for cell in whole.glob("*/*/*/*/seed*"):
            loss, seed = cell.parent.name, cell.name.partition("-")[0]
            if loss in ("bce", "lsgan") and seed in ("seed0", "seed1"):
                shutil.copytree(cell, folder / cell.relative_to(whole))
    return folder
