"""Examine losses: python -m gan_losses.conformance bce my_loss.py:MyLoss."""

import argparse
import sys
from collections.abc import Iterable, Sequence

import torch

from gan_losses.command_line import Parser, run_command
from gan_losses.conformance.base import Outcome
from gan_losses.conformance.examination import CHECKS, examine
from gan_losses.losses import LOSSES, get_loss

PROGRAM = "python -m gan_losses.conformance"
BAR = r"\|"
Rows = list[tuple[str, ...]]


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog=PROGRAM,
        description="Examine losses: do they keep the contract, and is all true that they declare of themselves?",
        epilog=f"Example: {PROGRAM} my_loss.py:MyLoss bce+r1:10",
        allow_abbrev=False,
    )
    parser.add_argument(
        "losses", nargs="*", metavar="NAME", help="losses as in benchmarks.run; none: all of this suite"
    )
    parser.add_argument("--all", action="store_true", help="all losses of this suite, also without a NAME")
    parser.add_argument("--quick", action="store_true", help="leave out the checks that train a discriminator")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table, for a page")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0 all passed, 1 a check failed, 2 a user's mistake."""
    return run_command("gan_losses.conformance", lambda: _examine(make_parser().parse_args(arguments)))


def _examine(options: argparse.Namespace) -> int:
    names = [*options.losses, *(LOSSES if options.all or not options.losses else ())]
    losses = {name: get_loss(name) for name in names}
    torch.set_num_threads(1)  # the tensors are tiny
    outcomes = {name: examine(loss, options.quick) for name, loss in losses.items()}
    shown = markdown if options.markdown else plain
    if len(outcomes) == 1:
        print(shown(*of_one(next(iter(outcomes.values())))))
    else:
        print(page(outcomes) if options.markdown else plain(*of_many(outcomes)))
    return int(any(outcome.status == "failed" for found in outcomes.values() for outcome in found))


def of_one(outcomes: Iterable[Outcome]) -> tuple[tuple[str, ...], Rows]:
    """Columns and rows: a check each."""
    return ("check", "result", "figure"), [(outcome.check, outcome.status, outcome.figure) for outcome in outcomes]


def of_many(outcomes: dict[str, list[Outcome]]) -> tuple[tuple[str, ...], Rows]:
    """Columns and rows: a loss each."""
    rows: Rows = []
    for name, found in outcomes.items():
        counts = [sum(outcome.status == status for outcome in found) for status in ("passed", "failed", "skipped")]
        failed = "; ".join(f"{outcome.check}: {outcome.figure}" for outcome in found if outcome.status == "failed")
        rows.append((name, *map(str, counts), failed or "none", reasons(found) or "none"))
    return ("loss", "passed", "failed", "skipped", "failed checks", "why skipped"), rows


TOLD = (
    "slope",
    "alive",
    "equilibrium",
    "optimum",
    "divergence",
    "penalty-value",
)  # checks whose figures tell losses apart


def figures(outcomes: dict[str, list[Outcome]]) -> tuple[tuple[str, ...], Rows]:
    """Columns and rows: a loss each, with the figures of the checks that tell losses apart."""
    rows: Rows = []
    for name, found in outcomes.items():
        by_check = {outcome.check: outcome.figure for outcome in found}
        rows.append((name, *(by_check[check] for check in TOLD)))
    return ("loss", *TOLD), rows


def page(outcomes: dict[str, list[Outcome]]) -> str:
    """All tables for many losses as a Markdown page."""
    tables = {
        "The examination of the losses": of_many(outcomes),
        "What was found": figures(outcomes),
        "The checks": explained(),
    }
    return "\n\n".join(f"## {title}\n\n{markdown(*table)}" for title, table in tables.items())


def reasons(outcomes: Iterable[Outcome]) -> str:
    """The reasons of the skipped ones, each with how many it accounts for.

    Example:
        >>> reasons([Outcome("optimum", "skipped", "none declared"), Outcome("mean", "passed", "1")])
        'none declared (1)'
    """
    found = [outcome.figure for outcome in outcomes if outcome.status == "skipped"]
    return ", ".join(f"{reason} ({found.count(reason)})" for reason in dict.fromkeys(found))


def explained() -> tuple[tuple[str, ...], Rows]:
    """Columns and rows: each check with its docstring."""
    texts = {name: " ".join((check.__doc__ or "").split()) for name, check in CHECKS.items()}
    return ("check", "what it asks, and the mistake it is meant for"), list(texts.items())


def plain(columns: tuple[str, ...], rows: Rows) -> str:
    """A table in columns.

    Example:
        >>> print(plain(("loss", "passed"), [("bce", "19")]))
        loss  passed
        bce   19
    """
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (columns, *rows))
    return "\n".join(line.rstrip() for line in lines)


def markdown(columns: tuple[str, ...], rows: Rows) -> str:
    r"""A Markdown table, in which a bar does not end a cell.

    Example:
        >>> print(markdown(("check", "figure"), [("finite", "|slope| up to 1")]))
        | check | figure |
        |---|---|
        | finite | \|slope\| up to 1 |
    """
    lines = [f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in (columns, *rows)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])


if __name__ == "__main__":
    sys.exit(main())
