"""Ladders: distances of images whose quality is known, and which of them a panel's values may be read by."""

from typing import Any

from reports import metrics
from reports.loading import Json, Run
from reports.panels import Panel
from reports.passports import parts

# Entries of a passport that follow from which images were measured and how many; `_as_many` compares the numbers.
COUNTED = frozenset({"split", "n", "n_real", "n_fake", "domain", "kid_estimator", "copies", "neighbours"})
NEAR = 1.5  # numbers of fakes up to this factor apart: two domains seldom have equally many pictures


def ladders_of(run: Run, panel: Panel, domain: str = "") -> list[Json]:
    """The ladders with the panel's data, features and numbers of images, one for each features.

    A distance is biased by its numbers of images, so that those of a ladder at others are nothing to read it by.

    Args:
        run: whose ladders are searched.
        panel: that is to be read by them.
        domain: whose real images their rows are of; "" takes the first, which is right where there is but one.
    """
    passports = parts(panel.passport) or [{}]
    found = [next((each for each in run.ladders if _fits(each, panel, part, domain)), None) for part in passports]
    return [ladder for place, ladder in enumerate(found) if ladder is not None and ladder not in found[:place]]


def _fits(ladder: Json, panel: Panel, passport: Json, domain: str) -> bool:
    own = ladder.get("passport") or {}
    shared = (set(own) & set(passport)) - COUNTED
    alike = ladder.get("data") == panel.data and all(own[name] == of_domain(passport[name], domain) for name in shared)
    return alike and domain in ("", own.get("domain", domain)) and _as_many(own, passport, domain)


def _as_many(own: Json, passport: Json, domain: str) -> bool:
    """Whether there are as many real images and, nearly, as many fakes; True where either does not say."""
    real, fake = ([of_domain(each.get(name), domain) for each in (own, passport)] for name in ("n_real", "n_fake"))
    stated = all(isinstance(count, int) for count in fake)
    return (None in real or real[0] == real[1]) and (not stated or max(fake) <= NEAR * min(fake))


def of_domain(value: Any, domain: str) -> Any:
    """The part of a passport's entry that is of a domain, where it has one for each.

    Example:
        >>> of_domain({"a": 200, "b": 180}, "b"), of_domain(200, "b")
        (180, 200)
    """
    return value.get(domain, value) if isinstance(value, dict) else value


def floor_of(run: Run, panel: Panel, metric: str) -> float | None:
    """The distance of real images from real ones, the least that can be reached; None if it is not known."""
    name, domain = metrics.split(metric)
    rows = [row for ladder in ladders_of(run, panel, domain) for row in ladder.get("rows") or ()]
    known = [row["metrics"] for row in rows if row.get("name") == "real against real"]
    found = [entry for part in known if (entry := part.get(metric, part.get(name)))]
    return found[0]["mean"] if found else None
