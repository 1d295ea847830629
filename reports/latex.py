"""Tables and figures for LaTeX: booktabs, one file a table, and a document that shows them all."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from reports.document import Document
from reports.tables.base import WIDE, Section, Table
from reports.text import local

SPECIAL = {letter: f"\\{letter}" for letter in "&%$#_{}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "[": "{[}", "]": "{]}", '"': "''"}
# pdfTeX has no letters for these.
SYMBOLS = {
    **{"×": r"\times", "→": r"\to", "≤": r"\le", "≥": r"\ge", "±": r"\pm", "‖": r"\|", "∇": r"\nabla", "Δ": r"\Delta"},
    **{
        "β": r"\beta",
        "θ": r"\theta",
        "λ": r"\lambda",
        "σ": r"\sigma",
        "μ": r"\mu",
        "ⁿ": "^n",
        "²": "^2",
        "½": r"\frac12",
    },
    **{"−": "-", "₁": "_1", "₂": "_2", "₀": "_0", "∞": r"\infty", "Σ": r"\Sigma", "∂": r"\partial"},
}
NO_WIDER = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage{booktabs,graphicx}
\begin{document}
"""


def escaped(value: Any) -> str:
    r"""Text as LaTeX shows it: on one line, with everything that means something to LaTeX made harmless.

    Example:
        >>> print(escaped("10 % of a_b × {c}"), escaped("fid[digits]"))
        10 \% of a\_b $\times$ \{c\} fid{[}digits{]}
    """
    return "".join(_letter(letter) for letter in local(str(value)))


def _letter(letter: str) -> str:
    if letter in SYMBOLS:
        return f"${SYMBOLS[letter]}$"
    if letter == "…":
        return r"\dots{}"
    if ord(letter) < 128 or letter in "·–—éèüöäßñçáíóúàâêîôû":
        return SPECIAL.get(letter, letter)
    return "?"


def table_as_latex(table: Table) -> str:
    """All sections of a table, a `table` environment each, to be taken in whole; needs booktabs and graphicx."""
    parts = [f"% {escaped(table.title)}; needs \\usepackage{{booktabs,graphicx}}"]
    for section in table.sections:
        parts += list(_environments(table, section))
    return "\n".join(parts or [escaped(table.empty)]) + "\n"


def _environments(table: Table, section: Section) -> Iterator[str]:
    starts = range(1, max(2, len(section.header)), WIDE)
    for number, start in enumerate(starts):
        lines = [[line[0], *line[start : start + WIDE]] for line in (section.header, *section.rows)]
        more = "" if number == 0 else ", continued"
        yield _environment(f"{table.title}: {section.title}{more}".removesuffix(": "), lines, section.note)


def _environment(title: str, lines: Sequence[Sequence[Any]], note: str) -> str:
    columns = "l" + "".join(
        "r" if _numeric([line[place] for line in lines[1:]]) else "l" for place in range(1, len(lines[0]))
    )
    rows = [" & ".join(map(escaped, line)) + r" \\" for line in lines]
    tabular = [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        rows[0],
        r"\midrule",
        *rows[1:],
        r"\bottomrule",
        r"\end{tabular}",
    ]
    words = rf"\caption{{{escaped(title)}.{' ' + escaped(note) if note else ''}}}"
    return "\n".join([r"\begin{table}[htbp]", r"\centering\small", words, NO_WIDER, *tabular, "}", r"\end{table}"])


def _numeric(cells: Sequence[Any]) -> bool:
    """Whether most of a column begins with a number: such columns stand flush right."""
    numbers = sum(bool(re.match(r"-?[\d.,]+\b", str(cell))) for cell in cells)
    return 2 * numbers > len(cells)


def as_latex(document: Document) -> str:
    """A document of all tables and figures that stand beside it."""
    parts = [HEAD, rf"\section*{{Comparison of GAN losses: {escaped(document.name)}}}", escaped(document.question)]
    parts += [rf"\input{{tables/{table.name}.tex}}" + "\n\\clearpage" for table in document.tables]
    for drawing in document.drawings:
        for picture in drawing.pictures:
            caption = rf"\caption{{{escaped(picture.words)}}}"
            image = rf"\includegraphics[width=\linewidth,height=.8\textheight,keepaspectratio]{{figures/{picture.name}.pdf}}"
            parts.append(f"\\begin{{figure}}[htbp]\n\\centering\n{image}\n{caption}\n\\end{{figure}}\n\\clearpage")
    return "\n".join([*parts, r"\end{document}"]) + "\n"
