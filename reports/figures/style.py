"""One look for all figures: lines that stay with a loss, a canvas measured in inches, text that cannot break it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from reports.loading import NONE
from reports.text import local

STYLE: Any = {
    # The generic family behind it is what a reader's SVG falls back to; matplotlib itself must not look further.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.titley": 1.0,  # to look for a free place above the axes takes a third of the time of drawing
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "gan-losses",
    "svg.fonttype": "none",  # text that can be searched and read aloud, at half the size
    "savefig.dpi": 110,
}
# Okabe and Ito's eight for the losses seen most; the others as far from these and each other as so many can be, for eyes that
# lack a kind of cone, too. The second nine are dashed where no penalty asks for dashes: nobody tells eighteen colours apart.
KNOWN = {
    "bce": "#0072B2",
    "lsgan": "#D55E00",
    "wgangp": "#009E73",
    "minimax": "#56B4E9",
    "wgan": "#CC79A7",
    "hinge": "#E69F00",
    "rpgan": "#000000",
    "ragan": "#882255",
    "dragan": "#332288",
    "ralsgan": "#999933",
    "wganlp": "#3FD6B4",
    "r3gan": "#552266",
    "lsgan-pearson": "#990000",
    "kl": "#8F2BFF",
    "reverse-kl": "#552222",
    "pearson": "#556633",
    "hellinger": "#7F7FFF",
    "jensen-shannon": "#99BB77",
}
OTHERS = ("#CC0099", "#005F73", "#775500", "#0000E0", "#FF2266", "#777777", "#AFAF00", "#A68AC8")
# What a loss with penalties is told apart by: a shade of its base's colour, and dashes that stay with the penalty.
SHADES = (0.78, 0.38, 0.66, 0.52)
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)), (0, (10, 2)))
MANY = 9  # losses up to which lines are thick, and the known ones that are solid where penalties do not ask for dashes
LEGEND_COLUMNS = 8
LONGEST = 32
LEGEND_LONGEST = 64
LITERAL = "literal-"  # begins the ids of what lies on a coloured cell: dark paper must not change its colour
LETTER = 0.065  # mean width of a letter at 8 points, in inches
LONG = (
    1e3  # a logarithmic axis from which on the ticks between powers of ten are no help, and most of the time of drawing
)
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SLOPE = 35  # degrees by which names are turned that do not fit beside each other
Grid = NDArray[Any]


class Look(NamedTuple):
    """How a loss is drawn."""

    colour: str
    dash: Any = "-"
    width: float = 1.6


def colours(losses: Iterable[str]) -> dict[str, str]:
    """One colour per loss: fixed for the well-known ones, by order for the others.

    Example:
        >>> colours(["mine", "bce", "yours"])
        {'mine': '#CC0099', 'bce': '#0072B2', 'yours': '#005F73'}
    """
    names = list(dict.fromkeys(losses))
    others = [name for name in names if name not in KNOWN]
    return {name: KNOWN.get(name) or OTHERS[others.index(name) % len(OTHERS)] for name in names}


def looks(parts: Mapping[str, tuple[str, str]]) -> dict[str, Look]:
    """The look of every loss, from its base and penalties: a base has its colour, each penalty its shade and dashes.

    Without penalties dashes are free to tell bases apart: those of a known loss are its own in every run.

    Example:
        >>> found = looks({"bce": ("bce", "none"), "bce+gp": ("bce", "gp"), "lsgan": ("lsgan", "none")})
        >>> found["bce"].colour, found["bce+gp"].colour, found["bce+gp"].dash
        ('#0072B2', '#8abedc', (0, (5, 1.5)))
    """
    hues = colours(base for base, _ in parts.values())
    penalties = list(dict.fromkeys([NONE, *(penalty for _, penalty in parts.values())]))
    found = {}
    for place, (loss, (base, penalty)) in enumerate(parts.items()):
        number = penalties.index(penalty)
        dash = number if len(penalties) > 1 else _own_dash(base, place)
        found[loss] = Look(shade(hues[base], number), DASHES[dash % len(DASHES)], 1.6 if len(parts) <= MANY else 1.2)
    return found


def _own_dash(base: str, place: int) -> int:
    """The number of a base's dashes: an unknown one is solid unless it comes late, and then like no known one."""
    if base in KNOWN:
        return list(KNOWN).index(base) // MANY
    return 0 if place < MANY else 1 + place // MANY


