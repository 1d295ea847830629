"""report.md: the question, what came out, every table and every figure with a caption."""

from collections.abc import Iterable, Sequence

from reports.figures import Kind
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.summary import headlines, paragraph, ranked
from reports.tables import Table
from reports.text import escape, local

QUESTION = (
    "Which adversarial loss should I train my GAN with, what does it cost per step, and does its gradient survive?"
)
READING = """\
- **Fréchet distance.** Always named with the features it is taken in: `fid` for Inception's 2,048, `fid[digits]` for the
  embedded digit features, and so on. Values of different features, numbers of images or passports do not compare, with
  each other or with published tables, and never share a column here. `kid[…]` is an unbiased kernel distance and may be
  a little below 0.
- **Ladder.** Distances of images whose quality is known, from real images to noise. Read every value against it.
- **Floor.** Real images against other real images, at the same n: no generator can be shown to do better.
- **Ceiling.** The untrained generator's median. A share of the ceiling near 100 % means that nothing was learned.
- **Copies.** The distance alone cannot tell a good generator from one that copies the training images (the ladder's
  `copycat`); the copy rate can: real images have about 1 %.
- **Recipes.** *controlled* holds everything equal but the loss, and speaks of losses; *published* gives each loss what
  its paper gives it, and speaks of recipes. They are never merged.
- **Verdicts.** *Better*, *worse*: the sign-flip test over pairs of seeds, adjusted for all pairs of losses of the panel, has
  p ≤ 0.05. *Equivalent*: the 90 % interval of the ratio lies within the margin that was declared (10 % if none was). *Undecided*:
  neither, which says nothing of a tie; *could have seen* is the ratio that this many seeds of this spread show four times
  in five. *Too few seeds*: fewer than 6, where no test can reach 0.05 and no interval 95 %.
- **Cells that went wrong.** Medians are over the cells that were trained to the end. Collapsed and stalled ones are among them:
  without them a loss that collapses would look better than it is. Diverged and failed ones have no values, so that the
  median of a loss that lost seeds is that of the survivors. Verdicts count them as the worst value of the panel, or as an
  untrained generator where that is worse, and name the survivors' verdict beside.
"""
TRANSLATIONS = """\
- **Translations.** `@b` stands for the domain: a distance with it compares the translations *into* b with real images of b,
  and says nothing of whether each picture became the right one. Where the data knows each picture's partner, `true_share`
  (the error over that of the untranslated picture: 0 perfect, 1 as if nothing had been done) and `kept` say that. A good
  round trip is no evidence of a good translation: a network that does nothing has a perfect one, and one can hide what it
  needs for the way back where nobody sees it, which the `lost_…` measure.
"""
PASSPORTS = """\
- **Passports.** `(passport 2)` behind a metric is the number under *How quality was measured* of all that it depends on beside
  the images. Two columns with unlike numbers do not compare, whatever their names.
"""


def make_page(
    run: Run, panels: Sequence[Panel], tables: Iterable[Table], drawn: Iterable[tuple[Kind, list[str]]]
) -> str:
    """The page as Markdown; links are relative to its folder, and no path of this machine stands in it."""
    parts = [
        f"# Comparison of GAN losses: {escape(run.title)}",
        QUESTION,
        _made_by(run),
        "## What came out",
        "\n".join(f"- {line}" for panel in ranked(panels) for line in _headlines(run, panel, panels)),
        *(f"**{escape(panel.title)}.** {paragraph(run, panel)}" for panel in panels),
        "## How to read this",
        reading(panels),
        "## Tables",
        *(_table(table) for table in tables),
        "## Figures",
        *(_figures(kind, names, panels) for kind, names in drawn),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _headlines(run: Run, panel: Panel, panels: Sequence[Panel]) -> list[str]:
    """The panel's verdicts; with the names of task and data where the page has several."""
    several = len({(each.task, each.data) for each in panels}) > 1
    before = f"{escape(panel.task)} on {escape(panel.data)}, " if several else ""
    return [before + line for line in headlines(run, panel)]


def reading(panels: Sequence[Panel]) -> str:
    """How to read the page, with what only some tasks need left out of the others'."""
    translated = any(panel.translation() for panel in panels)
    return READING + (PASSPORTS if Numbering(panels).several else "") + (TRANSLATIONS if translated else "")


def _made_by(run: Run) -> str:
    name = _code(run.title)
    lines = [
        f"Made from the records alone by `python -m reports.build {name}`; [manifest.json](manifest.json) names them all."
    ]
    command = run.request.get("command")
    if command:
        text = command if isinstance(command, str) else " ".join(str(part) for part in command)
        lines.append(f"The run: `{_code(text)}`.")
    return " ".join(lines)


def _code(text: str) -> str:
    # Within backticks Markdown takes everything as it is, so that a backtick itself is all that can break out.
    return local(text).replace("`", "'")


def _table(table: Table) -> str:
    note = f"{table.note}\n\n" if table.note else ""
    return f"### {table.title}\n\n{note}{table.markdown.strip()}\n\n[{table.name}.csv](tables/{table.name}.csv)"


def _figures(kind: Kind, names: Sequence[str], panels: Sequence[Panel]) -> str:
    if not names:
        return f"### {kind.title}\n\nNo figure. {kind.missing}" if kind.missing else ""
    pictures = "\n\n".join(f"![{kind.title}](figures/{name}.png)\n\n[SVG](figures/{name}.svg)" for name in names)
    caption = " ".join(part for part in (kind.caption, kind.remark(panels)) if part)
    return f"### {kind.title}\n\n{pictures}\n\n{caption}"
