"""The timing pass on a Ray cluster: one node at a time, which it has to itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayError

from benchmarks.events import Work
from benchmarks.executors import ray_node
from benchmarks.executors.campaign import on_each, said
from benchmarks.executors.packing import journey_of, packed
from benchmarks.executors.ray_node import LUGGAGE
from benchmarks.plan import Cell
from gan_losses.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.executors.ray_cluster import RayExecutor

Json = dict[str, Any]


def described(executor: "RayExecutor", nodes: Sequence[Json], device: str) -> Iterator[tuple[Json, Json]]:
    """Each node with the facts of its device, as `benchmarks.environment.device_facts` has them."""
    from benchmarks.executors.ray_cluster import variables

    gpus = min(1.0, executor.needs["num_gpus"])
    tasks = on_each(ray_node.describe, nodes, num_gpus=gpus)
    facts = [task.remote(device, variables()) for task in tasks]
    yield from zip(nodes, _got(facts), strict=True)


def take(executor: "RayExecutor", node: Json, cells: Sequence[Cell], out: Path, store: Path, rounds: int) -> Json:
    """The timing record of a node. It waits until nothing else of the cluster runs there, as it takes all that the node has."""
    work = Work(out.resolve(), {cells[0].data: store}, None)
    journey, work = journey_of(executor, work, cells, "")
    (task,) = on_each(ray_node.time_steps, [node], num_cpus=node.get("CPU", 0), num_gpus=node.get("GPU", 0))
    (found,) = _got([task.remote(cells, work, journey, rounds)])
    if found == LUGGAGE:
        journey = replace(journey, luggage=packed(journey.luggage, work))
        (found,) = _got([task.remote(cells, work, journey, rounds)])
    return dict(found)


def _got(references: Sequence[Any]) -> list[Any]:
    try:
        return list(ray.get(list(references)))
    except RayError as error:
        raise UsageError(
            f"a node cannot time steps: {said(error)}; every node needs the packages of this environment, in the same versions."
        ) from error
