"""Films: the last frame of every loss stands in the page, the earlier ones beside it for the script."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.document import Film, Strip
from reports.html.anchors import Anchors
from reports.html.pictures import data_uri
from reports.text import local


@dataclass(frozen=True)
class Track:
    """One loss of a film.

    Attributes:
        loss: its name.
        words: which cell it is of.
        last: its last frame as an address; "" where there is none.
        swatch: the class of its colour.
    """

    loss: str
    words: str
    last: str
    swatch: str


@dataclass(frozen=True)
class Reel:
    """A film as the page shows it.

    Attributes:
        anchor: its place.
        title: its heading.
        steps: of its frames.
        tracks: one per loss.
        real: real images as an address; "" for none.
        earlier: JSON of steps, kind and the frames before the last, in base64; null where there is none.
    """

    anchor: str
    title: str
    steps: Sequence[int]
    tracks: Sequence[Track]
    real: str
    earlier: Markup


def reel(film: Film, anchors: Anchors, swatches: dict[str, str]) -> Reel:
    """A film with each frame in it once."""
    tracks = [_track(strip, film, swatches.get(strip.loss, "")) for strip in film.strips]
    frames = [[_base64(frame) for frame in strip.frames[:-1]] for strip in film.strips]
    earlier = {"steps": list(film.steps), "kind": film.kind, "frames": frames}
    real = data_uri(film.real, film.kind) if film.real else ""
    title = local(film.title)
    return Reel(anchors.new("film", title), title, list(film.steps), tracks, real, data_block(earlier))


def _track(strip: Strip, film: Film, swatch: str) -> Track:
    last = strip.frames[-1] if strip.frames else None
    return Track(local(strip.loss), local(strip.words), data_uri(last, film.kind) if last else "", swatch)


def _base64(frame: bytes | None) -> str | None:
    return b64encode(frame).decode() if frame else None


def data_block(content: object) -> Markup:
    r"""JSON that cannot end the element it stands in.

    Example:
        >>> data_block({"a": "</script>"})
        Markup('{"a":"\\u003c/script\\u003e"}')
    """
    text = json.dumps(content, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
