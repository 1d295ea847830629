"""A figure's SVG as a part of a page: only what draws, names that no other figure has, colours that follow the page's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from xml.etree import ElementTree

from reports.figures.style import LITERAL
from reports.html.colours import WHITE, dark
from reports.html.embedded import lighter
from reports.html.paths import hundredths, short

# All that may stand in a page. A file that was tampered with cannot bring a script, a link or a request in.
ATTRIBUTES = {
    "g": ("transform", "clip-path"),
    "path": ("d", "transform", "clip-path"),
    "use": ("href", "x", "y", "transform", "clip-path"),
    "image": ("href", "x", "y", "width", "height", "transform", "clip-path"),
    "rect": ("x", "y", "width", "height", "transform"),
    "text": ("x", "y", "transform"),
    "tspan": ("x", "y", "dx", "dy"),
    "defs": (),
    "clipPath": (),
}
NUMBERS = frozenset({"x", "y", "width", "height"})
HIDDEN = frozenset({"metadata", "style", "title", "desc"})
DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([\w\s#.,%()-]+)")
PROPERTIES = re.compile(
    r"fill|stroke|opacity|(fill|stroke)-[a-z]+|font-(size|weight|style)|text-anchor|image-rendering"
)
HEX = re.compile(r"#[0-9a-fA-F]{6}(?![0-9a-fA-F])")
LOCAL = re.compile(r"url\(#([^)]*)\)")
POINTS = 4 / 3  # CSS pixels in a point
Element = ElementTree.Element


class FigureError(Exception):
    """The file is no SVG that can be drawn."""


@dataclass
class Styles:
    """What the figures of a page look like: each look has one class, each colour one variable, in the order they come.

    Attributes:
        classes: declarations -> class.
        colours: "#rrggbb" of all that is drawn.
        fixed: whether colours stay as they are, whatever the page's.
    """

    classes: dict[str, str] = field(default_factory=dict)
    colours: dict[str, None] = field(default_factory=dict)
    fixed: bool = False

    def literal(self) -> "Styles":
        """The same, for what lies on a colour that the dark does not change."""
        return replace(self, fixed=True)

    def name(self, declarations: str) -> str:
        """The class of a look."""
        return self.classes.setdefault(declarations, f"s{len(self.classes)}")

    def colour(self, colour: str) -> str:
        """The variable that holds a colour, or in the dark what stands for it.

        Example:
            >>> Styles().colour("#0072B2")
            'var(--h-0072b2)'
        """
        lower = colour.lower()
        if self.fixed:
            return lower
        self.colours[lower] = None
        return f"var(--h-{lower[1:]})"

    def rules(self) -> str:
        """The classes as a style sheet."""
        return "\n".join(f".{name}{{{declarations}}}" for declarations, name in self.classes.items())

    def light(self) -> str:
        """The variables on white."""
        return ";".join(f"--h-{colour[1:]}:{_paper(colour, colour)}" for colour in sorted(self.colours))

    def dark(self) -> str:
        """The variables on dark paper."""
        return ";".join(f"--h-{colour[1:]}:{_paper(colour, dark(colour))}" for colour in sorted(self.colours))


def _paper(colour: str, shown: str) -> str:
    return "var(--paper)" if colour == WHITE else shown


def inline(text: str, words: str, prefix: str, styles: Styles) -> str:
    """The figure as an element of a page.

    Args:
        text: the file's.
        words: what it shows, for those who do not see it.
        prefix: of its ids; no other figure of the page may have it.
        styles: of the page; the figure's are added.

    Returns:
        An `svg` element, as wide as its frame up to its natural size.

    Raises:
        FigureError: it cannot be read, or has no size.
    """
    try:
        root = ElementTree.fromstring(text)
        left, top, width, height = (float(part) for part in root.get("viewBox", "").split())
    except (ElementTree.ParseError, ValueError) as error:
        raise FigureError(str(error)) from None
    box = " ".join(hundredths(round(100 * part)) for part in (left, top, width, height))
    names = Names(root, prefix)
    inside = "".join(_drawn(child, names, styles) for child in root)
    size = f"--w:{hundredths(round(100 * POINTS * width))}px"
    return f'<svg class="plot" role="img" aria-label="{escape(words)}" viewBox="{box}" style="{size}">{inside}</svg>'


class Names:
    """The ids of a figure that anything in it points to, made short; equal clip paths share one."""

    def __init__(self, root: Element, prefix: str) -> None:
        every = list(root.iter())
        used = [name for element in every for name in _pointed(element)]
        twins = self._twins(every)
        places = {twins.get(name, name): None for name in used}
        numbers = {name: f"{prefix}-{place}" for place, name in enumerate(places)}
        self._names = {name: numbers[twins.get(name, name)] for name in used}
        self.first = set(places)

    def of(self, name: str) -> str | None:
        """The new id, or None where nothing points to the old one."""
        return self._names.get(name)

    @staticmethod
    def _twins(every: list[Element]) -> dict[str, str]:
        """Every clip path's id -> that of the first one that clips alike."""
        first: dict[str, str] = {}
        clips = [element for element in every if tag(element) == "clipPath"]
        outlines = {element.get("id", ""): "".join(_outline(child) for child in element) for element in clips}
        return {name: first.setdefault(outline, name) for name, outline in outlines.items()}


