"""How good a cell's generators are: what is measured on validation and on test, and the pictures beside it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import and_
from typing import Any

import torch
from torch import Tensor

from benchmarks.environment import at_hand
from benchmarks.plan import Cell
from gan_losses.data.base import DataSet, Split, to_float
from gan_losses.errors import UsageError
from gan_losses.losses import GANLoss, slope
from gan_losses.metrics import DEFAULT, METRICS, Place, QualityMeter, get_features
from gan_losses.metrics.spread import IMAGES, spread_ratio
from gan_losses.metrics.translation import TranslationMeter, trip
from gan_losses.penalties import wide
from gan_losses.sampling import evaluation_mode, grid, sample, sample_chunks, strip
from gan_losses.tasks import TASKS, Task
from gan_losses.training import Placement

Json = dict[str, Any]
GRID = 64  # fakes in a picture
SCENES, ACROSS = 16, 2  # translations in a picture, each with its input and what became of it; scenes in a row
MAPPED = 4  # fakes whose slopes are mapped
SELECTED_BY = "kid"  # where it is measured: unbiased, so that few validation images will do
PLACE = Place()


def selecting(metrics: Sequence[str]) -> str:
    """The one of the metrics that the best weights are chosen by.

    Raises:
        UsageError: none of them is fit for it.

    Example:
        >>> selecting(["fid", "kid", "prdc"]), selecting(["copies", "fid"])
        ('kid', 'fid')
    """
    fit = [name for name in metrics if METRICS[name].selects]
    if not fit:
        known = " or ".join(name for name, metric in METRICS.items() if metric.selects)
        raise UsageError(
            f"--metrics {','.join(metrics)}: the best weights are chosen by {known}; name one of them, too."
        )
    return SELECTED_BY if SELECTED_BY in fit else fit[0]


def make_meters(cell: Cell, data: DataSet, device: torch.device | str, place: Place) -> list[QualityMeter]:
    """One for each kind of features that the cell asks for; what needs no features is measured by the first alone."""
    asked = cell.settings.get("metrics") or list(DEFAULT)
    extractors = [get_features(spec, data.channels, place) for spec in cell.settings["features"].split(",")]
    logits = any(extractor.has_logits for extractor in extractors)  # if none has, the meter says so
    meters: list[QualityMeter] = []
    for extractor in extractors:
        own = [METRICS[name].of_features or not meters for name in asked]
        fit = [extractor.has_logits or not METRICS[name].of_logits or not logits for name in asked]
        metrics = list(compress(asked, map(and_, own, fit)))
        meters.append(QualityMeter(extractor, data, device, metrics, cache=place.root))
    return meters


def measured_along(cell: Cell, data: DataSet, place: Place) -> list[str]:
    """The names of all values that a cell's validation has."""
    domains = TASKS[cell.task].domains
    return [
        name + (f"@{domain}" if len(domains) > 1 else "")
        for domain in domains
        for meter in make_meters(cell, data, at_hand(cell.settings["device"]), place)
        for measure in meter.measures("validation", domain, along=True)
        for name in measure.names
    ]


