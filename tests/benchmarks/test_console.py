import io

import pytest
from rich.console import Console as RichConsole

from benchmarks import console as module
from benchmarks.console import Console
from benchmarks.events import Event


def told(quiet: bool = False, terminal: bool = False) -> tuple[Console, io.StringIO]:
    console, buffer = Console(quiet), io.StringIO()
    console.out = RichConsole(file=buffer, force_terminal=terminal, width=140, highlight=False)
    return console, buffer


def test_plain_lines_off_a_terminal(cells, monkeypatch) -> None:
    monkeypatch.setattr(module, "PLAIN_SECONDS", 0.0)
    console, buffer = told()
    with console.progress(cells=2, steps=8) as progress:
        progress.update(Event("progress", cells[0], 2, {"discriminator_image": 0.5}))
        progress.update(Event("ended", cells[0], detail="done"))
        progress.update(Event("died", cells[1], detail="its process was killed by SIGKILL"))
    lines = buffer.getvalue().splitlines()
    assert "2/8 steps" in lines[0]
    assert "discriminator_image 0.5" in lines[0]
    assert lines[1].startswith("[1/2]")
    assert "SIGKILL" in lines[2]
    assert "\x1b" not in buffer.getvalue()


def test_nested_bars_on_a_terminal(cells) -> None:
    console, buffer = told(terminal=True)
    with console.progress(cells=2, steps=8) as progress:
        progress.update(Event("progress", cells[0], 2, {"discriminator_image": 0.5}))
        progress.bars.refresh()
        progress.update(Event("ended", cells[0], detail="done"))
        progress.bars.refresh()
    assert "0/2 cells" in buffer.getvalue()
    assert "1/2 cells" in buffer.getvalue()
    assert "discriminator_image 0.5" in buffer.getvalue()


def test_more_cells_than_lines_leave_room_for_what_counts_them_all(cells) -> None:
    console, buffer = told(terminal=True)
    console.out = RichConsole(file=buffer, force_terminal=True, width=140, height=module.BESIDE + 2, highlight=False)
    with console.progress(cells=len(cells), steps=4 * len(cells)) as progress:
        for cell in cells:
            progress.update(Event("progress", cell, 3, {}))
        assert len(progress.bars.tasks) == 1 + 2
        assert progress.bars.tasks[0].completed == 3 * len(cells)
        progress.update(Event("progress", cells[0], 1, {}))  # it goes on from a checkpoint
        assert progress.bars.tasks[0].completed == 3 * len(cells) - 2


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_says_results_only(cells, terminal) -> None:
    console, buffer = told(quiet=True, terminal=terminal)
    with console.progress(cells=1, steps=4) as progress:
        progress.update(Event("ended", cells[0], detail="done"))
    console.say("no")
    console.table("no", ["no"], [["no"]])
    console.result("Report: x")
    assert buffer.getvalue() == "Report: x\n"


def test_brackets_in_names_are_no_markup() -> None:
    console, buffer = told()
    console.table("Medians [bold]", ["loss", "best fid[digits]"], [["[red]x", "[/]1"]])
    console.say("[red]bce")
    for text in ("Medians [bold]", "best fid[digits]", "[red]x", "[/]1", "[red]bce"):
        assert text in buffer.getvalue()
