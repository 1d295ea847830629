import argparse

import pytest

from gan_losses import command_line
from gan_losses.command_line import Parser, natural, path, positive, run_command, seconds, share, shortened, whole
from gan_losses.errors import UsageError


def raising(error):
    def command():
        raise error

    return command


def test_a_commands_own_code_is_its_exit_code() -> None:
    assert [run_command("it", lambda code=code: code) for code in (0, 1, 7)] == [0, 1, 7]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UsageError("two\nlines"), "it: two lines"),
        (
            OSError(28, "No space left on device", "a\nb"),
            "it: No space left on device: a b; mend that or name another place.",
        ),
        (OSError("odd"), "it: odd: what was to be written; mend that or name another place."),
    ],
)
def test_mistakes_and_full_disks_are_one_line_and_code_2(error, told, capsys) -> None:
    assert run_command("it", raising(error)) == 2
    assert capsys.readouterr().err == f"{told}\n"


def test_an_error_of_the_programs_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command("it", raising(ZeroDivisionError()))


def test_a_reader_that_hangs_up_ends_a_command_as_a_shell_has_it(monkeypatch, capsys) -> None:
    hung = []
    monkeypatch.setattr(command_line, "_hang_up", lambda: hung.append(True))
    assert run_command("it", raising(BrokenPipeError())) == 141
    assert hung == [True]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "²", "٣", "1_0", "nan", "9" * 5000, "1000000001"])
def test_whole_numbers_are_plain_digits_within_bounds(text) -> None:
    assert whole(text) is None
    for kind in (natural, positive(int)):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a"):
            kind(text)


@pytest.mark.parametrize("kind", [positive(float), seconds, share])
@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e400", "1e300", "٣", "x"])
def test_numbers_are_finite_and_within_bounds(kind, text) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a"):
        kind(text)


def test_numbers_within_bounds_pass() -> None:
    assert (natural("0"), positive(int)("007"), positive(float)("0.5"), seconds("0"), share("0.999")) == (
        0,
        7,
        0.5,
        0,
        0.999,
    )
    assert positive(int)("1000000000") == 1_000_000_000


def test_a_path_of_ones_home_is_found_and_an_empty_one_refused(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path("~/runs") == tmp_path / "runs"
    for text in ("", " ", "~no-such-user/x"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a path"):
            path(text)


def test_a_long_sentence_keeps_its_ends() -> None:
    told = shortened("--option " + "x" * 9000 + ": expected a number.")
    assert len(told) == 800
    assert told.startswith("--option x")
    assert told.endswith("x: expected a number.")


def test_the_parser_says_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"^unrecognized arguments: --nothing; see it --help.$"):
        Parser(prog="it").parse_args(["--nothing"])
