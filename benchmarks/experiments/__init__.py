"""Small controlled studies with known answers. To add one: its file here, its figure in `reports/experiments`, a line in both registries."""

from benchmarks.experiments import (
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
from benchmarks.experiments.base import Check, Experiment, Result
from benchmarks.experiments.workplace import Workplace

EXPERIMENTS: dict[str, Experiment] = {
    each.name: each
    for each in (
        loss_shapes.EXPERIMENT,
        dirac.EXPERIMENT,
        frozen_generator.EXPERIMENT,
        critic_layers.EXPERIMENT,
        decision_boundary.EXPERIMENT,
        truth_images.EXPERIMENT,
        stacked_digits.EXPERIMENT,
        exact_wasserstein.EXPERIMENT,
        mixtures.EXPERIMENT,
        calibration.EXPERIMENT,
        still_different.EXPERIMENT,
        early_warning.EXPERIMENT,
    )
}

__all__ = ["EXPERIMENTS", "Check", "Experiment", "Result", "Workplace"]
