"""Losses × penalties: the losses of a panel that are one base with several penalties."""

from collections.abc import Mapping
from dataclasses import dataclass

from reports.loading import NONE, Run
from reports.panels import Panel


@dataclass(frozen=True)
class Factorial:
    """A panel's losses as a cross of bases and penalties.

    Attributes:
        bases: that stand in the panel with two or more lists of penalties, in its order.
        penalties: the lists as text, `NONE` first.
        losses: (base, penalties) -> the loss's name; what was not asked for is missing.
    """

    bases: tuple[str, ...]
    penalties: tuple[str, ...]
    losses: Mapping[tuple[str, str], str]

    def alone(self, base: str) -> str | None:
        """The base without added penalties, or None."""
        return self.losses.get((base, NONE))


def factorial(run: Run, panel: Panel) -> Factorial | None:
    """The panel's cross; None where no base occurs with two lists of penalties, so that nothing is crossed."""
    losses = {run.parts(loss): loss for loss in panel.losses}
    every = [base for base, _ in losses]
    bases = tuple(dict.fromkeys(base for base in every if every.count(base) > 1))
    if not bases:
        return None
    crossed = {key: loss for key, loss in losses.items() if key[0] in bases}
    names = dict.fromkeys(penalties for _, penalties in crossed)
    return Factorial(bases, tuple(sorted(names, key=lambda name: name != NONE)), crossed)
