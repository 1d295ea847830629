"""Verdicts in sentences that claim no more than the numbers carry."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports.families import Family, differing
from reports.text import escape, number, probability
from reports.verdicts import BETTER, EQUIVALENT, FEW, UNDECIDED, WORSE, Verdict

PAIRS = 6  # up to so many, of four losses, each has a sentence of its own
STATES = {"averaged best": " with averaged weights", "final": " in the final state"}
STATES |= {"averaged final": " in the final state with averaged weights"}


def sentences(family: Family) -> list[str]:
    """One sentence per pair, or one per kind of verdict where there are many pairs."""
    many = len(family.verdicts) > PAIRS
    found = _grouped(family) if many else [sentence(verdict, where(family)) for verdict in family.verdicts]
    return found + ([f"{unjudged(family)}."] if found and family.left_out else [])


def unjudged(family: Family) -> str:
    """Which losses are in no pair, and why."""
    statuses = {loss: {cell.status for cell in family.panel.of(loss) if not cell.scored} for loss in family.left_out}
    named = [f"{escape(loss)} ({'/'.join(sorted(found)) or 'not measured'})" for loss, found in statuses.items()]
    return f"not judged{where(family)}: {', '.join(named)}"


def changes(before: Family, after: Family) -> str:
    """What another moment says that is not what the first said; "" where there is no pair."""
    if not after.verdicts:
        return ""
    words = {(verdict.first, verdict.second): verdict.word for verdict in before.verdicts}
    other = [verdict for verdict in after.verdicts if words.get((verdict.first, verdict.second)) != verdict.word]
    if not other:
        return "the same verdict for every pair."
    return " ".join(sentences(replace(after, verdicts=tuple(other), left_out=())))


def where(family: Family) -> str:
    """On what the losses were judged, as it stands in a sentence."""
    return f" on {escape(family.metric)}{STATES.get(family.moment, '')}"


def sentence(verdict: Verdict, on: str = "") -> str:
    """What the seeds say of a pair, the better one first.

    Example:
        >>> print(sentence(Verdict("lsgan", "bce", 12, 1.0, 0.94, 1.05, 0.953, 1.04, 0.9, 1.0, "equivalent", 1.12)))
        lsgan and bce are equivalent (90 % interval of the ratio 0.953 … 1.04, margin 0.909 … 1.10, n = 12; could have seen 1.12 and more).
        >>> print(sentence(Verdict("lsgan", "bce", 8, 0.7, 0.6, 0.8, 0.62, 0.78, 0.0078, 0.0156, "better", 1.12), " on fid"))
        lsgan is better than bce on fid (ratio 0.700 [0.600, 0.800], adjusted p = 0.0156, n = 8; could have seen 1.12 and more).
        >>> print(sentence(Verdict("lsgan", "bce", 3, 0.7), " on fid"))
        lsgan and bce have too few seeds for a verdict on fid (ratio 0.700, n = 3 of the 6 that the least verdict needs).
        >>> print(sentence(Verdict("lsgan", "bce", 0), " on fid"))
        lsgan and bce have no pair of seeds to be judged by on fid.
    """
    verdict = verdict.turned() if verdict.word == WORSE else verdict
    first, second = escape(verdict.first), escape(verdict.second)
    if not verdict.n:
        return f"{first} and {second} have no pair of seeds to be judged by{on}."
    start = {
        BETTER: f"{first} is better than {second}{on}",
        EQUIVALENT: f"{first} and {second} are equivalent{on}",
        UNDECIDED: f"undecided between {first} and {second}{on}",
        FEW: f"{first} and {second} have too few seeds for a verdict{on}",
    }[verdict.word]
    if verdict.decided and verdict.within:
        start += ", but by less than the declared margin"
    parts = [_evidence(verdict), _sight(verdict), _failures(verdict)]
    return f"{start} ({'; '.join(part for part in parts if part)})."


def _evidence(verdict: Verdict) -> str:
    kind = "ratio" if verdict.logarithmic else "difference"
    if verdict.word == FEW:
        return f"{kind} {number(verdict.ratio)}, n = {verdict.n} of the 6 that the least verdict needs"
    if verdict.word == EQUIVALENT:
        margin = f"{number(1 / (1 + verdict.margin))} … {number(1 + verdict.margin)}"
        ends = f"{number(verdict.low90)} … {number(verdict.high90)}"
        return f"90 % interval of the ratio {ends}, margin {margin}, n = {verdict.n}"
    ends = f"[{number(verdict.low)}, {number(verdict.high)}]"
    p = probability(verdict.p_adjusted)
    return f"{kind} {number(verdict.ratio)} {ends}, adjusted p {p if p.startswith('<') else f'= {p}'}, n = {verdict.n}"


def _sight(verdict: Verdict) -> str:
    return "" if verdict.smallest is None else f"could have seen {number(verdict.smallest)} and more"


def _failures(verdict: Verdict) -> str:
    survivors = verdict.survivors
    if survivors is None:
        return ""
    names = zip((verdict.first, verdict.second), verdict.failed, strict=True)
    counted = " and ".join(f"{count} of {escape(name)}" for name, count in names if count)
    if not survivors.n:
        return f"failed, and counted as the worst: {counted}, which leaves no pair of survivors"
    rest = f"the survivors alone: {survivors.word}, ratio {number(survivors.ratio)}, n = {survivors.n}"
    return f"failed, and counted as the worst: {counted}; {rest if verdict.logarithmic else rest.replace('ratio', 'difference')}"


def _grouped(family: Family) -> list[str]:
    """A sentence per kind of verdict: every pair that is decided or equivalent, and how many are neither."""
    verdicts, on = family.verdicts, where(family)
    winners: dict[str, list[str]] = {}
    for verdict in (each.turned() if each.word == WORSE else each for each in verdicts if each.decided):
        small = ", less than the margin" if verdict.within else ""
        losers = winners.setdefault(verdict.first, [])
        kind = "" if losers else "ratio " if verdict.logarithmic else "difference "
        losers.append(f"{escape(verdict.second)} ({kind}{number(verdict.ratio)}{small})")
    ordered = sorted(winners.items(), key=lambda pair: -len(pair[1]))  # who beats most first
    found = [f"{escape(name)} is better{on} than {', '.join(losers)}." for name, losers in ordered]
    alike = [f"{escape(v.first)} and {escape(v.second)}" for v in verdicts if v.word == EQUIVALENT]
    found += [f"equivalent{on}: {'; '.join(alike)}."] if alike else []
    rest = [_count(verdicts, word) for word in (UNDECIDED, FEW) if _count(verdicts, word)]
    seen = [verdict.smallest for verdict in verdicts if verdict.smallest is not None and verdict.word == UNDECIDED]
    sight = f" (could have seen {number(min(seen))} to {number(max(seen))} and more, by pair)" if seen else ""
    return found + ([f"of {len(verdicts)} pairs{on}: {', '.join(rest)}{sight}."] if rest else [])


def _count(verdicts: Sequence[Verdict], word: str) -> str:
    pairs = [verdict for verdict in verdicts if verdict.word == word]
    return f"{len(pairs)} {word}" if pairs else ""


def settings_apart(family: Family) -> dict[str, list[str]]:
    """What sets the losses' cells apart beside the loss: the words -> the pairs of which they hold."""
    found: dict[str, list[str]] = {}
    for verdict in family.verdicts:
        words = apart(differing(family.panel, verdict.first, verdict.second))
        if words:
            found.setdefault(words, []).append(f"{escape(verdict.first)} and {escape(verdict.second)}")
    return found


def apart(settings: Mapping[str, tuple[str, str]]) -> str:
    """The differing settings in words.

    Example:
        >>> apart({"n_critic": ("5", "1")})
        'n_critic 5 against 1'
    """
    return ", ".join(
        f"{escape(name)} {escape(ours)} against {escape(theirs)}" for name, (ours, theirs) in settings.items()
    )
