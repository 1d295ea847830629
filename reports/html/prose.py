"""Markdown as HTML that can hold emphasis, lists, code and links within the report, and nothing else."""

import re

from markdown_it import MarkdownIt
from markupsafe import Markup

UNUSED = ["image", "html_inline", "html_block", "autolink", "heading", "lheading", "hr", "code", "fence", "reference"]
BRACKETS = re.compile(r"([^()]*) \(([^()]*)\)\.")
ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|[/\\])", re.IGNORECASE)


def _within(address: str) -> bool:
    """Whether an address is of a place in the report: no scheme, no other host, no root."""
    return not ELSEWHERE.match(address)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).disable(UNUSED)
    setattr(reader, "validateLink", _within)  # noqa: B010 - the library's own way of saying which links there may be
    return reader


READER = _reader()


def prose(text: str) -> Markup:
    r"""Paragraphs and lists.

    Example:
        >>> prose("**bce.** 3 < 4 [b](b.json) <i>")
        Markup('<p><strong>bce.</strong> 3 &lt; 4 <a href="b.json">b</a> &lt;i&gt;</p>\n')
    """
    return Markup(READER.render(text))


def sentence(text: str) -> Markup:
    """A line that stands in a paragraph or list item of the page.

    Example:
        >>> sentence("*a* ![x](y.png)")
        Markup('<em>a</em> !<a href="y.png">x</a>')
    """
    return Markup(READER.renderInline(text))


def parted(text: str) -> tuple[str, str]:
    """A verdict's statement, and the figures in brackets behind it; "" for none.

    Example:
        >>> parted("a is better than b (ratio 0.9, n = 6).")
        ('a is better than b', 'ratio 0.9, n = 6')
        >>> parted("a is better than b (0.9), c (0.8).")
        ('a is better than b (0.9), c (0.8).', '')
    """
    found = BRACKETS.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")