def _outline(element: Element) -> str:
    return f"{tag(element)} {sorted(element.attrib.items())}"


def _pointed(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if plain(name) == "href" and value.startswith("#"):
            yield value[1:]
        yield from LOCAL.findall(value)


def tag(element: Element) -> str:
    """The element's name without its namespace; "" for comments."""
    return plain(element.tag) if isinstance(element.tag, str) else ""


def plain(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _drawn(element: Element, names: Names, styles: Styles) -> str:
    """An element and what is in it; of groups that do nothing only what is in them."""
    kind = tag(element)
    if kind in HIDDEN or kind not in ATTRIBUTES or _repeated(element, kind, names):
        return ""
    if element.get("id", "").startswith(LITERAL):
        styles = styles.literal()
    text = escape(element.text or "") if kind in ("text", "tspan") else ""
    inside = text + "".join(_drawn(child, names, styles) + _tail(child, kind) for child in element)
    attributes = _attributes(element, kind, names, styles)
    if (kind == "g" and not attributes) or (kind == "defs" and not inside):
        return inside
    return f"<{kind}{attributes}/>" if not inside else f"<{kind}{attributes}>{inside}</{kind}>"


def _repeated(element: Element, kind: str, names: Names) -> bool:
    return kind == "clipPath" and element.get("id") not in names.first


def _tail(child: Element, parent: str) -> str:
    return escape(child.tail or "") if parent in ("text", "tspan") else ""


def _attributes(element: Element, kind: str, names: Names, styles: Styles) -> str:
    found = {"id": names.of(element.get("id", ""))}
    given = {plain(name): value for name, value in element.attrib.items()}
    found |= {name: _value(name, given[name], names) for name in ATTRIBUTES[kind] if name in given}
    look = _look(given.get("style", ""), styles)
    found["class"] = styles.name(look) if look else None
    return "".join(f' {name}="{escape(value)}"' for name, value in found.items() if value)


def _value(name: str, value: str, names: Names) -> str | None:
    if name == "d":
        return short(value)
    if name == "href":
        return _target(value, names)
    if name == "clip-path":
        own = names.of(value.removeprefix("url(#").removesuffix(")"))
        return f"url(#{own})" if own else None
    if name == "transform" and value.startswith("rotate(-0 "):
        return None
    return _rounded(value) if name in NUMBERS else " ".join(value.split())


def _target(value: str, names: Names) -> str | None:
    """A place in the same figure, or an image that is in the file itself."""
    if value.startswith("#"):
        own = names.of(value[1:])
        return f"#{own}" if own else None
    return lighter("".join(value.split())) if value.startswith("data:image/") else None


def _rounded(value: str) -> str:
    try:
        return hundredths(round(100 * float(value)))
    except ValueError:
        return value


def _look(style: str, styles: Styles) -> str:
    """The declarations that have to do with drawing, colours as variables; the page chooses the letters."""
    kept = [(name, value.strip()) for name, value in DECLARATION.findall(style) if PROPERTIES.fullmatch(name)]
    kept = [(name, value) for name, value in kept if (name, value) != ("stroke-dashoffset", "0")]
    return ";".join(f"{name}:{HEX.sub(lambda hit: styles.colour(hit[0]), value)}" for name, value in kept)
