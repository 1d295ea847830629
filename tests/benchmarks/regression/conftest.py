from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.interleaved import Block, Recording, Side
from benchmarks.regression.cases import guarded_cases

PHASES = {"data": 0.02, "discriminator": 0.38, "generator": 0.5, "optimisers": 0.1001}
CASES = {"dcgan/bce": 4e-3, "dcgan/lsgan": 5e-3}


def hand_made(seconds: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]], launches: int = 1) -> Recording:
    """A recording whose block medians are these: case -> side -> phase -> one figure per block."""
    blocks = []
    for case, sides in seconds.items():
        count = len(next(iter(next(iter(sides.values())).values())))
        for index in range(count):
            samples = {
                side: {name: [values[index]] * 3 for name, values in phases.items()} for side, phases in sides.items()
            }
            blocks.append(Block(case, index * launches // count, samples))
    first = next(iter(seconds.values()))
    return Recording(tuple(first), tuple(seconds), tuple(blocks), 1, {}, 0.001)


def imitated(
    sides: Sequence[Side],
    blocks: int,
    launches: int = 2,
    *,
    factors: Mapping[str, float] | None = None,
    noise: float = 0.003,
    seed: int = 0,
    **other: object,
) -> Recording:
    """What `record` gives, from made-up times: a side's factor is on all its phases, its delay in one."""
    random, made = np.random.default_rng(seed), {}
    for place, case in enumerate(sides[0].cases):
        step = 4e-3 + 1e-3 * place
        made[case["name"]] = {}
        for side in sides:
            phases = {
                phase: step
                * (share * (factors or {}).get(side.name, 1.0) + side.delay.get(phase, 0.0))
                * np.exp(random.normal(0, noise, blocks * launches))
                for phase, share in PHASES.items()
            }
            whole = {"step": sum(phases.values()), **phases}
            made[case["name"]][side.name] = {name: values.tolist() for name, values in whole.items()}
    return hand_made(made, launches)


def json_cases() -> tuple[dict, ...]:
    return tuple(case.as_json() for case in guarded_cases(["dcgan"], ["bce", "lsgan"]))
