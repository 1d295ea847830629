"""Lines through what was measured, and what runs out first."""

import numpy as np
import pytest

from benchmarks.capacity.model import fit, limits, spread


def test_a_line_is_found_again_whatever_the_sizes_of_its_points() -> None:
    line = fit({n: 3.0 + 0.05 * n for n in (10, 100, 1000, 10000)})
    np.testing.assert_allclose([line.start, line.each, line.worst], [3.0, 0.05, 0.0], rtol=1e-9, atol=1e-9)
    assert line.reaches(53.0) == pytest.approx(1000, abs=1e-6)


def test_small_suites_count_as_much_as_large_ones() -> None:
    counts = np.array([10, 100, 1000, 10000], dtype=float)
    values = np.array([3.5, 8.0, 60.0, 600.0])
    line = fit(dict(zip(counts.astype(int).tolist(), values.tolist(), strict=True)))
    # The same by weighted least squares, weights 1 / y.
    expected = np.polynomial.polynomial.polyfit(counts, values, 1, w=1 / values)
    np.testing.assert_allclose([line.start, line.each], expected, rtol=1e-9)
    assert line.worst == pytest.approx(np.abs(line.at(counts) / values - 1).max(), abs=1e-12)


def test_what_does_not_grow_never_runs_out() -> None:
    assert fit({10: 5.0, 100: 5.0}).each == pytest.approx(0, abs=1e-9)
    assert fit({10: 5.0, 100: 4.0}).reaches(60.0) == float("inf")


def test_the_first_bottleneck_stands_first() -> None:
    report = {
        str(n): {"seconds": 1 + 0.01 * n, "peak_bytes": 1e8 + 1e4 * n, "page_bytes": 1e5 + 1e3 * n} for n in (10, 1000)
    }
    found = limits(report, store=1e6, overhead=0.5, news=2000.0, rate=5.0)
    cells = [limit.cells for limit in found[:-1]]
    assert cells == sorted(cells)
    by_name = {limit.what: limit.cells for limit in found}
    assert by_name["a report in a minute"] == pytest.approx(5900, abs=1e-6)
    assert by_name["a disk of 100 GB"] == 100_000
    assert by_name["an hour of a worker spent beside the cells"] == 7200
    assert by_name["cells at work at a time"] == 400
    assert spread([5.0, 1.0]) == [3.0, 1.0, 5.0]
