"""Losses of one's own: found by place, refused in one sentence with file, line and remedy."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.losses import custom, definition, get_loss, is_registered, resolved, shown_name
from gan_losses.losses.cross_entropy import BCE

GOOD = """
from dataclasses import dataclass
import torch
from gan_losses import GANLoss


@dataclass(frozen=True)
class Soft(GANLoss):
    margin: float = 1.0

    name = "soft"
    paper = "none"
    summary = "L_D = -r + f; L_G = -f"

    def discriminator(self, real, fake):
        return self.margin * (fake.mean() - real.mean())

    def generator(self, fake, real=None):
        return -fake.mean()


def made(margin: float = 2.0):
    return Soft(margin)
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(GOOD)
    (tmp_path / "made.py").write_text(GOOD + "\n\nready = Soft(3.0)\n")
    return tmp_path


def write(place: Path, old: str, new: str) -> None:
    assert old in GOOD
    (place / "mine.py").write_text(GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("text", "margin"), [("Soft", 1.0), ("Soft:0.5", 0.5), ("Soft:margin=4", 4.0), ("ready", 3.0), ("made", 2.0)]
)
def test_a_class_an_instance_or_a_function_of_a_file_is_a_loss(place, text: str, margin: float) -> None:
    loss = get_loss(f"made.py:{text}")
    assert loss.margin == margin  # type: ignore[attr-defined]
    assert_close(loss.discriminator(torch.ones(2), torch.zeros(2)), torch.tensor(-margin))


def test_the_same_file_gives_the_same_class_and_an_edited_one_another(place) -> None:
    first, second = get_loss("mine.py:Soft"), get_loss(f"{place}/mine.py:Soft")
    assert first == second
    assert hash(first) == hash(second)
    write(place, "-fake.mean()", "-2 * fake.mean()")
    third = get_loss("mine.py:Soft")
    assert third != first
    assert third.generator(torch.ones(2)).item() == -2
    assert definition(third) != definition(first)


def test_it_joins_penalties_and_is_called_by_its_own_name(place) -> None:
    loss = get_loss("mine.py:Soft+r1:5")
    assert loss.name == "soft+r1:5"
    assert shown_name("mine.py:Soft") == "soft"
    assert shown_name("mine.py:Soft:margin=2+gp") == "soft:margin=2+gp"
    assert shown_name("lsgan:c=0.5+gp") == "lsgan:c=0.5+gp"
    assert resolved("mine.py:Soft+r1") == f"{place.resolve()}/mine.py:Soft+r1"
    assert not is_registered("mine.py:Soft")


def test_its_definition_tells_its_source_and_a_built_in_ones_does_not(place) -> None:
    assert definition(BCE()) == repr(BCE())
    text = definition(get_loss("mine.py:Soft+r1"))
    assert text.startswith("Composed(loss=Soft(margin=1.0)")
    assert " from mine.py " in text
    assert str(place) not in text


