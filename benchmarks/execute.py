"""One cell -> one record: build, train, evaluate, write."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from benchmarks import records
from benchmarks.cells import acceleration_of, build_training
from benchmarks.curves import Curves, DivergedError, Progress
from benchmarks.evaluation import Evaluation
from benchmarks.plan import Cell
from benchmarks.selection import Best
from benchmarks.summary import summarise
from benchmarks.writing import describe, save_picture
from gan_losses.data.store import load_dataset
from gan_losses.losses import GANLoss
from gan_losses.metrics import Place
from gan_losses.training import Training

Json = dict[str, Any]
RAW, AVERAGED = "raw", "averaged"


class Execution:
    """The training of one cell, step by step to its record.

    Args:
        cell: what to train.
        out: the run's output folder.
        store: the data set's folder.
        place: where the features' weights are and what is kept of real images.
        progress: called with the steps done and the latest terms, a few times a second.

    Attributes:
        seconds_judging: that evaluations have taken so far.
    """

    def __init__(self, cell: Cell, out: Path, store: Path, place: Place, progress: Progress) -> None:
        self.cell, self.folder = cell, out / cell.folder
        self.data = load_dataset(store)
        self.training: Training = build_training(cell, self.data)
        self.loss: GANLoss = self.training.loss
        self.evaluation = Evaluation(cell, self.training.task, self.data, self.training.placement, place)
        settings = cell.settings
        self.curves = Curves(
            self.training, self.folder / "curves.jsonl", settings["log_every"], settings["steps"], progress
        )
        self.along: list[Json] = []
        kinds = (RAW, AVERAGED) if self.training.averaged is not None else (RAW,)
        self.best = {kind: Best() for kind in kinds}
        self.seconds_judging = 0.0

    def run(self) -> Json:
        """Train to the end and return quality and saturation."""
        untrained = self._test()
        self._evaluate()
        assert self.training.probe is not None
        with self.training.probe:
            for index in range(self.cell.settings["steps"]):
                self.curves.add(self.training.step(index))
                if self.step % self.cell.settings["eval_every"] == 0 or self.step == self.cell.settings["steps"]:
                    self._evaluate()
                self.curves.tell()
        results = {kind: {"final": self._test_final(kind)} for kind in self.best}
        self._save_maps()
        for kind, result in results.items():
            result["best"] = self._test_best(kind, result["final"])
        return {
            "quality": self._quality(untrained, results),
            "saturation": summarise(self.curves.rows),
            "acceleration": acceleration_of(self.training),
        }

    @property
    def step(self) -> int:
        """The last one trained."""
        return self.curves.step

    def _quality(self, untrained: Json, results: dict[str, Json]) -> Json:
        averaged = results.get(AVERAGED)
        return {
            "passport": self.evaluation.passport(),
            "selection": self.evaluation.rule,
            "selection_metric": self.evaluation.selection,
            "best": results[RAW]["best"],
            "final": results[RAW]["final"],
            "untrained": untrained,
            **({"averaged": {"decay": self.cell.settings["ema"], **averaged}} if averaged else {}),
            "along": self.along,
        }

    @contextmanager
    def _judged(self, kind: str) -> Iterator[None]:
        """The generators with the weights of that kind inside; the time counts as judging."""
        began = time.perf_counter()
        averaged = self.training.averaged
        with averaged.swapped() if kind == AVERAGED and averaged is not None else nullcontext():
            yield
        self.seconds_judging += time.perf_counter() - began

    def _evaluate(self) -> None:
        """Score on validation, keep the weights if they are the best so far, save a grid."""
        scores = {}
        for kind, best in self.best.items():
            with self._judged(kind):
                scores[kind] = self.evaluation.validation()
                best.consider(self.evaluation.selected(scores[kind]), self.step, self._weights)
        row = {**self.curves.counts(), "metrics": scores[RAW]}
        self.along.append(row | ({AVERAGED: scores[AVERAGED]} if AVERAGED in scores else {}))
        pictures = self.evaluation.pictures()
        for domain, picture in pictures.items():
            suffix = "" if len(pictures) == 1 else f"-{domain}"
            save_picture(self.folder / "samples" / f"step{self.step:06d}{suffix}.png", picture)

    def _test(self, kind: str = RAW) -> Json:
        with self._judged(kind):
            return {"step": self.step, "metrics": self.evaluation.test()}

    def _test_final(self, kind: str) -> Json:
        with self._judged(kind):
            self._save_weights(_file("final", kind), self._weights())
        return self._test(kind)

    def _test_best(self, kind: str, final: Json) -> Json:
        """Put the best weights into the generators, score them on test and save them."""
        best = self.best[kind]
        if best.weights is None:
            return final
        self._load_weights(best.weights)
        self._save_weights(_file("best", kind), best.weights)
        return {**(final if best.step == final["step"] else self._test()), "step": best.step}

    def _save_maps(self) -> None:
        maps, strips = self.evaluation.slope_maps(self.loss)
        if maps:
            records.write_json(self.folder / "maps.json", {"step": self.step, "domains": maps})
        for domain, picture in strips.items():
            save_picture(self.folder / "maps" / f"{domain}.png", picture)

    def _weights(self) -> dict[str, Tensor]:
        return {
            f"{domain}.{name}": value.detach().to("cpu", copy=True).contiguous()
            for domain, network in self.training.task.generators.items()
            for name, value in network.state_dict().items()
        }

    def _load_weights(self, weights: dict[str, Tensor]) -> None:
        for domain, network in self.training.task.generators.items():
            prefix = f"{domain}."
            own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
            network.load_state_dict(own)

    def _save_weights(self, name: str, weights: dict[str, Tensor]) -> None:
        records.write_bytes(self.folder / name, save(weights))


def _file(moment: str, kind: str) -> str:
    return f"{moment}.safetensors" if kind == RAW else f"{moment}-{kind}.safetensors"


def execute(cell: Cell, out: Path, store: Path, place: Place, commit: str | None, progress: Progress) -> str:
    """Train a cell and write its record; whatever happens inside becomes the record's status.

    Returns:
        The status, one of `benchmarks.records.STATUSES`.
    """
    folder, started = out / cell.folder, time.time()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    status, reason, results, execution = "done", None, {}, None
    try:
        execution = Execution(cell, out, store, place, progress)
        results = execution.run()
    except DivergedError as error:
        status, reason = "diverged", str(error)
        results = {"saturation": summarise(execution.curves.rows) if execution else {}}
    except OSError:
        raise  # the disk, not the cell: the runner tells the user
    except Exception as error:
        status, reason = "failed", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        records.write_bytes(folder / "traceback.txt", traceback.format_exc().encode())
    content = describe(cell, status, reason, started, commit, execution.step if execution else 0)
    content["time"]["seconds_judging"] = execution.seconds_judging if execution else 0.0
    records.write_json(folder / "record.json", {**content, **results})
    return status
