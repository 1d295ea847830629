"""report.md: the document as Markdown."""

from collections.abc import Sequence

from reports.document import Document, Drawing
from reports.tables import Table
from reports.text import escape


def as_markdown(document: Document) -> str:
    """The page; links are relative to its folder, and no path of this machine stands in it."""
    parts = [
        f"# Comparison of GAN losses: {escape(document.name)}",
        document.question,
        document.made_by,
        "## What came out",
        "\n".join(f"- {line.words}" for line in document.lines),
        *(section.markdown for section in document.summary),
        "\n".join(f"- {notice}" for notice in document.notices),
        *document.paragraphs,
        "## How to read this",
        document.reading,
        "## Tables",
        *(_table(table) for table in document.tables),
        "## Figures",
        *(_drawing(drawing, document.pictures) for drawing in document.drawings),
        "## To cite",
        f"```bibtex\n{document.citation.strip()}\n```" if document.citation else "",
    ]
    return "\n\n".join(part.strip("\n") for part in _kept(parts)) + "\n"


def _kept(parts: Sequence[str]) -> list[str]:
    """All but the empty ones, and headings that nothing follows."""
    found = [part for part in parts if part]
    after = [*found[1:], "## "]
    return [part for part, following in zip(found, after, strict=True) if not (part[:3] == following[:3] == "## ")]


def _table(table: Table) -> str:
    note = f"{table.note}\n\n" if table.note else ""
    return f"### {table.title}\n\n{note}{table.markdown.strip()}\n\n[{table.name}.csv](tables/{table.name}.csv)"


def _drawing(drawing: Drawing, suffixes: Sequence[str]) -> str:
    if not drawing.pictures:
        return f"### {drawing.title}\n\nNo figure. {drawing.missing}" if drawing.missing else ""
    first, *others = suffixes
    parts = []
    for each in drawing.pictures:
        parts.append(f"![{escape(each.words)}](figures/{each.name}.{first})")
        parts += [f"[{suffix.upper()}](figures/{each.name}.{suffix})" for suffix in others]
    pictures = "\n\n".join(parts)
    return f"### {drawing.title}\n\n{pictures}\n\n{drawing.caption}"
