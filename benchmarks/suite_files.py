"""Suite files, shipped or the user's own: options by their names, checked by the command line's own parser."""

import argparse
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.parser import SOURCES, SUITES, TARGETS, make_parser, preset_names, read_preset
from benchmarks.quoted import quoted
from gan_losses.command_line import Parser, check_text, shortened
from gan_losses.errors import UsageError, unknown_name
from gan_losses.tasks import TASKS

QUICK = "quick"
ENDING = ".toml"
LARGEST = 256 * 1024  # bytes
FLAGS = argparse.BooleanOptionalAction, argparse._StoreTrueAction
LISTS = ("A,B", "LIST", SOURCES, TARGETS)  # how the parser shows that an option takes several values
# What one call is asked for, never a suite: where it writes and reads, what it may fetch, overwrite or pass by.
OF_A_CALL = (
    *("help", "preset", "list", "dry-run", "quiet", "out", "data-root", "download"),
    *("force", "retry", "unexamined", "tensorboard"),
    *("executor", "address", "cpus-per-cell", "gpus-per-cell", "storage", "node-retries"),
)
ABOVE = ("task", "summary")  # stand above all tables


@dataclass(frozen=True)
class Suite:
    """What a suite file says.

    Attributes:
        name: of the preset, or the stem of the user's file.
        place: what to call it in an error; "" for a shipped one, whose values need no excuse.
        content: as it was read.
    """

    name: str
    place: str
    content: dict[str, Any]

    def task(self) -> str | None:
        """The task that it is for: the one it names, or has its only table for; None where it leaves that open."""
        tables = [name for name in self.content if name in TASKS]
        task = self.content.get("task", tables[0] if len(tables) == 1 else None)
        if task is not None and (not isinstance(task, str) or task not in TASKS):
            raise UsageError(f"{self.place}task: {unknown_name('task', str(task), TASKS)}")
        return task

    def values(self, task: str) -> dict[str, Any]:
        """Option -> value: what it says of all tasks, then what it says of this one in a table of its own.

        Raises:
            UsageError: it is for other tasks, or a key or value that no option has.
        """
        tables = [name for name in self.content if name in TASKS]
        if tables and task not in tables:
            raise UsageError(f"preset {self.name} is for {' and '.join(tables)}, and --task {task} came: take another.")
        parser = make_parser()
        found: dict[str, Any] = {}
        for name in self.content:  # all tables are checked, whichever is asked for
            if name in TASKS:
                own = dict(self._read(parser, _table(self.place, name, self.content[name]), f"{name}."))
                found |= own if name == task else {}
        common = {name: value for name, value in self.content.items() if name not in TASKS}
        return {**dict(self._read(parser, common, "")), **found}

    def _read(self, parser: Parser, table: Mapping[str, Any], inside: str) -> Iterator[tuple[str, Any]]:
        options = suite_options(parser)
        for key, value in table.items():
            try:
                if key in ABOVE and not inside:
                    _summary(value)
                elif key in TOGETHER:
                    yield key, TOGETHER[key](value)
                else:
                    yield _read_option(parser, options, key, value)
            except UsageError as error:
                raise UsageError(f"{self.place}{inside}{key}: {error}") from None


def find_suite(text: str) -> Suite:
    """The suite that `--preset` names: one of this suite's, or a file that ends in .toml.

    Raises:
        UsageError: there is none, or its file cannot be read.
    """
    if text.endswith(ENDING):
        return read_suite(Path(text))
    known = preset_names()
    if text not in known:
        raise unknown_name("preset", text, [*known, f"FILE{ENDING}"])
    return Suite(text, "", read_preset(text))


