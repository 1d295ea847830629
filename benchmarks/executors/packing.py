"""What a run sends to a cluster with its cells, put together on the user's machine."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import ray

from benchmarks.events import Work
from benchmarks.executors.luggage import Luggage, own_code, stored
from benchmarks.executors.ray_node import Journey, package
from benchmarks.plan import Cell
from gan_losses.data import default_root
from gan_losses.metrics import FEATURES, Place
from gan_losses.places import is_place
from gan_losses.spelling import parts

if TYPE_CHECKING:
    from benchmarks.executors.ray_cluster import RayExecutor

# Of unlike versions the numbers may be unlike, too.
PACKAGES = ("torch", "torchvision", "torchmetrics", "numpy", "scipy", "scikit-learn", "pillow", "safetensors")


def journey_of(executor: "RayExecutor", work: Work, cells: Sequence[Cell], identity: str) -> tuple[Journey, Work]:
    """What all attempts have in common, nothing of it packed yet; and the work with whole paths.

    Args:
        executor: that is connected.
        work: of the run.
        cells: of the run.
        identity: of the output folder.
    """
    from benchmarks.executors.ray_cluster import variables

    stores = {name: path.resolve() for name, path in work.stores.items()}
    work = replace(work, stores=stores, place=_whole(work.place, cells))
    luggage = Luggage({name: stored(path) for name, path in stores.items()})
    code, streamed = own_code(own_places(cells)), executor.options.storage == "streamed"
    versions = {name: found for name in PACKAGES if (found := package(name)) is not None}
    return Journey(executor.job, identity, streamed, luggage, code, variables(), versions), work


def own_places(cells: Sequence[Cell]) -> list[str]:
    """The files and modules of the user's own that the cells' settings name, as spelled."""
    spelled = [parts(cell.spelling)[0] for cell in cells]
    spelled += [features for cell in cells for features in str(cell.settings["features"]).split(",")]
    return list(dict.fromkeys(text.partition(":")[0] for text in spelled if is_place(text)))


def _whole(place: Any, cells: Sequence[Cell]) -> dict[str, Any]:
    """The place with whole paths, and with the file of weights that is found in it, so that it can travel."""
    found = {**place, "root": Path(place.get("root") or default_root()).resolve()}
    asked = {features for cell in cells for features in str(cell.settings["features"]).split(",")}
    if found.get("weights") is None:
        kept = [path for name in asked if name in FEATURES for path in FEATURES[name].kept(Place(**found))]
        found["weights"] = kept[0] if kept else None
    if found["weights"] is not None:
        found["weights"] = Path(found["weights"]).resolve()
    return found


def packed(luggage: Luggage, work: Work) -> Luggage:
    """With all of it in the cluster's object store."""
    path = work.place.get("weights")
    weights = None if path is None else (Path(path).name, put(Path(path)))
    return Luggage({name: store.packed(put) for name, store in luggage.stores.items()}, weights, packed=True)


def put(path: Path) -> Any:
    """A file's content in the cluster's object store, from where every node takes it once."""
    return ray.put(np.fromfile(path, dtype=np.uint8))
