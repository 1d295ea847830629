"""A paragraph per panel, written from the numbers; it claims no more than they carry."""

from collections.abc import Iterable

from reports import aggregate, metrics
from reports.families import family, selection
from reports.ladders import floor_of
from reports.loading import Run
from reports.panels import AVERAGED, RAW, Panel
from reports.text import escape, number
from reports.timings import StepTime, step_times
from reports.wording import changes, sentences, settings_apart

SPEAKS_OF = {
    "controlled": "This recipe holds everything equal but the loss and its penalty: what follows speaks of losses.",
    "tuned": "Each loss at the best of as many trials, on the same points and other seeds: what follows speaks of losses at equal tuning.",
    "published": "This recipe gives each loss its paper's norm, n_critic and optimiser: what follows speaks of recipes.",
}

MANY = 6  # ways in which settings differ from pair to pair
SEEDS = 6  # fewer give no interval of 95 %
STATES = {"best": "best state", AVERAGED[0]: "best state with averaged weights"}


def paragraph(run: Run, panel: Panel) -> str:
    """The panel's result in a few sentences of Markdown."""
    parts = [SPEAKS_OF.get(panel.recipe, f"Recipe {escape(panel.recipe)}."), _counted(panel)]
    for metric in aggregate.primaries(panel):
        parts += [_into(metric), _medians(run, panel, metric), _truth(panel, metric)]
        best, final = (family(run, panel, metric, moment) for moment in RAW)
        parts += ["*Final state:*", changes(best, final)] if final.verdicts else []
        if AVERAGED[0] in panel.moments():
            parts += ["*Averaged weights:*", _medians(run, panel, metric, AVERAGED[0])]
            parts += sentences(family(run, panel, metric, AVERAGED[0]))
    parts += [_apart(run, panel), _cost(run, panel)]
    return " ".join(part for part in parts if part)


def ranked(panels: Iterable[Panel]) -> list[Panel]:
    """The panels with those first that speak of losses alone."""
    order = list(SPEAKS_OF)
    return sorted(panels, key=lambda panel: order.index(panel.recipe) if panel.recipe in order else len(order))


def _into(metric: str) -> str:
    domain = metrics.split(metric)[1]
    return f"*Into domain {escape(domain)}:*" if domain else ""


def _truth(panel: Panel, metric: str) -> str:
    """The true error of the same domain, where it is known: a distance does not see which picture was translated to which."""
    error = next(filter(metrics.has_ratios, _of(panel.translation(), metrics.split(metric)[1])), None)
    middles = {loss: aggregate.middle(panel, loss, error, "best") for loss in panel.losses} if error else {}
    shown = [f"{escape(loss)} {number(value)}" for loss, value in middles.items() if value is not None]
    words = "where 0 is perfect and 1 as if nothing had been translated"
    return f"Median {escape(error)}, {words}: {', '.join(shown)}." if shown else ""


def _of(names: list[str], domain: str) -> list[str]:
    return [name for name in names if metrics.split(name)[1] == domain]


def _others(panel: Panel) -> list[str]:
    return [loss for loss in panel.losses if loss != panel.reference]


def _counted(panel: Panel) -> str:
    scored = sum(cell.scored for cell in panel.cells)
    lost = {loss: len(panel.of(loss)) - len(panel.scored(loss)) for loss in panel.losses}
    named = ", ".join(f"{escape(loss)} {count}" for loss, count in lost.items() if count)
    counted = f"{scored} of {len(panel.cells)} cells were trained to the end" + (f"; not: {named}." if named else ".")
    counted += _wrong(panel)
    most = max((len(panel.scored(loss)) for loss in panel.losses), default=0)
    if not 0 < most < SEEDS:
        return counted
    seeds = (
        f"At most {most} seed{'s' if most > 1 else ''} of a loss"
        if named
        else f"{most} seed{'s' if most > 1 else ''} per loss"
    )
    return f"{counted} {seeds}: too few for a verdict on quality."


def _wrong(panel: Panel) -> str:
    """The cells that went wrong and stand in the medians all the same."""
    every = {loss: [cell.status for cell in panel.scored(loss) if not cell.done] for loss in panel.losses}
    parts = [
        f"{escape(loss)} {statuses.count(name)} {name}"
        for loss, statuses in every.items()
        for name in dict.fromkeys(statuses)
    ]
    return f" Among them went wrong, and are counted in what follows: {', '.join(parts)}." if parts else ""


def _medians(run: Run, panel: Panel, metric: str, moment: str = "best") -> str:
    middles = {loss: aggregate.middle(panel, loss, metric, moment) for loss in panel.losses}
    shown = [f"{escape(loss)} {number(value)}" for loss, value in middles.items() if value is not None]
    if not shown:
        return "No cell was trained to the end, so there is no quality to compare."
    floor, ceiling = floor_of(run, panel, metric), aggregate.ceiling(panel, metric)
    ends = [f"floor {number(floor)}"] if floor is not None else []
    ends += [f"untrained generator {number(ceiling)}"] if ceiling is not None else []
    ends += [f"best is the {escape(selection(panel))}"] if selection(panel) else []
    return f"Median {escape(metric)} of the {STATES[moment]}: {', '.join(shown)}" + (
        f" ({', '.join(ends)})." if ends else "."
    )


def _apart(run: Run, panel: Panel) -> str:
    """What the losses were trained with, where it is not the same."""
    metric = next(iter(aggregate.primaries(panel)), None)
    found = settings_apart(family(run, panel, metric, "best")) if metric else {}
    if len(found) > MANY:
        return "Beside the loss differ norms, optimisers or other settings, in more ways than a sentence holds: *Settings* has them."
    parts = [f"{', '.join(pairs)} in {words}" for words, pairs in found.items()]
    return f"Beside the loss differ {'; '.join(parts)}." if parts else ""


def _cost(run: Run, panel: Panel) -> str:
    times = step_times(run, panel)
    first = [time for time in times if time.timing is times[0].timing]
    parts = [part for time in first if time.loss != panel.reference for part in [_ratio(time)] if part]
    if not times:
        return "No timing record: nothing is said about cost."
    if not parts:
        return ""
    disturbed = " Other programs were at work during this timing pass." if first[0].timing.get("disturbed") else ""
    return f"A step takes, against one of {escape(panel.reference)} ({escape(first[0].device)}): {', '.join(parts)}.{disturbed}"


def _ratio(time: StepTime) -> str:
    ratio = time.ratio()
    return f"{escape(time.loss)} {number(ratio[0])} × [{number(ratio[1])}, {number(ratio[2])}]" if ratio else ""