class Evaluation:
    """Measures a task's generators against a data set.

    Args:
        cell: whose generators.
        task: with its networks.
        data: the images.
        placement: where the networks are.
        place: where the features' weights are and what is kept of real images.
        poll: called between two chunks of fakes; what it raises ends the evaluation and leaves the networks as they were.

    Attributes:
        first: domain -> the first fakes that were scored last on validation.
        selection: the metric on validation by whose lowest value the best weights are chosen; with several domains its
            mean over them.
    """

    def __init__(
        self,
        cell: Cell,
        task: Task,
        data: DataSet,
        placement: Placement,
        place: Place = PLACE,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        self.cell, self.task, self.data, self.placement, self.poll = cell, task, data, placement, poll
        self.first: dict[str, Tensor] = {}
        self.real, self.count = cell.settings.get("real", "test"), cell.settings.get("fakes")
        self.meters = make_meters(cell, data, placement.device, place)
        extractor = self.meters[0].extractor
        self.selection = extractor.label(selecting(self.meters[0].asked))
        self.translation = (
            TranslationMeter(data.test, task.sources, extractor, placement.device) if task.sources else None
        )

    def validation(self) -> Json:
        """The distances on validation."""
        return self._distances("validation", along=True)

    def test(self) -> Json:
        """Everything that is measured, on test."""
        scores = self._distances(self.real)
        if self.translation is not None:
            with evaluation_mode(list(self.task.networks().values())), self.placement.autocast():
                scores |= self.translation.score(self._translate)
        return scores

    def repeated(self, count: int) -> Json:
        """The distances on test of `count` further draws of latents: name -> values, {} where fakes have no latents."""
        if self.task.sources:
            return {}
        draws = [self._distances(self.real, draw=number) for number in range(1, count + 1)]
        kept = {meter.extractor.label(name) for meter in self.meters for name in meter.asked if METRICS[name].selects}
        names = (name for name in next(iter(draws), {}) if name.partition("@")[0] in kept)
        return {name: [draw[name] for draw in draws] for name in names}

    def selected(self, scores: Json) -> float:
        """The value to choose by; NaN where it could not be measured."""
        values = [value for name, value in scores.items() if name.partition("@")[0] == self.selection]
        return float(sum(values) / len(values))

    @property
    def rule(self) -> str:
        """How the best weights are chosen, in words."""
        of = " (mean of the domains)" if len(self.task.discriminators) > 1 else ""
        return f"lowest {self.selection}{of} on validation"

    def passport(self) -> Json:
        """All that the test values depend on."""
        sources = getattr(self.data, self.real).images
        counts = {
            domain: self.count or len(sources[self.task.sources.get(domain, domain)]) for domain in self.data.domains
        }
        first, *others = (meter.passport(self.real, counts) for meter in self.meters)
        return {**first, "further": others} if others else first

    def pictures(self) -> dict[str, Tensor]:
        """Domain -> a uint8 picture of fakes, the same ones at every call."""
        if not self.task.sources:
            shown = Split({domain: images[:GRID] for domain, images in self.data.test.images.items()})
            return {d: grid(images) for d, images in sample(self.task, shown, 0, "grid", self.placement).items()}
        images = {domain: part[:SCENES].to(self.placement.device) for domain, part in self.data.test.images.items()}
        with evaluation_mode(list(self.task.networks().values())), self.placement.autocast():
            trips = trip(self._translate, self.task.sources, images)
        return {domain: self._scenes(domain, parts) for domain, parts in trips.items()}

    def spread(self) -> dict[str, float]:
        """Domain -> how unlike each other the fakes are that were scored last on validation (`spread_ratio`); NaN if unknown."""
        return {domain: spread_ratio(fakes, *self._references(domain)).item() for domain, fakes in self.first.items()}

    def _references(self, domain: str) -> Iterator[Tensor]:
        """What a domain's fakes can be expected to vary by: its real images, and those that translations are made from."""
        for name in dict.fromkeys((domain, self.task.sources.get(domain, domain))):
            yield to_float(self.data.validation.images[name][:IMAGES].to(self.placement.device))

    def _scenes(self, domain: str, parts: tuple[Tensor, ...]) -> Tensor:
        truth = self.data.test.truth.get(domain)
        columns = [*parts, *([] if truth is None else [to_float(truth[: len(parts[0])])])]
        return grid(torch.stack(columns, 1).flatten(0, 1), ACROSS * len(columns))

    def slope_maps(self, loss: GANLoss) -> tuple[Json, dict[str, Tensor]]:
        """What each patch tells the generator about a few fakes, where the discriminator judges by patches.

        Returns:
            domain -> {"logits", "slopes"}, lists (k, h, w), the slopes of the unaveraged loss; and domain -> a uint8
            picture of those fakes side by side.
        """
        maps: Json = {}
        strips: dict[str, Tensor] = {}
        shown = Split({domain: images[:MAPPED] for domain, images in self.data.test.images.items()})
        fakes = sample(self.task, shown, 0, "grid", self.placement)
        judges = self.task.discriminators.items() if loss.trains_discriminator else ()
        for domain, discriminator in judges:
            real = to_float(shown.images[domain].to(self.placement.device))
            with evaluation_mode([discriminator]), torch.no_grad(), self.placement.autocast():
                logits, reals = (wide(discriminator(images)) for images in (fakes[domain], real))
            if logits.dim() != 4 or logits[0].numel() < 2:
                continue
            paired = reals if loss.pairs_logits and reals.shape == logits.shape else None
            if loss.pairs_logits and paired is None:
                continue
            slopes = slope(loss, logits, paired)
            maps[domain] = {"logits": logits[:, 0].tolist(), "slopes": slopes[:, 0].tolist()}
            strips[domain] = strip(fakes[domain])
        return maps, strips

    def _distances(self, split: str, along: bool = False, draw: int = 0) -> Json:
        """The scores of fakes against a split; of a further draw of latents what is measured along the way."""
        scores: Json = {}
        stream = f"evaluation/{split}" + (f"/repeat{draw}" if draw else "")
        for domain in self.task.generators:
            suffix = "" if len(self.task.generators) == 1 else f"@{domain}"
            for meter in self.meters:
                fakes = self._fakes(split, domain, None if along else self.count, stream)
                found = meter.score(split, fakes, domain, along or draw > 0)
                scores |= {f"{name}{suffix}": value for name, value in found.items()}
        return scores

    def _fakes(self, split: str, domain: str, count: int | None, stream: str) -> Iterator[Tensor]:
        """Fakes of a domain, chunk by chunk, the same at every call of a stream and for every loss."""
        source = self.task.sources.get(domain, domain)
        alone = Split({source: getattr(self.data, split).images[source]})  # the other domain's are not made as well
        chunks = sample_chunks(self.task, alone, self.cell.seed, stream, self.placement, count)
        for number, chunk in enumerate(chunks):
            self.poll()
            if number == 0 and split == "validation":
                self.first[domain] = chunk[domain][:IMAGES]
            yield chunk[domain]

    def _translate(self, target: str, images: Tensor) -> Tensor:
        translated: Tensor = self.task.generators[target](images)
        return translated