def shade(colour: str, number: int) -> str:
    """A relative of a colour: 0 is the colour itself, 1 the lightest of `SHADES`, 2 the darkest, then between.

    Example:
        >>> shade("#000000", 0), shade("#000000", 1)
        ('#000000', '#b7b7b7')
    """
    if number == 0:
        return colour
    own = np.array(to_rgb(colour))
    # The others would be taken for the colour itself.
    levels = [level for level in SHADES if abs(level - lightness(own)) > 0.1]
    level = levels[(number - 1) % len(levels)]
    end = 1.0 if level > lightness(own) else 0.0
    mixed = own + (end - own) * np.linspace(0, 1, 256)[:, None]
    return str(to_hex(tuple(mixed[np.argmin(np.abs(lightness(mixed) - level))])))


def lightness(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lightness as the eye has it, near enough, from 0 to 1; of colours whose last axis is (red, green, blue)."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    found: NDArray[np.float64] = np.cbrt(linear @ np.array([0.2126, 0.7152, 0.0722]))
    return found


def plain(name: str, longest: int = LONGEST) -> str:
    r"""A name as text that matplotlib draws as it is: no mathematics, no missing glyph, one line, not too long.

    Example:
        >>> plain("_a$b"), plain("x" * 40)
        ('\u200a_a\\$b', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…')
    """
    text = local(name)
    text = "".join(letter if _drawable(letter) else "?" for letter in text)
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    text = text.replace("$", r"\$")
    # A leading underscore would hide the name from legends; a hair space in front does not show.
    return f"\u200a{text}" if text.startswith("_") else text


@cache
def _font() -> Any:
    return font_manager.get_font(font_manager.findfont("DejaVu Sans"))


def _drawable(letter: str) -> bool:
    return letter == " " or (letter.isprintable() and _font().get_char_index(ord(letter)) != 0)


def canvas(
    rows: int,
    columns: int,
    title: str,
    legend: Mapping[str, Look],
    size: tuple[float, float] = (2.5, 1.7),
    gaps: tuple[float, float] = (0.75, 0.75),
    margins: tuple[float, float] = (0.75, 0.55),
) -> tuple[Figure, Grid]:
    """A figure with a grid of axes, a title at its left and a legend below that.

    Args:
        rows: of axes.
        columns: of axes.
        title: what the figure shows.
        legend: name -> look.
        size: width and height of one axes, in inches.
        gaps: between columns and between rows, in inches.
        margins: on the left and at the bottom, in inches.

    Returns:
        The figure and its axes, an array of (rows, columns).
    """
    (left, bottom), inner = margins, columns * size[0] + (columns - 1) * gaps[0]
    width = max(left + inner + 0.25, 4.2)
    top = 0.64 + 0.18 * -(-len(legend) // _legend_columns(width, legend))
    height = top + rows * size[1] + (rows - 1) * gaps[1] + bottom
    figure = Figure(figsize=(width, height))
    place = {
        **{"left": left / width, "right": (left + inner) / width},
        **{"bottom": bottom / height, "top": 1 - top / height},
        **{"wspace": gaps[0] / size[0], "hspace": gaps[1] / size[1]},
    }
    _head(figure, title, legend)
    return figure, np.asarray(figure.subplots(rows, columns, squeeze=False, gridspec_kw=place))


def _head(figure: Figure, title: str, legend: Mapping[str, Look]) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.12 / width, 1 - 0.1 / height, title, va="top", fontsize=10, fontweight="bold")
    if legend:
        handles = [Line2D([], [], color=look.colour, linestyle=look.dash, linewidth=1.9) for look in legend.values()]
        labels, columns = [plain(name, LEGEND_LONGEST) for name in legend], _legend_columns(width, legend)
        spot = (0.05 / width, 1 - 0.28 / height)
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=spot, ncols=columns, handlelength=2.6)


def _legend_columns(width: float, legend: Iterable[str]) -> int:
    """How many entries stand in a row: a handle and a gap take 0.7 inches, a letter about 0.07."""
    longest = max((len(plain(name, LEGEND_LONGEST)) for name in legend), default=0)
    return max(1, min(LEGEND_COLUMNS, int(width / (0.7 + 0.07 * longest))))


def name_axes(axis: Axes, title: str, x: str, y: str) -> None:
    """Title and labels of an axes."""
    axis.set_title(title, loc="left")
    axis.set_xlabel(x)
    axis.set_ylabel(y)


def room_for(names: Iterable[str], across: float) -> float:
    """The inches that names need below an axis on which each has `across` inches for itself."""
    longest = _longest(names)
    return 0.4 if longest <= across else max(0.4, 0.2 + longest * float(np.sin(np.deg2rad(SLOPE))))


def _longest(names: Iterable[str]) -> float:
    return LETTER * max((len(line) for name in names for line in name.splitlines()), default=0)


