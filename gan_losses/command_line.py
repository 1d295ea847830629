"""What all commands share: a parser whose errors are one sentence, types of numbers, and how a command ends."""

import argparse
import os
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from gan_losses.errors import UsageError

MISTAKE, BROKEN_PIPE = 2, 141
MOST = 1_000_000_000  # of steps, seconds, images, …: far above all that can be meant
LONGEST = 16_384  # characters of one argument
TOLD = 800  # characters of a sentence that quotes what came


class Parser(argparse.ArgumentParser):
    """A parser whose errors are a `UsageError`, and that takes nothing but text."""

    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        raise UsageError(shortened(f"{message}; see {self.prog} --help."))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """As argparse does, also where nobody reads the help to its end."""
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _hang_up()
        super().exit(status, message)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does, after a look at every argument.

        Raises:
            UsageError: an argument has control characters or bytes that are no text, or is endless.
        """
        given = sys.argv[1:] if args is None else list(args)
        for argument in given:
            check_text(argument)
        return super().parse_known_args(given, namespace)


def check_text(argument: str) -> None:
    r"""Refuse what no name, number or path has; it would break lines, file names or records later on.

    Raises:
        UsageError: control characters, half a surrogate pair (bytes that are not UTF-8), or too many characters.

    Example:
        >>> check_text("--out=a\nb")
        Traceback (most recent call last):
        gan_losses.errors.UsageError: '--out=a\nb' has the character '\n', which is no text; leave it out.
    """
    if len(argument) > LONGEST:
        raise UsageError(
            f"{argument[:40]!r}… has {len(argument):,} characters; {LONGEST:,} are the most of one argument."
        )
    for character in argument:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise UsageError(
                shortened(f"{argument!r} has the character {character!r}, which is no text; leave it out.")
            )
    option, equals, value = argument.partition("=")
    if option.startswith("--") and equals and value == "--":  # argparse would drop it and give an empty list
        raise UsageError(f"{argument!r}: expected a value after {option}=, got '--'.")


def shortened(sentence: str) -> str:
    r"""The sentence in one line, without the middle of what is too long to be read.

    Example:
        >>> shortened("two\nlines"), len(shortened("x" * 5000))
        ('two lines', 800)
    """
    line = " ".join(sentence.splitlines())
    if len(line) <= TOLD:
        return line
    half = (TOLD - 3) // 2
    return f"{line[: TOLD - 3 - half]} … {line[-half:]}"


def whole(text: str, most: int = MOST) -> int | None:
    """The whole number of 0 up to `most` that the text is in plain digits; None if it is none.

    Example:
        >>> whole("12"), whole("-1"), whole("1_0"), whole("٣"), whole("9" * 5000)
        (12, None, None, None, None)
    """
    digits = text.lstrip("0") or "0"
    if not (text and text.isascii() and text.isdecimal()) or len(digits) > len(str(most)):
        return None
    return number if (number := int(digits)) <= most else None


def natural(text: str) -> int:
    """An argparse type: a whole number of 0 or more."""
    number = whole(text.strip())
    if number is None:
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more{_most(text)}, got {text!r}")
    return number


def _most(text: str) -> str:
    """The bound, for a sentence on a number that is beyond it."""
    return f", at most {MOST:,}" if text.strip().isdecimal() and text.isascii() else ""


def seconds(text: str) -> float:
    """An argparse type: a number of 0 or more."""
    value = _number(text)
    if not 0 <= value <= MOST:
        most = f", at most {MOST:,}" if value > MOST else ""
        raise argparse.ArgumentTypeError(f"expected a number of seconds, 0 or more{most}, got {text!r}")
    return value


def share(text: str) -> float:
    """An argparse type: a number from 0 up to, but not, 1."""
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 0 and below 1, got {text!r}")
    return value


def path(text: str) -> Path:
    """An argparse type: a file or folder; ~ is the user's own, also where the shell has left it."""
    try:
        if text.strip():
            return Path(text).expanduser()
    except RuntimeError:  # nobody of that name
        pass
    raise argparse.ArgumentTypeError(f"expected a path, got {text!r}")


def positive(kind: type) -> Callable[[str], Any]:
    """An argparse type: a number of that kind above 0, up to `MOST`."""

    def convert(text: str) -> Any:
        value = (whole(text.strip()) or 0) if kind is int else _number(text)
        if not 0 < value <= MOST:
            noun = "whole number" if kind is int else "number"
            most = f" of at most {MOST:,}" if MOST < _number(text) < float("inf") else ""
            raise argparse.ArgumentTypeError(f"expected a positive {noun}{most}, got {text!r}")
        return value

    return convert


def _number(text: str) -> float:
    """The text as a number; -1 if it is none."""
    try:
        return float(text) if text.isascii() else -1.0
    except ValueError:
        return -1.0


def run_command(name: str, command: Callable[[], int]) -> int:
    """The exit code of a command; what a user did wrong, and a disk or a reader that is gone, is told in one line.

    Args:
        name: of the program, which begins the line.
        command: returns its exit code.

    Returns:
        The command's code; 2 after a mistake; 141 where the reader of the output has closed it, as shells have it.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without our characters is no reason to stop
    try:
        code = command()
        sys.stdout.flush()
    except UsageError as error:
        print(f"{name}: {shortened(str(error))}", file=sys.stderr)
    except BrokenPipeError:
        _hang_up()
        return BROKEN_PIPE
    except OSError as error:
        what = f"{error.strerror or error}: {error.filename or 'what was to be written'}"
        print(f"{name}: {shortened(what)}; mend that or name another place.", file=sys.stderr)
    else:
        return code
    return MISTAKE


def _hang_up() -> None:
    """Write to nobody from here on; else Python complains when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
