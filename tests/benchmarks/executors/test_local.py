"""The local executor: how many cells side by side."""

import pytest

from benchmarks.executors.local import default_workers


@pytest.mark.parametrize(
    ("device", "cores", "cells", "gigabytes", "expected"),
    [
        ("cpu", 2, 48, 20, 2),
        ("cpu", 64, 3, 999, 3),
        ("cpu", 64, 48, 5, 5),
        ("cpu", 4, 4, 0, 1),
        ("cuda", 16, 48, 99, 1),
    ],
)
def test_workers_fit_cores_cells_and_memory(device, cores, cells, gigabytes, expected) -> None:
    assert default_workers(device, cores, cells, gigabytes * 2**30) == expected
