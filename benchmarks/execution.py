"""The training of one cell, from its start or its latest checkpoint to its scores."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from benchmarks import cell_folder, records
from benchmarks.cells import acceleration_of, build_training
from benchmarks.channel import Channel, PausedError
from benchmarks.checkpoint import Checkpoints
from benchmarks.curves import Curves
from benchmarks.evaluation import Evaluation
from benchmarks.health import Fault, verdict
from benchmarks.plan import Cell
from benchmarks.selection import Best
from benchmarks.summary import summarise
from benchmarks.writing import Spent, save_picture
from gan_losses.checkpoint import capture, restore, seed_globals
from gan_losses.data.store import load_dataset
from gan_losses.losses import GANLoss
from gan_losses.metrics import Place
from gan_losses.training import Training

Json = dict[str, Any]
RAW, AVERAGED = "raw", "averaged"


class Execution:
    """The training of one cell, step by step to its record; it begins where its latest checkpoint was written.

    Args:
        cell: what to train.
        out: the run's output folder.
        store: the data set's folder.
        place: where the features' weights are and what is kept of real images.
        channel: to whoever runs it.
        every: seconds from one checkpoint to the next; 0: only where it is asked to stop.

    Attributes:
        spent: seconds by what they went to, those before a break included.
    """

    def __init__(
        self, cell: Cell, out: Path, store: Path, place: Place, channel: Channel | None = None, every: float = 0.0
    ) -> None:
        self.cell, self.folder, self.channel = cell, out / cell.folder, channel or Channel()
        self.spent = Spent()
        seed_globals(cell.seed)
        self.data = load_dataset(store)
        self.training: Training = build_training(cell, self.data)
        self.loss: GANLoss = self.training.loss
        placement = self.training.placement
        self.evaluation = Evaluation(cell, self.training.task, self.data, placement, place, self._poll)
        settings = cell.settings
        path = self.folder / "curves.jsonl"
        self.curves = Curves(self.training, path, settings["log_every"], settings["steps"], self.channel.progress)
        self.untrained: Json | None = None
        self.along: list[Json] = []
        kinds = (RAW, AVERAGED) if self.training.averaged is not None else (RAW,)
        self.best = {kind: Best() for kind in kinds}
        self.checkpoints = Checkpoints(self.folder, cell.folder, every, self.channel.say)
        self._ahead = 0.0  # seconds that the latest evaluation took
        self._begin()

    def _begin(self) -> None:
        """Go on, or begin in an empty folder."""
        step = self.checkpoints.restore(self._load)
        if step is None:
            cell_folder.clear(self.folder)
        else:
            cell_folder.tidy(self.folder)
            self.channel.say(f"goes on after step {step}")
            for row in self.along:
                self._tell(row)

    def run(self) -> tuple[Json, Fault | None]:
        """Train to the end; returns quality and saturation, and what went wrong if something did.

        Raises:
            DivergedError: it cannot be trained to the end.
            PausedError: it was asked to stop; a checkpoint is written.
        """
        try:
            self._train()
            spreads = [{"step": row["step"], **row["spread"]} for row in self.along]
            return self._results(), verdict(self.curves.rows, spreads)
        except PausedError:
            self._save()
            raise

    def _train(self) -> None:
        self.untrained = self.untrained or self._test()
        self._evaluate_if_due()
        assert self.training.probe is not None
        with self.training.probe:
            while self.step < self.cell.settings["steps"]:
                self.curves.add(self.training.step(self.step))
                if self.checkpoints.due(self._ahead if self._evaluation_due else 0.0):
                    self._save()
                self._evaluate_if_due()
                self.curves.tell()
                self._poll()

    def _results(self) -> Json:
        if self.checkpoints.due(
            2 * self._ahead
        ):  # as test takes about as long as validation, for the best and the last
            self._save()
        results = {kind: {"final": self._test_final(kind)} for kind in self.best}
        self._save_maps()
        for kind, result in results.items():
            result["best"] = self._test_best(kind, result["final"])
        return {
            "quality": self._quality(results),
            "saturation": summarise(self.curves.rows),
            "acceleration": acceleration_of(self.training),
        }

    @property
    def step(self) -> int:
        """The last one trained."""
        return self.curves.step

    def _poll(self) -> None:
        if self.channel.stopping():
            raise PausedError

    def _save(self) -> None:
        """Write a checkpoint: everything that the rest of the training depends on, between two steps."""
        state = {
            **capture(self.training),
            "curves": self.curves.state_dict(),
            "best": {kind: best.state_dict() for kind, best in self.best.items()},
            "untrained": self.untrained,
            "along": self.along,
            "why_not": self.training.pace.why_not,
            "spent": self.spent.state_dict(),
        }
        self.checkpoints.save(self.step, state)
        self.spent.saving += self.checkpoints.cost

    def _load(self, state: Mapping[str, Any]) -> None:
        self.curves.load_state_dict(state["curves"])  # the first, as it alone may find that the state does not fit
        restore(self.training, state)
        for kind, best in self.best.items():
            best.load_state_dict(state["best"][kind])
        self.untrained, self.along = state["untrained"], state["along"]
        self.training.pace.why_not = state["why_not"]
        self.spent.load_state_dict(state["spent"])

    def _quality(self, results: dict[str, Json]) -> Json:
        averaged = results.get(AVERAGED)
        return {
            "passport": self.evaluation.passport(),
            "selection": self.evaluation.rule,
            "selection_metric": self.evaluation.selection,
            "best": results[RAW]["best"],
            "final": results[RAW]["final"],
            "untrained": self.untrained,
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
        self.spent.judging += time.perf_counter() - began

    @property
    def _evaluation_due(self) -> bool:
        done = bool(self.along) and self.along[-1]["step"] == self.step
        settings = self.cell.settings
        return not done and (self.step % settings["eval_every"] == 0 or self.step == settings["steps"])

    def _evaluate_if_due(self) -> None:
        if self._evaluation_due:
            before = self.spent.judging
            self._evaluate()
            self._ahead = self.spent.judging - before

    def _evaluate(self) -> None:
        """Score on validation, keep the weights if they are the best so far, save a grid.

        It may be left between two chunks of fakes: until its row is there, it counts as not done.
        """
        scores, spreads = {}, {}
        for kind in self.best:
            with self._judged(kind):
                scores[kind] = self.evaluation.validation()
                spreads[kind] = self.evaluation.spread()
                self.best[kind].consider(self.evaluation.selected(scores[kind]), self.step, self._weights)
        pictures = self.evaluation.pictures()
        for domain, picture in pictures.items():
            suffix = "" if len(pictures) == 1 else f"-{domain}"
            save_picture(self.folder / "samples" / f"step{self.step:06d}{suffix}.png", picture)
        row = {**self.curves.counts(), "metrics": scores[RAW], "spread": spreads[RAW]}
        self.along.append(row | ({AVERAGED: scores[AVERAGED]} if AVERAGED in scores else {}))
        self._tell(self.along[-1])

    def _tell(self, row: Json) -> None:
        self.channel.evaluated({"row": row, "metric": self.evaluation.selection})

    def _test(self, kind: str = RAW, repeats: int = 0) -> Json:
        with self._judged(kind):
            state = {"step": self.step, "metrics": self.evaluation.test()}
            return state | ({"repeats": self.evaluation.repeated(repeats)} if repeats else {})

    def _test_final(self, kind: str) -> Json:
        with self._judged(kind):
            self._save_weights(_file("final", kind), self._weights())
        return self._test(kind, self._repeats)

    def _test_best(self, kind: str, final: Json) -> Json:
        """Save the best weights and score them on test."""
        best = self.best[kind]
        if best.weights is None:
            return final
        self._save_weights(_file("best", kind), best.weights)
        if best.step == final["step"]:
            return {**final, "step": best.step}
        with self._holding(best.weights):
            return {**self._test(repeats=self._repeats), "step": best.step}

    @property
    def _repeats(self) -> int:
        return int(self.cell.settings.get("repeats", 0))

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

    @contextmanager
    def _holding(self, weights: dict[str, Tensor]) -> Iterator[None]:
        """The generators have these weights inside, and their own again afterwards."""
        own = self._weights()
        try:
            self._load_weights(weights)
            yield
        finally:
            self._load_weights(own)

    def _load_weights(self, weights: dict[str, Tensor]) -> None:
        for domain, network in self.training.task.generators.items():
            prefix = f"{domain}."
            own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
            network.load_state_dict(own)

    def _save_weights(self, name: str, weights: dict[str, Tensor]) -> None:
        records.write_bytes(self.folder / name, save(weights))


def _file(moment: str, kind: str) -> str:
    return f"{moment}.safetensors" if kind == RAW else f"{moment}-{kind}.safetensors"