def read_suite(path: Path) -> Suite:
    """A suite file of the user's own.

    Raises:
        UsageError: it cannot be read, or is no TOML; with the line.
    """
    place = f"preset {path}"
    try:
        if not path.is_file():
            raise UsageError(f"{place} is no file; check the path.")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{place} cannot be read ({error.strerror}); check the path.") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{place} is larger than {LARGEST // 1024} KiB: that is no suite file.")
    try:
        content = tomllib.loads(raw.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise UsageError(f"{place} is no text in UTF-8: that is no suite file.") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets nested as deep
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise UsageError(f"{place} is no TOML: {shortened(reason)}.") from None
    return Suite(path.stem, f"{place}: ", content)


def default_out(suite: Suite) -> Path:
    """Where a suite's run goes unless `--out` says so.

    Raises:
        UsageError: a file whose stem is no name for a folder, or that of a shipped preset.
    """
    if suite.place:
        if (SUITES / f"{suite.name}{ENDING}").is_file():
            reason = f"would go where preset {suite.name} goes"
            raise UsageError(f"{suite.place}its run {reason}; rename the file, or say where with --out.")
        if not suite.name.strip(". "):
            raise UsageError(f"{suite.place}its name is none for a folder; rename the file, or say where with --out.")
    return Path("runs") / suite.name


def suite_options(parser: Parser) -> dict[str, argparse.Action]:
    """Every option that a suite file may give, by its key.

    Example:
        >>> list(suite_options(make_parser()))[:3]
        ['losses', 'penalties', 'recipe']
    """
    named = {action.dest.replace("_", "-"): action for action in parser._actions}  # argparse tells them nowhere else
    return {name: action for name, action in named.items() if name not in (*OF_A_CALL, "task")}


def _read_option(parser: Parser, options: Mapping[str, argparse.Action], key: str, value: Any) -> tuple[str, Any]:
    """The option's name and its value, as if it had stood on the command line."""
    if key in ABOVE:
        raise UsageError("it stands above all tables; write it there.")
    if key in OF_A_CALL:
        raise UsageError(f"a suite file does not decide that; say --{key} on the command line.")
    if key not in options:
        raise unknown_name("key", key, [*ABOVE, *options, "published"])
    action = options[key]
    if isinstance(action, FLAGS):
        if not isinstance(value, bool):
            raise UsageError(f"expected true or false, got {value!r:.60}.")
        return action.dest, value
    several = isinstance(value, list) and action.metavar in LISTS
    text = ",".join(map(_as_text, value)) if several else _as_text(value)
    try:
        read = parser.parse_args([f"--{key}={text}"])
    except UsageError as error:
        reason = str(error).removeprefix(f"argument --{key}: ")
        raise UsageError(f"{(reason.rpartition('; see ')[0] or reason).rstrip('.')}.") from None
    return action.dest, getattr(read, action.dest)


def _as_text(value: Any) -> str:
    """A value of TOML as it would be typed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        kinds = {bool: "true or false", dict: "a table", list: "an array"}
        raise UsageError(f"expected a text or a number, got {kinds.get(type(value), type(value).__name__)}.")
    return str(value)


def _table(place: str, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{place}{key}: expected a table, [{key}], got {value!r:.60}.")
    return value


def _assignments(table: str, value: Any) -> list[str]:
    """A table of settings with their values, as the texts that `--sweep` and `--grid` take."""
    texts = []
    for name, several in _table("", table, value).items():
        if not isinstance(several, list) or not several:
            raise UsageError(f"{name}: expected an array of values, as in [1, 3, 10], got {several!r:.60}.")
        texts.append(f"{name}={','.join(map(_as_text, several))}")
        check_text(texts[-1])
    return texts


def _space(value: Any) -> list[str]:
    """A table of ranges and values, as the texts that `--space` takes."""
    texts = []
    for name, said in _table("", "space", value).items():
        texts.append(f"{name}={','.join(map(_as_text, said if isinstance(said, list) else [said]))}")
        check_text(texts[-1])
    return texts


def _summary(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"expected a text, got {value!r:.60}.")
    check_text(value)
    return value


# What is no single value.
TOGETHER: Mapping[str, Callable[[Any], Any]] = {
    "sweep": partial(_assignments, "sweep"),
    "grid": partial(_assignments, "grid"),
    "space": _space,
    "published": quoted,
}
