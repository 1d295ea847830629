"""Recorded blocks -> the quantities that are judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from benchmarks.interleaved import Recording
from benchmarks.regression.judge import PHASE, RATIO, STEP, Quantity

Table = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]
REFERENCE_LOSS = "bce"
OURS, TEXTBOOK = "ours", "textbook"


def table_of(recording: Recording) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Case -> side -> phase (and "step") -> the median seconds of each block, in order."""
    return {
        case: {
            side: {phase: recording.medians(case, phase, side) for phase in _phases(recording, case, side)}
            for side in recording.sides
        }
        for case in recording.cases
    }


def with_launches(quantities: Iterable[Quantity], recording: Recording) -> list[Quantity]:
    """The quantities of the recording's table, each new value with the launch that it is of."""
    launches = {
        case: tuple(block.launch for block in recording.blocks if block.case == case) for case in recording.cases
    }
    return [replace(each, launches=launches[each.case]) if each.new else each for each in quantities]


def _phases(recording: Recording, case: str, side: str) -> list[str]:
    found = (name for block in recording.blocks if block.case == case for name in block.samples[side])
    return list(dict.fromkeys((STEP, *found)))


def reference_of(case: str) -> str:
    """The case of the same task that others are divided by.

    Example:
        >>> reference_of("dcgan/wgangp")
        'dcgan/bce'
    """
    return f"{case.partition('/')[0]}/{REFERENCE_LOSS}"


def paired_quantities(table: Table, base: str, new: str) -> list[Quantity]:
    """Two sides of one recording: each case's step, its phases, and its step over the reference's of the same block.

    Args:
        table: of `table_of`.
        base: the side that is the yardstick.
        new: the side that is judged.
    """
    found = []
    for case, sides in table.items():
        shares = _shares(sides[base], sides[new])
        for phase in dict.fromkeys((*sides[base], *sides[new])):
            values = tuple(sides[base].get(phase, ())), tuple(sides[new].get(phase, ()))
            found.append(Quantity(case, phase, _kind(phase), *values, share=shares[phase]))
        reference = reference_of(case)
        if reference in table and reference != case:
            before, now = (_over(sides[side][STEP], table[reference][side][STEP]) for side in (base, new))
            found.append(Quantity(case, _ratio_name(), RATIO, before, now, seconds=False, relative_to=reference))
    return found


def stored_quantities(sessions: Sequence[Table], new: Table, absolute: bool) -> list[Quantity]:
    """A new recording against stored ones: independent samples, every time as a share of the textbook's step.

    The textbook's step is measured beside ours in both sessions, so that the machine's drift cancels.

    Args:
        sessions: the baseline's tables, with the sides "ours" and "textbook".
        new: the table of this session.
        absolute: whether the seconds themselves are judged as well: on a device whose clocks hold still.
    """
    before = [dict(_values(session, absolute)) for session in sessions]
    now = dict(_values(new, absolute))
    found = []
    for key in dict.fromkeys(key for values in (*before, now) for key in values):
        case, measure, kind, seconds = key
        base = tuple(value for values in before for value in values.get(key, ()))
        share = 1.0
        if kind == PHASE:
            phase = measure.partition(" / ")[0]
            share = max(_shares(table[case][OURS])[phase] for table in (*sessions, new) if _has(table, case, phase))
        relative = reference_of(case) if kind == RATIO else None
        values = base, now.get(key, ())
        found.append(Quantity(case, measure, kind, *values, share, paired=False, seconds=seconds, relative_to=relative))
    return found


def _values(table: Table, absolute: bool) -> Iterator[tuple[tuple[str, str, str, bool], tuple[float, ...]]]:
    for case, sides in table.items():
        ours = sides[OURS]
        for phase, seconds in ours.items():
            if absolute:
                yield (case, phase, _kind(phase), True), tuple(seconds)
            share = _over(seconds, sides[TEXTBOOK][STEP])
            yield (case, f"{phase} / {TEXTBOOK}", _kind(phase), False), share
        reference = reference_of(case)
        if reference in table and reference != case:
            yield (case, _ratio_name(), RATIO, False), _over(ours[STEP], table[reference][OURS][STEP])


def _ratio_name() -> str:
    return f"{STEP} / {REFERENCE_LOSS}"


def _kind(phase: str) -> str:
    return STEP if phase == STEP else PHASE


def _has(table: Table, case: str, phase: str) -> bool:
    return case in table and phase in table[case][OURS]


def _shares(*sides: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Phase -> the largest share of the step that it has on any of the sides."""
    found: dict[str, float] = {}
    for phases in sides:
        step = median(phases[STEP])
        for phase, seconds in phases.items():
            found[phase] = max(found.get(phase, 0.0), median(seconds) / step if seconds else 0.0)
    return found


def _over(values: Iterable[float], others: Iterable[float]) -> tuple[float, ...]:
    return tuple(value / other for value, other in zip(values, others, strict=False))
