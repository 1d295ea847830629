"""The colours of figures on dark paper: greys turn round, hues stay what they are and become as light as they must."""

import math

WHITE, PAPER, INK = "#ffffff", "#17181a", "#e6e6e2"
NEUTRAL = 0.03  # chroma below which a colour has no hue to keep
FAINT = 1.25  # contrast on white up to which a colour is a background and not a mark
LEGIBLE = 4.0  # contrast of a mark on dark paper; WCAG 2.2 asks for 3 (1.4.11)
Triple = tuple[float, float, float]


def dark(colour: str) -> str:
    """The colour that stands on dark paper where `colour` stands on white.

    Greys and faint tints are reflected in OKLab's lightness, from ink to paper. A hue keeps its angle. Either is made
    lighter only where its contrast would be below `LEGIBLE` and below what it is on white, so that colours stay as far
    from each other as can be. OKLab: Ottosson 2020, "A perceptual color space for image processing".

    Args:
        colour: "#rrggbb".

    Returns:
        "#rrggbb".

    Example:
        >>> dark("#ffffff"), dark("#000000"), dark("#0072b2"), dark("#332288")
        ('#17181a', '#e6e6e2', '#1b7ebf', '#706cd7')
    """
    light, a, b = oklab(colour)
    if math.hypot(a, b) < NEUTRAL or contrast(colour, WHITE) < FAINT:
        ink, paper = oklab(INK), oklab(PAPER)
        light, a, b = (start + (end - start) * light for start, end in zip(ink, paper, strict=True))
    enough = min(LEGIBLE, contrast(colour, WHITE))
    while contrast(found := within((light, a, b)), PAPER) < enough:
        light += 0.005
    return found


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2.2 has it, from 1 to 21.

    Example:
        >>> round(contrast("#000000", "#ffffff"), 6), round(contrast("#777777", "#ffffff"), 2)
        (21.0, 4.48)
    """
    low, high = sorted(luminance(colour) + 0.05 for colour in (first, second))
    return high / low


def luminance(colour: str) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(colour: str) -> Triple:
    """Red, green and blue in proportion to light, from 0 to 1."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def oklab(colour: str) -> Triple:
    """Lightness (0 black, 1 white) and the two axes of hue of OKLab.

    Example:
        >>> [round(part, 3) + 0.0 for part in oklab("#ffffff")]
        [1.0, 0.0, 0.0]
    """
    red, green, blue = linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(light: float, a: float, b: float) -> Triple:
    """Linear red, green and blue; outside 0 to 1 where no screen has the colour."""
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def within(colour: Triple) -> str:
    """The colour of this lightness and hue that a screen has, with as much of its chroma as it can show."""
    light, a, b = colour
    kept = 1.0
    while kept > 0 and not all(-1e-3 <= part <= 1.001 for part in _from_oklab(light, kept * a, kept * b)):
        kept -= 0.02
    return to_hex(light, max(0.0, kept) * a, max(0.0, kept) * b)


def to_hex(light: float, a: float, b: float) -> str:
    """A colour of OKLab as "#rrggbb", cut off where no screen has it."""
    return "#" + "".join(f"{round(255 * _curved(part)):02x}" for part in _from_oklab(light, a, b))


def _curved(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
