"""Saturation rows of a cell -> the summary in its record. Standard library only."""

from math import log10
from statistics import median
from typing import Any

Row = dict[str, Any]
EARLY = (50, 200)


def summarise(rows: list[Row]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Median of every statistic early (log points of steps 50-200) and late (the last quarter of the log points).

    `decades_lost` of a domain is log₁₀ of the early median of ‖g‖ over the late one: how many powers of ten of the
    gradient at the fakes are gone.

    Example:
        >>> rows = [{"step": 100 * k, "saturation": {"image": {"gradient_q50": 10.0 ** -k}}} for k in range(1, 5)]
        >>> round(summarise(rows)["image"]["decades_lost"]["late"], 6)
        2.740363
    """
    probed = [row for row in rows if row.get("saturation")]
    early = [row for row in probed if EARLY[0] <= row["step"] <= EARLY[1]]
    late = probed[-max(1, len(probed) // 4) :]
    summary: dict[str, dict[str, dict[str, float | None]]] = {}
    for network in probed[0]["saturation"] if probed else ():
        names = dict.fromkeys(name for row in probed for name in row["saturation"][network])
        summary[network] = {
            name: {"early": _median(early, network, name), "late": _median(late, network, name)} for name in names
        }
        if "gradient_q50" in names:
            before, after = (summary[network]["gradient_q50"][part] for part in ("early", "late"))
            lost = log10(before / after) if before and after else None
            summary[network]["decades_lost"] = {"early": 0.0 if before else None, "late": lost}
    return summary


def _median(rows: list[Row], network: str, name: str) -> float | None:
    values = [row["saturation"][network].get(name) for row in rows]
    numbers = [value for value in values if value is not None and value == value]
    return median(numbers) if numbers else None
