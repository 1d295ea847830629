"""The default run reaches its quality: minutes long, so it has a command of its own, `tox -e slow`."""

import statistics
from pathlib import Path

import pytest

from benchmarks import records
from benchmarks.run import main

# Of the way from the floor (real against real) to the ceiling (the untrained generator), in the median over seeds.
SHARE_OF_CEILING = 0.15
FEWEST_OF_A_CLASS = 0.02
MOST_COPIES = 0.03


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("quick")
    assert main(["--recipe", "published", "--device", "cpu", "--quiet", "--out", str(out)]) == 0
    return out


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["bce", "lsgan", "wgangp"])
def test_published_recipes_learn_the_digits(run: Path, loss: str) -> None:
    found = [records.read_json(path) for path in run.glob(f"dcgan/digits/published/{loss}/*/record.json")]
    assert len(found) == 8
    (ladder,) = (records.read_json(path) for path in (run / "ladders").iterdir())
    floor = next(row for row in ladder["rows"] if row["name"] == "real against real")["metrics"]["fid[digits]"]["mean"]

    def median(part: str, metric: str) -> float:
        return statistics.median(record["quality"][part]["metrics"][metric] for record in found)

    ceiling = median("untrained", "fid[digits]")
    assert median("best", "fid[digits]") <= floor + SHARE_OF_CEILING * ceiling
    assert median("best", "copy_rate") <= MOST_COPIES
    worst = [
        min(v for k, v in record["quality"]["best"]["metrics"].items() if k.startswith("share")) for record in found
    ]
    assert statistics.median(worst) >= FEWEST_OF_A_CLASS
