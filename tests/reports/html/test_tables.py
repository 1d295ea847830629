"""Tables of the page: which way round they stand, what is marked, aligned and led to."""

from dataclasses import replace

import pytest

from reports.document import Trained, group_anchor
from reports.html.anchors import Anchors
from reports.html.cells import rows_of
from reports.html.tables import Links, Shown, shown
from reports.panels import Panel
from reports.tables.base import Section
from tests.reports.html.documents import document

PANEL = Panel("dcgan", "digits", "published", "", (), ("bce", "lsgan", "wgangp"))
LINKS = Links({"bce": "h-0072b2"}, {group_anchor(PANEL, "bce")})
SETTINGS = [["n_critic", "1", "1", "5"], ["norm", "batch", "none", "layer"]]


def texts(table: Shown) -> list[list[str]]:
    return [[entry.text for entry in line] for line in [table.header, *table.rows]]


def odd(table: Shown) -> set[str]:
    return {entry.text for line in table.rows for entry in line if "odd" in entry.classes.split()}


@pytest.mark.parametrize("copies", [1, 3])
def test_settings_have_losses_as_rows_where_these_are_more(copies: int) -> None:
    rows = [[f"{row[0]}{number}", *row[1:]] for number in range(copies) for row in SETTINGS]
    table = shown(Section("", ["setting", *PANEL.losses], rows, panel=PANEL, unlike=True), LINKS, "Settings")
    straight = [["setting", *PANEL.losses], *rows]
    turned = [["loss", *(row[0] for row in rows)], *map(list, zip(*(row[1:] for row in straight), strict=True))]
    assert texts(table) == (straight if copies == 3 else turned)
    assert odd(table) == {"5", "batch", "none", "layer"}
    assert [entry.link for line in [table.header, *table.rows] for entry in line if entry.text == "bce"] == [
        f"#{group_anchor(PANEL, 'bce')}"
    ]


def test_a_table_without_losses_as_columns_stays_as_it_is() -> None:
    header, row = ["loss", "fid", "kid"], ["bce", "1", "2"]
    assert texts(shown(Section("t", header, [row], panel=PANEL), LINKS, "c")) == [header, row]


def test_only_losses_of_the_panel_in_the_first_two_columns_are_linked() -> None:
    rows = [["bce", "lsgan", "bce"], ["other", "bce", "x"]]
    linked = shown(Section("t", ["loss", "against", "note"], rows, panel=PANEL), LINKS, "c")
    assert [[bool(entry.link) for entry in line] for line in linked.rows] == [
        [True, False, False],
        [False, True, False],
    ]
    alone = shown(Section("t", ["loss", "against", "note"], rows), LINKS, "c")
    assert not any(entry.link or entry.swatch for line in alone.rows for entry in line)


def test_columns_of_numbers_are_aligned_and_their_keys_are_numbers() -> None:
    rows = [["bce", "1,230 [1, 2]", "a"], ["lsgan", "0.5", "b"], ["wgangp", "no cell", "c"]]
    table = shown(Section("t", ["loss", "fid", "word"], rows), LINKS, "c")
    assert [entry.classes for entry in table.header] == ["", "n", ""]
    assert [line[1].key for line in table.rows] == ["1230.0", None, None]


def test_a_table_is_named_once_and_apart_from_others() -> None:
    own, none = (shown(Section(title, ["a"], []), LINKS, "Quality") for title in ("digits", ""))
    assert (own.title, own.label, own.hidden) == ("digits", "Quality: digits", False)
    assert (none.title, none.label, none.hidden) == ("Quality", "Quality", True)


def test_absolute_folders_are_left_out() -> None:
    table = shown(Section("of /home/me/data", ["a"], [["/home/me/data/x.png"]], "see /home/me/x"), LINKS, "c")
    assert not [text for text in (table.title, table.note, *texts(table)[1]) if "home" in text]


def test_each_group_has_one_place_and_cells_of_none_have_none() -> None:
    columns, rows = rows_of(document(), {})
    assert [column.text for column in columns] == ["loss", "seed", "status", "fid[digits]"]
    assert [bool(row.anchor) for row in rows] == [True, False] * 3 + [False]
    assert [row.group for row in rows] == [0, 0, 1, 1, 2, 2, None]
    assert [row.wrong for row in rows] == [False, True] * 3 + [True]


def test_addresses_of_records_are_spelled_as_such() -> None:
    cell = Trained("a", None, "bce", 0, "done", [], "p", "../50%/x #1?.json")
    _, (row,) = rows_of(replace(document(), cells=[cell], columns=[]), {})
    assert row.link == "../50%25/x%20%231%3F.json"


def test_places_are_given_once() -> None:
    anchors = Anchors()
    given = [anchors.new("t", title) for title in ("A", "a", "a-2", "<a>", "", "")]
    assert len(set(given)) == len(given)
