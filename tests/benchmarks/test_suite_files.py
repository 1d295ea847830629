import copy
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.listing import everything
from benchmarks.options import Options, read_options
from benchmarks.parser import SUITES, make_parser, presets
from benchmarks.suite_files import Suite, suite_options
from gan_losses.errors import UsageError

SWIFT = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def assert_one_line(error):
    assert str(error).splitlines() == [str(error)]


def own(tmp_path, text, *arguments, name="mine.toml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_options(["--preset", str(path), *arguments])


def test_a_file_of_ones_own_is_a_preset_and_names_the_output_folder(tmp_path) -> None:
    options = own(tmp_path, 'losses = ["lsgan", "bce"]\n[dcgan]\nseeds = [3, 5]\nsteps = 12\nflip = true\nwidth = 8\n')
    assert (options.losses, options.seeds, options.steps, options.flip) == (("lsgan", "bce"), (3, 5), 12, True)
    assert (options.preset, options.out, options.settings["width"]) == ("mine", Path("runs/mine"), 8)
    quick = read_options([])
    assert (options.recipe, options.batch_size, options.eval_every) == (
        quick.recipe,
        quick.batch_size,
        quick.eval_every,
    )


def test_the_command_line_wins_over_the_file(tmp_path) -> None:
    options = own(tmp_path, "seconds = 60\nwidth = 8\n[sweep]\nlatents = [4, 8]\n", *"--steps 7 --out there".split())
    assert (options.steps, options.seconds, options.out) == (7, None, Path("there"))
    assert options.sweep == {"latents": (4, 8)}


def test_a_file_with_one_table_is_for_that_task(tmp_path) -> None:
    assert own(tmp_path, "[cyclegan]\nsteps = 3\n").task == "cyclegan"
    with pytest.raises(UsageError, match="is for cyclegan, and --task dcgan came"):
        own(tmp_path, "[cyclegan]\nsteps = 3\n", "--task", "dcgan")


def test_a_loss_file_may_be_named_in_ones_own_suite_and_in_no_shipped_one(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"losses: loss 'nowhere.py:Mine': nowhere.py cannot be read"):
        own(tmp_path, 'losses = "nowhere.py:Mine"\n')
    for suite in presets().values():
        tables = [suite, *(table for table in suite.values() if isinstance(table, dict))]
        named = [str(table.get(key, "")) for table in tables for key in ("losses", "features")]
        assert not [name for name in named if ".py" in name or ":" in name]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("losses =\n", "is no TOML: Invalid value .at line 1"),
        ("a = 1\na = 2\n", "is no TOML: Cannot overwrite"),
        (b"\xff\xfe", "is no text in UTF-8"),
        ("a = " + "[" * 3000, "nested too deeply"),
        ("steps = " + "9" * 5000, "is no TOML"),
        ("#" * 300_000, "larger than 256 KiB"),
        ("stepz = 1", "stepz: unknown key 'stepz': did you mean 'steps'"),
        ("image_size = 16", "image_size: unknown key 'image_size': did you mean 'image-size'"),
        ("steps = 0", "steps: expected a positive whole number, got '0'"),
        ("steps = true", "steps: expected a text or a number, got true or false"),
        ("steps = [1]", "steps: expected a text or a number, got an array"),
        ("steps = 1979-05-27", "steps: expected a text or a number, got date"),
        ("flip = 1", "flip: expected true or false, got 1"),
        ("real = 'training'", "real: invalid choice"),
        ("losses = 'lsgna'", "losses: unknown loss 'lsgna'"),
        ("losses = 'a\\nb'".replace("'", '"'), "losses: .* is no text"),
        ("seeds = -1", "seeds: --seeds -1: expected numbers and ranges"),
        ("task = 'dcgann'", "task: unknown task 'dcgann': did you mean 'dcgan'"),
        ("task = ['dcgan']", "task: unknown task"),
        ("summary = 1", "summary: expected a text"),
        ("dcgan = 1", "dcgan: expected a table"),
        ("[dcgan]\nwidth = {}", "dcgan.width: expected a text or a number, got a table"),
        ("[dcgan]\ntask = 'dcgan'", "dcgan.task: it stands above all tables"),
        ("[dcgan]\nblocks = 3", "--blocks is no setting of task dcgan"),
        ("[cyclegan]\nsteps = 0\n[dcgan]\n", "cyclegan.steps: expected a positive"),
        ("steps = 1\nseconds = 1", "exclude each other"),
        ("sweep = 1", "sweep: expected a table"),
        ("[sweep]\nwidth = 4", "sweep: width: expected an array"),
        ("[sweep]\nwidth = [[4]]", "sweep: expected a text or a number, got an array"),
        ("[sweep]\nwidht = [4]", "unknown setting to sweep 'widht': did you mean 'width'"),
        ("published = 1", "published: expected tables"),
        ("[[published]]\nloss = 'bce'", "published: network is missing"),
        ("[[published]]\nlos = 'bce'", "published: unknown key 'los': did you mean 'loss'"),
        ("[[published]]\nloss = 1", "published: loss: expected a text"),
        *(
            (f"{key} = true", f"{key}: a suite file does not decide that")
            for key in ("force", "download", "unexamined")
        ),
        *((f"{key} = '/'", f"{key}: a suite file does not decide that") for key in ("out", "data-root", "preset")),
    ],
)
def test_mistakes_in_a_suite_file_name_the_file_and_the_key(text, sentence, tmp_path) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        own(tmp_path, text)
    assert str(caught.value).startswith(f"preset {tmp_path / 'mine.toml'}")
    assert str(caught.value).splitlines() == [str(caught.value)]


