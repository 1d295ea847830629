"""The command line's parser."""

import argparse

from benchmarks.regression.judge import THRESHOLD
from gan_losses.command_line import Parser, natural, path, positive

PROGRAM = "python -m benchmarks.regression"
BLOCKS, LAUNCHES = 8, 3


def make_parser() -> argparse.ArgumentParser:
    """The parser of check, update, show and selftest."""
    parser = Parser(
        prog=PROGRAM,
        description="Guard the time of a step: against this device's stored baseline, or against another revision.",
        epilog=f"Example: {PROGRAM} check --against HEAD~1. Exit code: 0 nothing regressed, 1 a regression, 2 a mistake.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="check|update|show|selftest")
    check = commands.add_parser("check", help="measure and judge", allow_abbrev=False)
    check.add_argument(
        "--against", metavar="REV", help="a revision to measure beside this tree, not the stored baseline"
    )
    check.add_argument(
        "--threshold",
        type=positive(float),
        metavar="PERCENT",
        default=100 * THRESHOLD,
        help="what counts as worse (default: %(default)g)",
    )
    check.add_argument("--junit", type=path, metavar="FILE", help="write the verdicts as JUnit XML")
    check.add_argument("--markdown", type=path, metavar="FILE", help="write a comment for a pull request")
    update = commands.add_parser("update", help="measure and store this device's baseline", allow_abbrev=False)
    update.add_argument("--add", action="store_true", help="beside the stored sessions, not in their place")
    for each in (check, update):
        _add_cases(each)
        _add_measuring(each)
        each.add_argument("--out", type=path, metavar="FILE", help="write the raw recording as JSON")
    commands.add_parser("show", help="print the stored baselines", allow_abbrev=False)
    selftest = commands.add_parser(
        "selftest", help="examine the check itself: false alarms, and known delays found", allow_abbrev=False
    )
    selftest.add_argument("--quick", action="store_true", help="few blocks and few live checks: shows that it works")
    selftest.add_argument("--seed", type=natural, default=0, help="of the resampling (default: %(default)s)")
    selftest.add_argument("--threads", type=positive(int), default=1, help="of torch (default: %(default)s)")
    selftest.add_argument("--out", type=path, metavar="FILE", help="write the counts as JSON")
    return parser


def _add_cases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tasks", type=_names, metavar="A,B", default=(), help="only these (default: all that are guarded)"
    )
    parser.add_argument("--losses", type=_names, metavar="A,B", default=(), help="of each task (default: its own few)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: %(default)s")


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    number = positive(int)
    parser.add_argument(
        "--blocks", type=number, metavar="N", default=BLOCKS, help="of a case and launch (default: %(default)s)"
    )
    parser.add_argument(
        "--launches",
        type=number,
        metavar="N",
        default=LAUNCHES,
        help="fresh processes of a side (default: %(default)s)",
    )
    parser.add_argument("--threads", type=number, metavar="N", default=1, help="of torch (default: %(default)s)")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"expected names and commas, as in bce,lsgan, got {text!r}")
    return names
