"""The numbers by which the report's columns and footnotes name the passports of a run."""

import json
from collections.abc import Sequence

from reports import metrics
from reports.loading import Json
from reports.panels import Panel
from reports.passports import against, flat, parts


class Numbering:
    """Numbers the distinct passports of panels from 1 on, in their order, each of several features by itself.

    Args:
        panels: all of the report.

    Attributes:
        passports: the distinct ones.
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        self.panels = panels
        every = [part for panel in panels for part in parts(panel.passport)]
        self.passports = list({_key(part): part for part in every}.values())

    @property
    def several(self) -> bool:
        """Whether there is more than one, so that a value has to say which is its own."""
        return len(self.passports) > 1

    def number(self, passport: Json) -> int:
        """The number of a single passport."""
        return [_key(each) for each in self.passports].index(_key(passport)) + 1

    def mark(self, panel: Panel, metric: str) -> str:
        """What names the passport of the panel's metric, in brackets; "" where there is but one."""
        own = passport_of(panel, metric)
        return f" (passport {self.number(own)})" if own is not None and self.several else ""

    def label(self, panel: Panel, metric: str) -> str:
        """The heading of a column of the panel's metric."""
        return metric + self.mark(panel, metric)

    def named(self, panel: Panel) -> str:
        """The panel's passports by their numbers.

        Returns:
            "passport 2", "passports 1, 3", or "no passport".
        """
        numbers = self._numbers(panel)
        return f"passport{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else "no passport"

    def column(self, panel: Panel) -> dict[str, str]:
        """What a CSV file's row says of its panel's passports; nothing where all have the same."""
        return {"passport": ", ".join(self._numbers(panel)) or "none"} if self.several else {}

    def footnote(self, panel: Panel) -> str:
        """Why the panel's values stand in no column with others of its task, data and recipe; "" if none are kept out."""
        names = (panel.task, panel.data, panel.recipe)
        alike = [other for other in self.panels if (other.task, other.data, other.recipe) == names]
        unlike = {_key(flat(other.passport)): other for other in alike if panel.own_passport and other.own_passport}
        unlike.pop(_key(flat(panel.passport)), None)
        return " ".join(
            f"Not in one column with {self.named(other)} because {against(panel.passport, other.passport)}."
            for other in unlike.values()
        )

    def _numbers(self, panel: Panel) -> list[str]:
        return [str(self.number(part)) for part in parts(panel.passport)]


def passport_of(panel: Panel, metric: str) -> Json | None:
    """The one of the panel's passports that the metric was measured with: its features' own, otherwise the first."""
    found, features = parts(panel.passport), metrics.features(metric)
    if features is None or not found:
        return found[0] if found else None
    owners = {str(part.get("extractor")): part for part in reversed(found)}
    if features:
        return owners.get(features, found[0])
    # Features that are not named in brackets are those that no other metric of the panel names.
    named = {metrics.features(name) for name in panel.metrics()}
    return next((part for name, part in reversed(owners.items()) if name not in named), found[0])


def _key(passport: Json) -> str:
    return json.dumps(passport, sort_keys=True, default=str)
