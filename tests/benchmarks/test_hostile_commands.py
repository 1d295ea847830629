"""Whatever is typed: options, or one sentence in one line; never a traceback, and nothing is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks import comparisons, loading, loss_cost, parity, peaks, run
from benchmarks.options import Options, read_options
from benchmarks.parser import make_parser
from benchmarks.regression.options import make_parser as make_regression_parser
from gan_losses.conformance.__main__ import make_parser as make_conformance_parser
from gan_losses.errors import UsageError

SWIFT = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
HOSTILE = [
    *("", " ", "\n", "a\nb", "\0", "\udcff", "--", "-", "@file", "<script>", "x" * 20_000, "9" * 5000, "=", "=1"),
    *("1e400", "1" + 40 * "0", "-1", "-0", "nan", "inf", "-inf", "0x10", "1_0", "٣", "²", "①", "1.5", "0", "1", "16"),
    *("bce", "lsgan:²", "lsgan:nan", "bce+", "+bce", ":", ":bce", "bce:", "bce::", "bce+r1:10:every=16", "r1:every=0"),
    *("bce+r1:every=" + "9" * 5000, "bce+r1:1e400", "no_such.module:Class", "a file.py:Loss", "a:b.py:C", ".py:"),
    *("..:x", "a..b:c", "builtins:object", "math:pi", "gan_losses.losses:LOSSES", "spectral:1", "clip:nan", "none"),
    *("0-4", "0-٣", "0-", "0-4-5", "0," * 9, "0-999,1000-1999", "4-1", "auto", "dcgan", "cyclegan", "smoke", "digits"),
    *("cycle-weight=1", "width=4,8", "width=1e400", "image-size=16", "width=", "layers=900000,3"),
    *(
        "~",
        "~nobody/x",
        "/",
        "/dev/null/x",
        "x" * 300,
        "x/" * 3000,
        "images:",
        "images:/nowhere",
        "facades:c",
        "a.toml",
    ),
]
COMMANDS = {
    "run": make_parser,
    "step_time": lambda: comparisons.make_parser("title"),
    "loading": loading.make_parser,
    "peaks": peaks.make_parser,
    "parity": parity.make_parser,
    "loss_cost": loss_cost.make_parser,
    "regression": make_regression_parser,
    "conformance": make_conformance_parser,
}


def names(make):
    return sorted(name for action in make()._actions for name in action.option_strings)


OPTIONS = names(make_parser)
VALUES = st.sampled_from(HOSTILE) | st.text(max_size=12)


def arguments(options):
    pair = st.tuples(st.sampled_from(options), VALUES)
    typed = st.one_of(pair.map(list), pair.map(lambda both: ["=".join(both)]), VALUES.map(lambda value: [value]))
    return st.lists(typed, min_size=1, max_size=4).map(lambda parts: [word for part in parts for word in part])


def assert_help(end):
    assert end.code == 0


def assert_sentence(text):
    assert text
    assert text.splitlines() == [text]
    assert len(text) < 1000


@settings(max_examples=120, **SWIFT)
@given(arguments(OPTIONS))
def test_any_command_line_gives_options_or_one_sentence(tmp_path_factory, capsys, typed) -> None:
    try:
        assert isinstance(read_options(typed), Options)
    except UsageError as error:
        assert_sentence(str(error))
    except SystemExit as end:
        assert_help(end)


@pytest.mark.parametrize("option", [name for name in OPTIONS if name not in ("-h", "--help")])
def test_no_option_takes_control_characters_broken_text_or_a_lonely_dash(option) -> None:
    for value in ("a\nb", "\0", "\udcff", "\x1b[31m", "--", "x" * 20_000):
        with pytest.raises(UsageError) as caught:
            read_options([f"{option}={value}"])
        assert_sentence(str(caught.value))


@settings(max_examples=15, **SWIFT)
@given(st.data())
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "run"])
def test_every_other_command_parses_or_says_one_sentence(name, capsys, data) -> None:
    make = COMMANDS[name]
    typed = data.draw(arguments(names(make)))
    try:
        make().parse_args(typed)
    except UsageError as error:
        assert_sentence(str(error))
    except SystemExit as end:
        assert_help(end)


@pytest.mark.parametrize("command", [loading, parity, peaks, loss_cost])
def test_a_mistake_on_a_command_line_ends_it_with_code_2(command, capsys) -> None:
    assert command.main(["--threads=-1"]) == 2
    told = capsys.readouterr().err
    assert_sentence(told.rstrip("\n"))
    assert "--threads" in told


def test_parity_asks_for_its_output_folder_before_minutes_of_work(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(parity, "report", lambda options: pytest.fail("it has begun"))
    for place in (tmp_path, tmp_path / "nowhere" / "tables.md"):
        assert parity.main(["--out", str(place)]) == 2
        assert "expected a file in a folder that is there" in capsys.readouterr().err


@settings(max_examples=20, **SWIFT)
@given(arguments([name for name in OPTIONS if name not in ("-h", "--help", "--download")]))
@example(["--seeds", "3", "--losses", "bce+r1:10:every=16"])
def test_a_dry_run_of_anything_ends_with_a_code_and_writes_nothing(tmp_path_factory, typed) -> None:
    folder = tmp_path_factory.mktemp("dry")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(run.listing, "estimate", lambda *parts: 1.0)
        code = run.main([*typed, "--dry-run", "--preset", "smoke", "--data", "digits", "--image-size", "16"])
    assert code in (0, 2)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--width 100000", "networks of task dcgan .* need .* GiB to be trained"),
        ("--width 99999999999", "expected a whole number of at most 1,000,000"),
        ("--task cyclegan --layers 1000000000", "expected a whole number of at most 1,000,000"),
        ("--task cyclegan --image-size 100000", "at most 8192 pixels"),
        ("--task cyclegan --crop 100000", "at most 8192 pixels"),
        ("--batch-size 900000000", "the images of a step need"),
        ("--steps 99999999999", "positive whole number of at most 1,000,000,000"),
        ("--seconds 1e300", "positive number of at most 1,000,000,000"),
        ("--eval-every 1" + 40 * "0", "at most 1,000,000,000"),
        ("--checkpoint-every 1e300", "at most 1,000,000,000"),
        ("--seeds 0-999,1000-1999", "at most 1000 seeds"),
        ("--seeds 0-" + 50 * "9", "expected numbers and ranges up to 9223372036854775807"),
        ("--workers 100000", "at most 1024"),
        (f"--sweep width={','.join(map(str, range(1, 300)))} --sweep latents=1,2,3,4,5", "are more than 100,000"),
        ("--out /", "around it"),
        ("--out ~", "your home"),
        (f"--out {Path(run.__file__).parent}/out", "part of the program"),
        ("--out here --data-root here", "the folder of the data"),
    ],
)
def test_what_no_machine_could_do_is_refused(arguments, sentence, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert_sentence(str(caught.value))


def test_what_is_large_but_can_be_meant_passes() -> None:
    options = read_options("--steps 1000000 --batch-size 4096 --width 256".split())
    assert (options.steps, options.batch_size, options.settings["width"]) == (1_000_000, 4096, 256)
    assert read_options(["--seeds", "20240101123456"]).seeds == (20240101123456,)
    assert read_options("--preset thorough --task cyclegan --image-size 1024".split()).settings["image_size"] == 1024


@pytest.mark.parametrize("option", ["--help", "--list"])
def test_a_reader_that_hangs_up_is_no_error(option) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        call = [sys.executable, "-m", "benchmarks.run", option]
        ended = subprocess.run(call, stdout=closed, stderr=subprocess.PIPE, text=True, check=False, timeout=300)
    assert ended.stderr == ""
