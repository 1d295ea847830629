"""Finds trainings that went wrong, and says since which step and why. Standard library only.

The constants were measured on 69 sound trainings (all 18 losses on digits of 16 px in both recipes, other sizes,
networks and norms, CycleGAN with and without an adversary), on 337 earlier runs, most of 1,100 steps, and on 45
trainings that were to go wrong (learning rates up to 1, critics without constraint, discriminators at up to 150 times
the generator's rate, absurd clips, latents ignored, gradients scaled by 0 to 1e-4). No sound one is called a fault.

**Explosion**, `EXPLODED`. The median of |term| over the steps of an interval was at most 21 (reverse-kl) where a
training was sound, with single steps up to 1.1e4 that it recovered from; the worst that recovered, a χ² loss at 500
times its learning rate, had a step of 4e5. A critic without any constraint passes 1e6 on its way to infinity.

**Collapse**, `COLLAPSED`, `FALLEN`, `YOUNG`, `DEAD`. The ratio of spreads (`gan_losses.metrics.spread`) was 0.15 to 1.1 in
sound trainings from step 100 on, CycleGAN's 0.3 to 0.9, never below 0.4 of the most that it had been, and 0 to 1e-9
where a generator had died (learning rate 1) or did not hear its latents. A low ratio alone is none: fresh DCGANs have
3e-4 (64 px) to 4e-3 (16 px), and pass 0.05 after 20 to 50 steps where the generator has a norm, but after 140 (bce,
32 px) or 800 (wgan) where it has none. So it also has to have fallen, the untrained generator's included, or to be as
good as 0; and in the first `YOUNG` steps, when a CycleGAN may pass through one colour, it has to be as good as 0. A
generator that gives a few pictures in turn is not found: they may differ as much as real images do.

**Stall**, `PACE`, `DISTANCE`, `LAST`. What stops is the generator's pace ‖Δθ‖ / ‖θ‖ of one update: 6e-4 to 9e-3 in
sound trainings (learning rate 2e-4 or 5e-5), 1e-5 to 6e-5 with saturating losses (minimax, hellinger, jensen-shannon:
hardly anything is learnt, but nothing has stopped; kl recovers from 6e-5), below 1e-5 after 300 steps and falling if
their discriminator is far too strong, 2e-6 to 5e-29 with gradients below 1e-9 or a clip of 1e-4 or less, 0 with none.
In a long training a slower pace still leads somewhere: so it has to be too slow for going 1 % of ‖θ‖ in as many steps
as the training has, too. Schedules that end at 0 bring a sound pace to 5e-6 at the very last log point and no sooner:
hence the last 5 % of the steps and two log points at the least.

Two other statistics were tried and do not decide. `stalled_share` (√v̂ < 10 eps) is 0 in most sound trainings, 0.44
in one (wgan, a generator without norm), but 0.98 and 0.999 with gradients scaled by 1e-6 and 1e-7, which learn as
well as any, only slower: where it is 0.99 or more it is told as the reason. `gradient_norm` has no scale of its own:
wgan learns at 5e-3, bce at 30; so it decides at exactly 0 only. A task with further terms goes on without its
adversary: there the adversarial gradient itself has stalled if it is too small to change the sum with each of the
others in float32 (`adversarial_to_…` below 2⁻²⁴; 0.04 to 60 in sound ones). A task without an adversary has no such
statistic, and is judged by its pace alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

Json = dict[str, Any]

EXPLODED = 1e6  # |term|
COLLAPSED = 0.05  # spread of fakes over that of real images
FALLEN = 0.2  # of the highest ratio that there was before
YOUNG = 100  # steps
DEAD = 1e-6  # ratio at which nothing need have been before
PACE = 1e-5  # ‖Δθ‖ / ‖θ‖ of an update of the generator
DISTANCE = 0.01  # of ‖θ‖, in as many updates as the training has steps
LAST = 0.05  # of the steps: at least so long, and two log points, has a stall to last
NO_WEIGHT = 2**-24  # float32: what is smaller beside 1 does not change a sum
STALLED_SHARE = 0.99

STATUSES = {"not finite": "diverged", "explosion": "diverged", "collapse": "collapsed", "stall": "stalled"}


@dataclass(frozen=True)
class Fault:
    """What went wrong in a training.

    Attributes:
        kind: "not finite", "explosion", "collapse" or "stall".
        step: since when (counted from 1; 0 is before training).
        cause: in words, one sentence without a full stop.
    """

    kind: str
    step: int
    cause: str

    @property
    def status(self) -> str:
        """The cell's: "diverged" (training ends at once), "collapsed" or "stalled" (as they are at its end).

        Example:
            >>> Fault("explosion", 40, "…").status
            'diverged'
        """
        return STATUSES[self.kind]

    def to_json(self) -> Json:
        """As a record keeps it: {"kind", "step", "cause"}."""
        return asdict(self)


def broken(terms: Mapping[str, Sequence[float]], step: int) -> Fault | None:
    """Whether a training must end at this log point.

    Not finite: a term of the last step. Explosion: more than half of a term's steps were above `EXPLODED`.

    Args:
        terms: of each step since the last log point, one or more.
        step: the last of them.

    Example:
        >>> broken({"adversarial_image": [0.5, 0.6], "discriminator_image": [0.7, float("nan")]}, step=40)
        Fault(kind='not finite', step=40, cause='discriminator_image no longer finite at step 40')
    """
    return _not_finite(terms, step) or _exploded(terms, step)


def _not_finite(terms: Mapping[str, Sequence[float]], step: int) -> Fault | None:
    first = {}  # of the values that were not finite until the end
    for name, values in terms.items():
        lasting = _ending([not isfinite(value) for value in values])
        if lasting:
            first[name] = step - lasting + 1
    if not first:
        return None
    since = min(first.values())
    names, later = ([name for name in first if (first[name] == since) is wanted] for wanted in (True, False))
    then = f", then {', '.join(later)}" if later else ""
    return Fault("not finite", since, f"{', '.join(names)} no longer finite at step {since}{then}")


def _exploded(terms: Mapping[str, Sequence[float]], step: int) -> Fault | None:
    for name, values in terms.items():
        above = [not abs(value) <= EXPLODED for value in values]
        if 2 * sum(above) > len(above):
            began = step - len(values) + 1 + above.index(True)
            size = f"{sum(above)} of the {len(above)} steps up to step {step}"
            return Fault("explosion", began, f"|{name}| is above {EXPLODED:g} in {size}")
    return None


def verdict(rows: Sequence[Json], spreads: Sequence[Json]) -> Fault | None:
    """What is wrong with a training at its end; what it has recovered from does not count.

    The first of: gradient and weights of the generator not finite after the last update, a collapse, a stall.
    None, NaN and what is missing are no evidence for the latter two.

    Args:
        rows: the log points, as lines of curves.jsonl, in order and from the first one on.
        spreads: the evaluations in order, that of the untrained generators at step 0 included: {"step", domain: ratio of
            spreads}.

    Example:
        >>> fault = verdict([], [{"step": 0, "image": 0.01}, {"step": 500, "image": 0.6}, {"step": 1000, "image": 0.001}])
        >>> fault.kind, fault.step, fault.cause
        ('collapse', 1000, "the fakes of image are all alike: their spread is 0.001 of the real images'")
    """
    return _lost(rows) or _collapsed(spreads) or _stalled(rows)


def _lost(rows: Sequence[Json]) -> Fault | None:
    """The last update breaks what no later term can tell of."""
    last = _generator(rows[-1]) if rows else {}
    if any(_number(last.get(name, 1.0)) is not None for name in ("update_ratio", "gradient_norm")):
        return None
    step = rows[-1]["step"] if rows else 0
    return Fault("not finite", step, f"the generator's gradient and weights no longer finite at step {step}")


def _collapsed(spreads: Sequence[Json]) -> Fault | None:
    first = {}
    for domain in spreads[-1] if spreads else ():
        lasting = _ending(_fallen(spreads, domain)) if domain != "step" else 0
        if lasting:
            first[domain] = spreads[-lasting]["step"]
    if not first:
        return None
    shares = " and ".join(f"{spreads[-1][domain]:.2g}" for domain in first)
    cause = f"the fakes of {' and '.join(first)} are all alike: their spread is {shares} of the real images'"
    return Fault("collapse", min(first.values()), cause)


def _fallen(spreads: Sequence[Json], domain: str) -> list[bool]:
    """Of each evaluation whether the fakes are alike and were more varied before, or do not differ at all."""
    fallen, most = [], 0.0
    for row in spreads:
        ratio = _number(row.get(domain))
        most = max(most, ratio or 0.0)
        limit = max(DEAD, min(COLLAPSED, FALLEN * most)) if row["step"] >= YOUNG else DEAD
        fallen.append(row["step"] > 0 and ratio is not None and ratio < limit)
    return fallen


def _stalled(rows: Sequence[Json]) -> Fault | None:
    probed = [row for row in rows if _generator(row)]
    steps = rows[-1]["step"] if rows else 0
    pace = min(PACE, DISTANCE / max(steps, 1))
    signs = [[words for sign, words in _SIGNS if sign(_generator(row), pace)] for row in probed]
    lasting = _ending([bool(found) for found in signs])
    if lasting < 2 or (since := probed[-lasting]["step"]) > (1 - LAST) * steps:
        return None
    return Fault("stall", since, f"{signs[-1][0].format(pace=pace)} since step {since}{_reason(probed[-1])}")


def _reason(row: Json) -> str:
    share = _number(_generator(row).get("stalled_share"))
    if share is None or share < STALLED_SHARE:
        return ""
    return f"; √v is below ten times the optimiser's epsilon in {share:.0%} of the generator's weights"


def _no_gradient(statistics: Json, pace: float) -> bool:
    return statistics.get("gradient_norm") == 0


def _slow(statistics: Json, pace: float) -> bool:
    return _below(statistics.get("update_ratio"), pace)


def _adversary_lost(statistics: Json, pace: float) -> bool:
    shares = [value for name, value in statistics.items() if name.startswith("adversarial_to_")]
    return bool(shares) and all(_below(share, NO_WEIGHT) for share in shares)


_SIGNS: tuple[tuple[Callable[[Json, float], bool], str], ...] = (
    (_no_gradient, "the generator's gradient is 0"),
    (_slow, "an update changes the generator's weights by less than {pace:.2g} of their norm"),
    (_adversary_lost, "the adversarial gradient is too small to change the sum with the generator's other gradients"),
)


def _generator(row: Json) -> Json:
    statistics: Json = row["saturation"].get("generator", {})
    return statistics


def _ending(signs: Sequence[bool]) -> int:
    """How many of the last ones hold without a break."""
    return next((index for index, sign in enumerate(reversed(signs)) if not sign), len(signs))


def _below(value: float | None, limit: float) -> bool:
    number = _number(value)
    return number is not None and number < limit


def _number(value: float | None) -> float | None:
    """The value, None where it is none: files have None for NaN, memory may still hold the NaN."""
    return value if value is not None and isfinite(value) else None
