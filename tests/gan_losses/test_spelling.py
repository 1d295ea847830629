"""Fields after colons, on a factory of the test's own."""

import pytest

from gan_losses.errors import UsageError
from gan_losses.spelling import make


def shape(radius: float = 1.0, sides: int = 3, filled: bool = False, colour: str = "red") -> tuple[object, ...]:
    return radius, sides, filled, colour


def needy(width: float, deep: int = 2) -> tuple[object, ...]:
    return width, deep


def typeless(width, kind: str, depth=None):  # type: ignore[no-untyped-def]
    return width, kind, depth


def spell(text: str, factory=shape) -> object:  # type: ignore[no-untyped-def]
    return make("shape", text, factory, text.split(":")[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shape", (1.0, 3, False, "red")),
        ("shape:2", (2.0, 3, False, "red")),
        ("shape:2:6:yes:blue", (2.0, 6, True, "blue")),
        ("shape:sides=4", (1.0, 4, False, "red")),
        ("shape:colour=blue:radius=2", (2.0, 3, False, "blue")),
        ("shape:2:filled=yes", (2.0, 3, True, "red")),
        ("shape:radius=2:5", (2.0, 5, False, "red")),
        ("shape:-1e-3", (-0.001, 3, False, "red")),
        ("shape:colour=a=b", (1.0, 3, False, "a=b")),
        ("shape:colour=", (1.0, 3, False, "")),
    ],
)
def test_bare_values_come_in_order_and_others_by_name(text: str, expected: tuple[object, ...]) -> None:
    found = spell(text)
    assert found == expected
    assert [type(value) for value in found] == [float, int, bool, str]  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", ["yes", "true", "1", "Yes", "TRUE"])
def test_these_words_mean_yes(word: str) -> None:
    assert spell(f"shape:filled={word}")[2] is True  # type: ignore[index]


@pytest.mark.parametrize("word", ["no", "false", "0", "No"])
def test_these_words_mean_no(word: str) -> None:
    assert spell(f"shape:filled={word}")[2] is False  # type: ignore[index]


def test_without_a_default_the_annotation_says_the_type_and_numbers_are_the_rule() -> None:
    assert spell("typeless:1:2:3", typeless) == (1.0, "2", 3.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("shape:x", "shape 'shape:x': expected a number for radius, got 'x'."),
        ("shape:", "shape 'shape:': expected a number for radius, got ''."),
        ("shape:1:2.5", "shape 'shape:1:2.5': expected a whole number for sides, got '2.5'."),
        ("shape:filled=2", "shape 'shape:filled=2': expected yes or no for filled, got '2'."),
        (
            "shape:size=2",
            "shape 'shape:size=2': 'size=2' is no field that is still free; its fields: radius, sides, filled, colour.",
        ),
        (
            "shape:1:radius=2",
            "shape 'shape:1:radius=2': 'radius=2' is no field that is still free; "
            "its fields: radius, sides, filled, colour.",
        ),
        (
            "shape:1:2:no:red:5",
            "shape 'shape:1:2:no:red:5': '5' is no field that is still free; its fields: radius, sides, filled, colour.",
        ),
    ],
)
def test_what_does_not_fit_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        spell(text)
    assert str(caught.value) == sentence


def test_a_field_without_a_default_has_to_be_given() -> None:
    with pytest.raises(UsageError, match="'needy:deep=3': width has no default; give it, as in needy:deep=3:width=1"):
        spell("needy:deep=3", needy)
    assert spell("needy:4:deep=3", needy) == (4.0, 3)


def test_a_factory_without_fields_takes_none() -> None:
    assert spell("empty", lambda: 5) == 5
    with pytest.raises(UsageError, match="'1' is no field that is still free; its fields: none"):
        spell("empty:1", lambda: 5)