def test_what_is_no_file_is_told(tmp_path) -> None:
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")  # to be opened it would wait for somebody to write
    for name in ("folder.toml", "pipe.toml", "nowhere.toml", "x" * 300 + ".toml", "a/" * 3000 + ".toml"):
        with pytest.raises(UsageError, match=r"is no file|cannot be read"):
            read_options(["--preset", str(tmp_path / name)])


def test_a_file_that_would_write_where_a_shipped_preset_does_has_to_say_where(tmp_path) -> None:
    with pytest.raises(UsageError, match="would go where preset quick goes"):
        own(tmp_path, "", name="quick.toml")
    assert own(tmp_path, "", "--out", "there", name="quick.toml").out == Path("there")
    with pytest.raises(UsageError, match="its name is none for a folder"):
        own(tmp_path, "", name="...toml")


def test_every_key_of_a_suite_is_an_option_and_every_shipped_key_a_suites() -> None:
    keys = set(suite_options(make_parser()))
    assert {"losses", "steps", "flip", "cycle-weight", "deterministic"} <= keys
    assert not keys & {"out", "force", "download", "list", "help", "preset"}
    for path in SUITES.glob("*.toml"):
        assert read_options(["--preset", path.stem]).preset == path.stem


def test_the_list_explains_suite_files_of_ones_own() -> None:
    assert "FILE.toml" in everything()


JUNK = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 10**40, 1.5, float("nan"), float("inf"), "", "\n", "٣", "x" * 20_000]),
    st.text(max_size=8),
    st.lists(st.integers(-3, 3) | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
).filter(lambda value: value is not None)


@st.composite
def mutated(draw):
    content = copy.deepcopy(draw(st.sampled_from(list(presets().values()))))
    for _ in range(draw(st.integers(1, 3))):
        table = draw(st.sampled_from([content, *(value for value in content.values() if isinstance(value, dict))]))
        key = draw(st.sampled_from([*table] or [""]))
        how = draw(st.sampled_from(["drop", "retype", "nest", "rename"]))
        value = table.pop(key, 1) if how in ("drop", "rename") else table.get(key)
        if how == "retype":
            table[key] = draw(JUNK)
        elif how == "nest":
            table[key] = {key: value}
        elif how == "rename":
            table[draw(st.text(max_size=6) | st.sampled_from([*content, "out", "dcgan", "sweep"]))] = value
    return content


@settings(max_examples=30, **SWIFT)
@given(mutated())
def test_a_mutated_suite_gives_options_or_one_sentence(content) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.options.find_suite", lambda text: as_own(content) if text == "own" else shipped(text))
        try:
            assert isinstance(read_options(["--preset", "own"]), Options)
        except UsageError as error:
            assert_one_line(error)


def as_own(content):
    return Suite("mine", "preset mine.toml: ", content)


def shipped(name):
    return Suite(name, "", presets()[name])


@settings(max_examples=30, **SWIFT)
@given(st.data())
def test_bytes_changed_in_a_suite_file_give_options_or_one_sentence(tmp_path, data) -> None:
    raw = bytearray(data.draw(st.sampled_from([path.read_bytes() for path in sorted(SUITES.glob("*.toml"))])))
    for _ in range(data.draw(st.integers(1, 4))):
        place, more = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.binary(max_size=3))
        raw[place : place + data.draw(st.integers(0, 2))] = more
    try:
        assert isinstance(own(tmp_path, bytes(raw)), Options)
    except UsageError as error:
        assert_one_line(error)