def test_a_module_is_found_by_its_dotted_name(place, monkeypatch) -> None:
    (place / "parcel").mkdir()
    (place / "parcel" / "__init__.py").write_text("")
    (place / "parcel" / "inner.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(place))
    assert get_loss("parcel.inner:Soft").name == "soft"
    with pytest.raises(UsageError, match=r"there is no module 'parcel.outer'; install it"):
        get_loss("parcel.outer:Soft")


def test_a_module_beside_the_file_can_be_imported(place) -> None:
    (place / "beside_mine.py").write_text("MARGIN = 7.0\n")
    write(place, "margin: float = 1.0", "margin: float = MARGIN")
    text = (place / "mine.py").read_text()
    (place / "mine.py").write_text(f"from beside_mine import MARGIN\n{text}")
    assert get_loss("mine.py:Soft").margin == 7.0  # type: ignore[attr-defined]


def test_an_installed_entry_point_is_a_loss(place, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(place))
    points = {
        "theirs": EntryPoint("theirs", "mine:Soft", custom.GROUP),
        "gone": EntryPoint("gone", "nowhere:Soft", custom.GROUP),
        "odd": EntryPoint("odd", "mine:torch", custom.GROUP),
    }
    monkeypatch.setattr(custom, "installed", lambda: points)
    assert get_loss("theirs:margin=2").margin == 2.0  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"entry point nowhere:Soft cannot be loaded \(ModuleNotFoundError"):
        get_loss("gone")
    with pytest.raises(UsageError, match="'odd' is module"):
        get_loss("odd")
    with pytest.raises(UsageError, match=r"Known: bce.*theirs, gone, odd"):
        get_loss("thurs")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("@dataclass(frozen=True)\n", "", r"mine.py:7: Soft is no frozen dataclass; put @dataclass\(frozen=True\)"),
        ("frozen=True", "eq=True", "is no frozen dataclass"),
        ("class Soft(GANLoss)", "class Soft", "mine.py:7: class Soft is no loss; make it a subclass of GANLoss"),
        ('    paper = "none"\n', "", "mine.py:7: Soft does not define paper; add it"),
        ("def generator", "def generate", "does not define generator"),
        ("discriminator(self, real, fake)", "discriminator(self, fake, real)",
         r"mine.py:15: discriminator\(self, fake, real\) has to be discriminator\(self, real, fake\)"),
        ("discriminator(self, real, fake)", "discriminator(self, logits)", r"has to be discriminator\(self, real, fake\)"),
        ("generator(self, fake, real=None)", "generator(self, fake, real)",
         r"mine.py:18: generator\(self, fake, real\) has to be generator\(self, fake, real=None\)"),
        ("generator(self, fake, real=None)", "generator(self, fake)", r"has to be generator\(self, fake, real=None\)"),
        ('    summary = "L_D = -r + f; L_G = -f"\n', "    def summary(self):\n        return 1\n",
         "summary has to be a text, not a method; write summary = "),
        ("    margin: float = 1.0", "    margin: float", "margin has no default; give it, as in mine.py:Soft:margin=1"),
        ("import torch\n", "import torch_of_dreams\n", "mine.py:3: ModuleNotFoundError: No module named 'torch_of_dreams'"),
        ("import torch\n", "import torch\n1 / 0\n", "mine.py:4: ZeroDivisionError"),
        ("import torch\n", "import torch\nraise SystemExit(3)\n", "mine.py:4: SystemExit"),
        ("def generator(self", "def generator(self,,", "mine.py:18: SyntaxError"),
        ("    def generator", "    discriminator = 3\n\n    def generator", "discriminator is 3, no method"),
        ("    def discriminator", "    def __post_init__(self):\n        raise KeyError('no')\n\n    def discriminator",
         "mine.py:16: KeyError: 'no'"),
        ("    def discriminator", "    def __post_init__(self):\n        raise SystemExit(4)\n\n    def discriminator",
         "mine.py:16: SystemExit: 4"),
        ('    name = "soft"', "    @property\n    def name(self):\n        return 1 / 0", "mine.py:13: ZeroDivisionError"),
        ('    name = "soft"', '    name = "a/b"', "name 'a/b' has to be short and plain"),
        ('    name = "soft"', '    name = "x" * 41', "has to be short and plain"),
        ('    name = "soft"', '    name = "a\\udcff"', "has to be short and plain"),
        ("    def discriminator", "    published = None\n\n    def discriminator", "published has to be a Recipe, not None"),
        ("    def discriminator", "    def __repr__(self):\n        raise KeyError('r')\n\n    def discriminator", "KeyError: 'r'"),
        ('    name = "soft"', '    name = "two words"', "has to be short and plain"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_and_remedy(place, old: str, new: str, sentence: str) -> None:
    write(place, old, new)
    with pytest.raises(UsageError, match=sentence) as caught:
        get_loss("mine.py:Soft")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nothere.py:Soft", "nothere.py cannot be read"),
        ("mine.py", "say which class of the file is meant: mine.py:Soft"),
        ("mine.py:Sofd", "mine.py defines no 'Sofd'; did you mean 'Soft'"),
        ("mine.py:zzz", "its losses: Soft"),
        ("mine.py:torch", "is module"),
        ("mine.py:Soft:edge=2", "'edge=2' is no field that is still free; its fields: margin"),
        ("mine.py:Soft:1:2", "'2' is no field"),
        ("mine.py:Soft:wide", "expected a number for margin, got 'wide'"),
        ("mine.py:Soft+r9", "unknown penalty 'r9'"),
        ("nomodule:Soft", "there is no module 'nomodule'"),
    ],
)
def test_a_wrong_place_is_one_sentence(place, text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        get_loss(text)
    assert "\n" not in str(caught.value)


def test_a_penalty_of_its_own_has_to_take_an_update(place) -> None:
    method = "def penalty(self, discriminator, real):\n        return None\n\n    def generator"
    write(place, "def generator", method)
    with pytest.raises(UsageError, match=r"penalty\(self, discriminator, real\) has to be penalty\(self, update\)"):
        get_loss("mine.py:Soft")
