import sys

import pytest

from gan_losses.errors import UsageError
from gan_losses.places import DIGEST, is_place, load_module


@pytest.mark.parametrize("text", ["my.py:Name", "my.py", "package.module:Name", "package:Name:1"])
def test_a_place_is_a_file_or_a_module_with_a_name(text):
    assert is_place(text)


@pytest.mark.parametrize("text", ["digits", "lsgan:0.5", "images:a/b", "a-b:Name", ""])
def test_names_with_arguments_are_no_places(text):
    assert not is_place(text)


def test_the_same_file_is_the_same_module_and_an_edited_one_is_another(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("value = 1\n")
    first = load_module("features", f"{file}:value")
    assert load_module("features", str(file)) is first
    file.write_text("value = 2\n")
    second = load_module("features", f"{file}:value")
    assert (first.value, second.value) == (1, 2)
    assert getattr(first, DIGEST) != getattr(second, DIGEST)


def test_a_file_may_import_what_lies_beside_it(tmp_path):
    (tmp_path / "beside_own.py").write_text("value = 3\n")
    (tmp_path / "own.py").write_text("from beside_own import value\n")
    assert load_module("loss", f"{tmp_path / 'own.py'}:value").value == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("import nowhere_at_all\n", "own.py:1: ModuleNotFoundError: No module named 'nowhere_at_all'; mend the file."),
        ("value = (\n", "own.py:1: SyntaxError: '(' was never closed; mend the file."),
        ("\nraise SystemExit(3)\n", "own.py:2: SystemExit: 3; mend the file."),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_leaves_nothing_behind(tmp_path, content, told):
    file = tmp_path / "own.py"
    file.write_text(content)
    before = set(sys.modules)
    with pytest.raises(UsageError) as caught:
        load_module("loss", f"{file}:value")
    assert str(caught.value) == f"loss '{file}:value': {told}"
    assert set(sys.modules) == before


def test_a_missing_module_is_told_with_the_remedy():
    with pytest.raises(UsageError, match=r"features 'nowhere\.at_all:f': there is no module 'nowhere'; install it"):
        load_module("features", "nowhere.at_all:f")
