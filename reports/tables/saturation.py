"""Whether the generator's gradient survives: early against late, per loss."""

from statistics import median

from reports.loading import Run
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, counted, make_frame, names_of, why_missing, wide_section
from reports.text import number

NOTE = (
    "Early (steps 50-200) → late (the last quarter of the log points), medians over the seeds. `decades_lost` is log₁₀ of "
    "the early median gradient over the late one: 1 means that nine tenths are gone. `log_gradient` = `log_slope` (the "
    "loss's part) + `log_discriminator_slope` (the discriminator's)."
)
TERMS = (
    " `gradient_norm_adversarial`, `_cycle` and `_identity`: the gradient of each kind of term by itself at the generators' "
    "weights; `adversarial_to_cycle` is the ratio of the first two: far below 1, the adversarial term hardly has a say."
)
STATISTICS = (
    "decades_lost",
    "active_fraction_logit",
    "active_fraction_image",
    "log_slope",
    "log_discriminator_slope",
    "log_gradient",
    "signal",
    "gradient_norm",
    "gradient_norm_adversarial",
    "gradient_norm_cycle",
    "gradient_norm_identity",
    "adversarial_to_cycle",
    "gradient_norm_ratio",
    "update_ratio",
    "stalled_share",
    "zero_share",
    "underflow_share",
    "accuracy",
    "overfitting",
    "sign_rate",
    "lipschitz_mean",
    "lipschitz_max",
)


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of saturation."""
    rows = [row for panel in panels for network in networks(panel) for row in _rows(panel, network)]
    columns = [*names_of(panels[0]), "network", "statistic", "loss", "cells", "early", "late"]
    parts = [_section(panel, network) for panel in panels for network in networks(panel)]
    frame = make_frame(rows, columns)
    note = NOTE + TERMS if any(row["statistic"] == "adversarial_to_cycle" for row in rows) else NOTE
    return Table("saturation", "Gradient saturation", parts, frame, note, "No cell has saturation statistics.")


def networks(panel: Panel) -> list[str]:
    """The domains that have a summary, and "generator", in the records' order."""
    return list(dict.fromkeys(name for cell in panel.cells for name in cell.record.get("saturation") or ()))


def summary(panel: Panel, network: str, statistic: str, loss: str) -> tuple[int, float | None, float | None]:
    """(cells, early, late): medians over the loss's cells that have the statistic."""
    parts = [(cell.record.get("saturation") or {}).get(network, {}).get(statistic) or {} for cell in panel.of(loss)]
    early, late = ([part[when] for part in parts if part.get(when) is not None] for when in ("early", "late"))
    return max(len(early), len(late)), median(early) if early else None, median(late) if late else None


def _present(panel: Panel, network: str) -> list[str]:
    found = {name for cell in panel.cells for name in (cell.record.get("saturation") or {}).get(network, ())}
    return [name for name in STATISTICS if name in found]


def _why_missing(panel: Panel, loss: str) -> str:
    """What stands in place of a value: a control without a discriminator lacks nothing."""
    absent = why_missing(panel.of(loss))
    return absent if panel.adversarial(loss) or absent != "not measured" else "no discriminator"


def _rows(panel: Panel, network: str) -> list[Row]:
    rows = []
    for statistic in _present(panel, network):
        for loss in panel.losses:
            cells, early, late = summary(panel, network, statistic, loss)
            ends = {"early": early, "late": late}
            shown = {name: _why_missing(panel, loss) if end is None else end for name, end in ends.items()}
            names = {"network": network, "statistic": statistic, "loss": loss, "cells": cells}
            rows.append({**names_of(panel), **names, **shown})
    return rows


def _section(panel: Panel, network: str) -> Section:
    lines = [["cells", *(counted(panel.of(loss)) for loss in panel.losses)]] if panel.losses else []
    lines += [
        [statistic, *(_text(panel, network, statistic, loss) for loss in panel.losses)]
        for statistic in _present(panel, network)
    ]
    return wide_section(f"{panel.title}: {network}", ["statistic", *panel.losses], lines, panel=panel)


def _text(panel: Panel, network: str, statistic: str, loss: str) -> str:
    _, early, late = summary(panel, network, statistic, loss)
    if early is None and late is None:
        return _why_missing(panel, loss)
    if statistic == "decades_lost":
        return number(late)
    return f"{number(early)} → {number(late)}"