def overhang(names: Sequence[str], across: float) -> float:
    """The inches that turned names reach out to the left of an axis on which each has `across` inches for itself."""
    if _longest(names) <= across:
        return 0.0
    run = LETTER * float(np.cos(np.deg2rad(SLOPE)))
    return 0.1 + max((run * len(name) - (0.6 + place) * across for place, name in enumerate(names)), default=0.0)


def name_ticks(axis: Axes, names: Sequence[str]) -> None:
    """Put names, already `plain`, below an axis at 0, 1, …, turned where they would run into each other."""
    across = axis.get_window_extent().width / axis.figure.dpi / max(1, len(names))
    turned = _longest(names) > across
    how: dict[str, Any] = {"rotation": SLOPE, "ha": "right", "rotation_mode": "anchor"} if turned else {}
    axis.set_xticks(range(len(names)), [name.replace("\n", ", ") if turned else name for name in names], **how)
    axis.set_xlim(-0.6, len(names) - 0.4)
    axis.grid(visible=False, axis="x")


def say(axis: Axes, words: str) -> None:
    """Leave an axes empty and say why."""
    axis.text(0.5, 0.5, words, ha="center", va="center", color="#666666", transform=axis.transAxes)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.minorticks_off()
    axis.grid(visible=False)


def power(value: float, position: object = None) -> str:
    """A tick's label on a logarithmic axis, as text: to typeset mathematics takes half the time of a figure.

    Args:
        value: of the tick.
        position: the tick's, which matplotlib passes on; it does not matter.

    Example:
        >>> power(0.01), power(-1000.0), power(0.0), power(20.0)
        ('10⁻²', '−10³', '0', '20')
    """
    size = abs(value)
    exponent = round(float(np.log10(size))) if size > 0 else 0
    if not np.isclose(size, 10.0**exponent, rtol=1e-6):
        return f"{value:g}"
    return ("−" if value < 0 else "") + "10" + str(exponent).translate(RAISED)


def log_scale(axis: Axes, values: Sequence[float] | NDArray[np.float64], of: Axis | None = None) -> None:
    """A logarithmic axis for positive values, at least a factor of 4 high, with ticks that can be read.

    Args:
        axis: to be scaled.
        values: that it is to hold.
        of: its x axis, if that is meant and not its y axis.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[np.isfinite(numbers) & (numbers > 0)]
    if not len(numbers):
        return
    low, high = float(numbers.min()), float(numbers.max())
    room = max(1.15, 2 / np.sqrt(high / low))
    part, across = of or axis.yaxis, of is axis.xaxis
    (axis.set_xscale if across else axis.set_yscale)("log")
    (axis.set_xlim if across else axis.set_ylim)(low / room, high * room)
    part.set_major_formatter(FuncFormatter(power))
    part.set_minor_formatter(NullFormatter())
    if high / low > LONG:
        part.set_minor_locator(NullLocator())
    if high / low < 100:
        marks = (1.0, 2.0, 5.0) if high / low > 8 else (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
        part.set_major_locator(LogLocator(subs=marks))
        part.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))


def signed_scale(axis: Axes, values: NDArray[np.float64]) -> None:
    """A y axis for values of many sizes that may be 0 or below: linear next to 0, logarithmic beyond.

    Positive values of about one size keep a linear axis: between two powers of ten there would be no ticks.
    """
    largest = float(np.nanmax(np.abs(values)))
    if largest < 10 * float(np.nanmin(values)):
        return
    threshold = 10.0 ** np.ceil(np.log10(0.01 * largest)) if largest > 0 else 1.0
    axis.set_yscale("symlog", linthresh=threshold, linscale=0.8)
    axis.yaxis.set_major_formatter(FuncFormatter(power))
    axis.yaxis.set_minor_locator(NullLocator())


def fit_scale(axis: Axes, values: Sequence[float] | NDArray[np.float64], logarithmic: bool = False) -> None:
    """A scale that keeps the central 90 % of the values legible: one diverging seed must not flatten all others.

    Logarithmic where asked for and all values are positive; linear within ±1 and logarithmic beyond where it is not
    and the values span more than 20.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return
    low, high = (float(end) for end in np.quantile(numbers, [0.05, 0.95]))
    if logarithmic and numbers.min() > 0:
        log_scale(axis, numbers)
        return
    if high - low > 20:
        axis.set_yscale("symlog", linthresh=1, linscale=0.5)
        axis.yaxis.set_major_formatter(FuncFormatter(power))
    elif numbers.max() - numbers.min() > 3 * (high - low) > 0:
        axis.set_ylim(low - 0.5 * (high - low), high + 0.5 * (high - low))
