"""What lies beside the cells: counted from real passes, and by hand."""

import pytest

from benchmarks import records
from benchmarks.capacity.growth import bytes_of_a_cell
from benchmarks.capacity.overhead import Pass, one_pass
from benchmarks.options import read_options
from gan_losses.errors import UsageError


def test_all_that_is_no_cells_is_beside_them() -> None:
    two = Pass("local", 2, 4, 0.0, 3.0, 6.0, (2.0, 2.5, 2.0, 2.5), (3.0, 3.0, 6.0, 6.0))
    assert two.overhead == pytest.approx((12.0 - 9.0) / 4, abs=1e-12)
    one = Pass("ray", 1, 3, 5.0, 4.0, 9.0, (1.0, 2.0, 2.5), (4.0, 6.2, 9.0))
    assert one.overhead == pytest.approx((9.0 - 5.5) / 3, abs=1e-12)
    assert one.steady == pytest.approx((0.2 + 0.3) / 2, abs=1e-12)


def test_a_pass_counts_every_cell_once_and_by_its_own_record(tmp_path) -> None:
    small = ["--preset", "smoke", "--losses", "bce", "--recipe", "controlled", "--seeds", "0-1", "--steps", "3"]
    asked = [*small, "--eval-every", "3", "--log-every", "3", "--workers", "2", "--out", str(tmp_path / "run")]
    found = one_pass(read_options(asked))
    seconds = [
        records.read_json(folder / records.RECORD)["time"]["seconds"]
        for folder in records.find_records(tmp_path / "run")
    ]
    assert sorted(found.inside) == sorted(seconds)
    assert (found.executor, found.workers, found.cells) == ("local", 2, 2)
    assert found.first == found.ends[0] <= found.ends[1] <= found.wall
    assert found.overhead > 0

    store = bytes_of_a_cell(tmp_path / "run")
    files = [path for folder in records.find_records(tmp_path / "run") for path in folder.rglob("*") if path.is_file()]
    total = sum(size for kind, size in store.items() if kind != "files")
    assert total == pytest.approx(sum(path.stat().st_size for path in files) / 2, abs=1e-6)
    assert store["files"] == len(files) / 2
    assert store["others"] == 0


def test_cells_that_are_not_done_are_not_counted(tmp_path) -> None:
    small = ["--preset", "smoke", "--losses", "bce", "--recipe", "controlled", "--seeds", "0", "--steps", "200"]
    (tmp_path / "exploding.py").write_text(
        "from dataclasses import dataclass\nfrom gan_losses.losses import BCE\n\n\n@dataclass(frozen=True)\nclass Exploding(BCE):\n"
        '    name = "exploding"\n\n    def generator(self, fake, real=None):\n        return fake.mean() * float("nan")\n'
    )
    asked = [
        *small[:3],
        f"{tmp_path / 'exploding.py'}:Exploding",
        *small[4:],
        "--unexamined",
        "--out",
        str(tmp_path / "run"),
    ]
    with pytest.raises(UsageError, match="only cells that are done"):
        one_pass(read_options(asked))
