"""Names of the places in a page: each given once."""

import re

UNFIT = re.compile(r"[^a-z0-9]+")


class Anchors:
    """Gives every place a name of its own, readable where its title allows.

    Example:
        >>> anchors = Anchors()
        >>> anchors.new("table", "Cost per step"), anchors.new("table", "Cost: per step!"), anchors.new("table", "κ")
        ('table-cost-per-step', 'table-cost-per-step-2', 'table')
    """

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, kind: str, title: str) -> str:
        """A name that begins with `kind` and that no other place has."""
        words = UNFIT.sub("-", title.lower()).strip("-")[:60].strip("-")
        base = f"{kind}-{words}" if words else kind
        found, number = base, 1
        while found in self._given:
            number += 1
            found = f"{base}-{number}"
        self._given.add(found)
        return found
