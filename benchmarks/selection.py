"""Which of the weights that a training passed through are kept."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

Weights = dict[str, Tensor]


class Best:
    """The weights with the lowest value so far.

    Attributes:
        step: at which they were; 0 before there are any.
        weights: None before there are any.

    Example:
        >>> best = Best()
        >>> for step, value in enumerate([3.0, float("nan"), 2.0, 5.0], start=1):
        ...     best.consider(value, step, dict)
        >>> best.step, best.value
        (3, 2.0)
    """

    def __init__(self) -> None:
        self.value, self.step = float("inf"), 0
        self.weights: Weights | None = None

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return {"value": self.value, "step": self.step, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.value, self.step, self.weights = state["value"], state["step"], state["weights"]

    def consider(self, value: float, step: int, weights: Callable[[], Weights]) -> None:
        """Keep `weights()` if the value is lower than all before; NaN never is.

        Args:
            value: of the metric that is selected by.
            step: of the training.
            weights: gives a copy of them, on the CPU.
        """
        if value < self.value:
            self.value, self.step, self.weights = value, step, weights()
