"""The figures of experiments. One is added by its file here and a line in `FIGURES`; each draws from a record alone."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from reports.experiments import (
    calibration,
    critic_layers,
    decision_boundary,
    dirac,
    early_warning,
    exact_wasserstein,
    frozen_generator,
    loss_shapes,
    mixtures,
    stacked_digits,
    still_different,
    truth_images,
)

Json = dict[str, Any]

FIGURES: dict[str, Callable[[Json], Figure]] = {
    "loss-shapes": loss_shapes.draw,
    "dirac": dirac.draw,
    "frozen-generator": frozen_generator.draw,
    "critic-layers": critic_layers.draw,
    "decision-boundary": decision_boundary.draw,
    "truth-images": truth_images.draw,
    "stacked-digits": stacked_digits.draw,
    "exact-wasserstein": exact_wasserstein.draw,
    "mixtures": mixtures.draw,
    "calibration": calibration.draw,
    "still-different": still_different.draw,
    "early-warning": early_warning.draw,
}

__all__ = ["FIGURES"]
