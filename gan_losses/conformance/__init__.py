"""The examination of a loss: does it keep the contract, and is all true that it declares of itself?

In a test, `check_loss(MyLoss())`; on the command line, `python -m gan_losses.conformance my_loss.py:MyLoss`. To add a
check: write a function that takes a loss and add one line to `CHECKS`.
"""

from gan_losses.conformance.base import Check, Failure, Outcome, Skip
from gan_losses.conformance.examination import CHECKS, check_loss, examine

__all__ = ["CHECKS", "Check", "Failure", "Outcome", "Skip", "check_loss", "examine"]
