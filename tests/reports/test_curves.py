import json

import numpy as np
import pytest

from benchmarks import records
from reports import aggregate
from reports.curves import NO_CURVES, curves_of
from reports.loading import load

HISTOGRAM = {"low": -2.0, "width": 0.5, "counts": [0, 3, 1]}


def row(step, **parts):
    return {"step": step, **parts}


def test_columns_hold_what_the_file_says_to_the_last_bit(run) -> None:
    for cell in run.cells[:4]:
        lines = records.read_curves(cell.folder / "curves.jsonl")
        assert cell.curves.steps.tolist() == [line["step"] for line in lines]
        for section, network, name in [path for path in cell.curves.layout.paths if len(path) == 3]:
            values = [line[section][network][name] for line in lines]
            expected = np.array([np.nan if value is None else value for value in values], dtype=float)
            np.testing.assert_array_equal(cell.curves.column(section, network, name), expected)
        assert cell.curves.terms == list(lines[0]["terms"])


def test_a_name_that_only_some_log_points_have_is_told_from_one_without_a_number() -> None:
    found = curves_of([row(1, terms={"a": 1}), row(2, terms={"a": None, "b": 2.5}), row(3, terms={"b": None})])
    assert found.terms == ["a", "b"]
    assert found.known("terms", "a") == {1: 1.0, 2: None}
    assert found.known("terms", "b") == {2: 2.5, 3: None}
    assert found.known("terms", "c") == {}
    assert found.column("terms", "c") is None
    assert [part.tolist() for part in found.points("terms", "b")] == [[2], [2.5]]


def test_of_a_step_that_stands_twice_the_last_counts() -> None:
    found = curves_of([row(5, terms={"a": 1.0}), row(9, terms={"a": 2.0}), row(5, terms={"a": 3.0})])
    assert dict(zip(*(part.tolist() for part in found.points("terms", "a")), strict=True)) == {5: 3.0, 9: 2.0}
    gone = curves_of([row(5, terms={"a": 1.0}), row(5, terms={"a": None})])
    assert not len(gone.points("terms", "a")[0])


def test_networks_and_domains_without_a_number_are_known_too() -> None:
    found = curves_of([row(1, saturation={"image": None}, layers={"generator": {}}, histograms={"b": None})])
    assert (found.networks, found.layered, found.layout.domains) == (("image",), ("generator",), ("b",))
    assert not found.histograms
    assert len(NO_CURVES) == 0
    assert not NO_CURVES


def test_histograms_of_unlike_bins_stay_apart_and_broken_ones_are_left_out() -> None:
    wide = {**HISTOGRAM, "width": 1.0, "counts": [1, 2, 300_000]}
    broken = [{**HISTOGRAM, "counts": counts} for counts in ("no", [1], [1, -1, 0], [1, None, 2])]
    broken += [{**HISTOGRAM, "width": 0}, {**HISTOGRAM, "low": "x"}, None]
    each = [HISTOGRAM, *broken, wide, wide]
    found = curves_of([row(step, histograms={"image": {"slope": one}}) for step, one in enumerate(each)])
    narrow, other = found.histograms["image", "slope"]
    assert (narrow.rows.tolist(), narrow.counts.tolist(), narrow.width) == ([0], [[0, 3, 1]], 0.5)
    assert (other.rows.tolist(), other.counts.tolist(), other.width) == ([8, 9], 2 * [[1, 2, 300_000]], 1.0)


def test_cells_that_were_recorded_alike_share_their_layout_and_records_share_what_is_equal(run) -> None:
    alike = [cell for cell in run.cells if cell.curves and (cell.loss, cell.recipe) == ("bce", "controlled")]
    assert len({id(cell.curves.layout) for cell in alike}) == 1
    assert len({id(cell.settings) for cell in alike}) == 1
    for cell in alike:
        whole = json.loads((cell.folder / records.RECORD).read_text())
        assert {**whole, "files": None, records.SEAL: None} == {**cell.record, "files": None, records.SEAL: None}


def test_series_of_unlike_steps_have_a_row_for_each(make_run) -> None:
    folder = make_run(("bce",), 3, recipes=("controlled",))
    path = sorted(folder.glob("dcgan/*/*/*/seed1-*/curves.jsonl"))[0]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1::2]))
    cells = [cell for cell in load(folder).cells if cell.curves]
    frame = aggregate.series(cells, "terms", "adversarial_image")
    assert list(frame.columns) == [0, 1, 2]
    assert frame.index.tolist() == list(range(25, 501, 25))
    assert frame[1].notna().sum() == 10
    assert frame[0].notna().all()


@pytest.mark.parametrize("text", [r'{"step": 1, "terms": {"a\ud800": 1.0}}', '{"step": 1, "terms": {"aä": 1.0}}'])
def test_half_of_a_letter_is_mended_and_whole_ones_are_left(make_run, text) -> None:
    folder = make_run(("bce",), 1, recipes=("controlled",))
    next(folder.glob("dcgan/*/*/*/seed0-*/curves.jsonl")).write_text(text + "\n", encoding="utf-8")
    assert load(folder).cells[0].curves.terms == ["a?" if "ud800" in text else "aä"]
