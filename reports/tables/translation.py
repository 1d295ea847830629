"""What a translation between domains does: its true error, its round trip, and what it hides for the way back."""

from reports import aggregate
from reports.loading import Run
from reports.metrics import TRANSLATION, base
from reports.numbering import Numbering
from reports.panels import Panel
from reports.tables.base import (
    Row,
    Section,
    Table,
    absent_from,
    counted,
    make_frame,
    names_of,
    why_missing,
    wide_section,
)
from reports.text import number

# title -> the metrics of a section; what stands nowhere here (true_l1) is in the CSV file alone.
SECTIONS = {
    "true error": ("true_share", "true_ssim", "outside_l1", "kept"),
    "round trip and identity": ("cycle_psnr", "cycle_ssim", "identity_l1"),
    "what the round trip loses with the picture in the middle rounded or noised (dB)": (
        "lost_rounded",
        "lost_noise2",
        "lost_noise8",
    ),
}
UNTRAINED = "untrained generators"
NOTE = (
    "Medians over the seeds that were trained to the end, collapsed and stalled ones too, "
    "of the state that validation chose, on test images; in brackets, which way is better. "
    "`true_…`, `outside_l1`, `kept` and `identity_l1` end in the domain translated into, `cycle_…` and `lost_…` in that of "
    "the picture that goes round. `true_share`: the error inside the shapes over that of the untranslated picture, 0 perfect, 1 "
    "as if nothing had been done; `outside_l1`: change where nothing should change; `kept`: share of scenes whose factors were "
    "kept. `lost_…`: dB that the round trip loses when the translation is rounded to 8 bits, or noised by 2/255 or 8/255; much "
    "means that what the way back needs is hidden where no eye sees it (arXiv:1712.02950). Fewer than 6 seeds, two above all, are too "
    "few for a verdict."
)
TRUTH = (
    " That there is a right answer is a choice of these data: in the embedded set the stripes are a fixed function of the picture. "
    "A loss that does well here need not do so where many answers are right."
)


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of translation; None where no record has such metrics."""
    shown = [panel for panel in panels if panel.translation()]
    if not shown:
        return None
    known = any(base(name).startswith("true_") for panel in shown for name in panel.translation())
    numbering = Numbering(panels)
    rows = [_row(panel, loss, numbering) for panel in shown for loss in panel.losses]
    frame = make_frame(rows, absent=absent_from(numbering))
    parts = [part for panel in shown for part in _sections(panel, numbering)]
    return Table("translation", "Translation", parts, frame, NOTE + (TRUTH if known else ""))


def _row(panel: Panel, loss: str, numbering: Numbering) -> Row:
    row: Row = {**names_of(panel), "loss": loss, "cells": len(panel.of(loss)), "scored": len(panel.scored(loss))}
    row |= numbering.column(panel)
    for metric in panel.translation():
        for moment in ("best", "final"):
            value = aggregate.middle(panel, loss, metric, moment)
            row[f"{moment} {numbering.label(panel, metric)}"] = why_missing(panel.of(loss)) if value is None else value
    return row


def _sections(panel: Panel, numbering: Numbering) -> list[Section]:
    sections = []
    for title, kinds in SECTIONS.items():
        metrics = [name for name in panel.translation() if base(name) in kinds]
        if metrics:
            header = [
                "loss: cells",
                *(f"{numbering.label(panel, name)} ({TRANSLATION[base(name)]})" for name in metrics),
            ]
            lines = [_line(panel, loss, metrics) for loss in panel.losses]
            untrained = [aggregate.ceiling(panel, name) for name in metrics]
            if any(value is not None for value in untrained):
                lines.append([UNTRAINED, *map(_text, untrained)])
            sections.append(wide_section(f"{panel.title}: {title}", header, lines, panel=panel))
    return sections


def _line(panel: Panel, loss: str, metrics: list[str]) -> list[str]:
    middles = [aggregate.middle(panel, loss, name, "best") for name in metrics]
    return [
        f"{loss}: {counted(panel.of(loss))}",
        *(why_missing(panel.of(loss)) if value is None else number(value) for value in middles),
    ]


def _text(value: float | None) -> str:
    return "not measured" if value is None else number(value)
