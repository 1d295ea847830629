"""Three ways from the same images and the same weights to the same metrics: ours, torchmetrics' and torch-fidelity's."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import gan_losses._torchvision  # noqa: F401  (before torchmetrics and torch-fidelity)
from gan_losses.data.base import DataSet, Split, to_float
from gan_losses.errors import UsageError
from gan_losses.metrics import QualityMeter
from gan_losses.metrics.inception import InceptionExtractor
from gan_losses.metrics.inception_plan import NUM_FEATURES, untrained_state
from gan_losses.metrics.kernel import ALL_PAIRS, SUBSET_SIZE, SUBSETS

# isort: split
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

BATCH = 64  # torch-fidelity's own default
NAME = "inception-v3-compat"
METRICS = {
    "fid": "frechet_inception_distance",
    "kid": "kernel_inception_distance_mean",
    "precision": "precision",
    "recall": "recall",
    "is": "inception_score_mean",
}


@dataclass(frozen=True)
class Pictures:
    """Real images and fakes of the same number, uint8 (N, 3, H, W), and folders that hold them as PNG files."""

    real: Tensor
    fake: Tensor
    folder: Path

    def write(self) -> None:
        """Save every image."""
        for name in ("real", "fake"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            for number, image in enumerate(getattr(self, name)):
                pixels = Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())
                pixels.save(self.folder / name / f"{number:06}.png")


@dataclass(frozen=True)
class Side:
    """One of the three.

    Attributes:
        measure: all its metrics: name in `METRICS` -> value.
        extract: uint8 (N, 3, H, W) to features (N, 2048), as it does so for its metrics.
    """

    measure: Callable[[Pictures], dict[str, float]]
    extract: Callable[[Tensor], Tensor]


def reference() -> tuple[Any, Any]:
    """torch-fidelity's network, and the function of its metrics.

    Raises:
        UsageError: it is not installed.
    """
    try:
        from torch_fidelity import calculate_metrics
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ModuleNotFoundError:
        raise UsageError(
            "torch-fidelity is what this compares with, and it is not installed: pip install -e '.[fidelity]'."
        ) from None
    return FeatureExtractorInceptionV3, calculate_metrics


def random_weights(path: Path, images: Tensor) -> None:
    """Write random weights with batch norms that fit the images: without, all features would be nearly constant.

    Args:
        path: of the file that appears.
        images: uint8 (N, 3, H, W) that each channel is to have mean 0 and variance 1 over, before its own bias.
    """
    torch.save(untrained_state(), path)
    network = reference()[0](NAME, ["2048"], str(path)).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    with torch.no_grad():
        network(images)
    torch.save(network.state_dict(), path)


def sides(extractor: InceptionExtractor, weights: Path) -> dict[str, Side]:
    """The three with the same weights.

    Args:
        extractor: ours.
        weights: the file that it was made from, whose hash has been checked: the other two unpickle it.
    """
    features = ["2048", "logits_unbiased"]
    fidelity = reference()[0](NAME, features[:1], str(weights))
    # By default torchmetrics resizes with antialiasing, which is another metric.
    metrics = NoTrainInceptionV3(NAME, features, str(weights), antialias=False)
    return {
        "ours": Side(lambda pictures: _ours(extractor, pictures), lambda images: extractor(to_float(images))),
        "torchmetrics": Side(lambda pictures: _torchmetrics(metrics, pictures), metrics),
        "torch-fidelity": Side(lambda pictures: _fidelity(weights, pictures), lambda images: fidelity(images)[0]),
    }


def _ours(extractor: InceptionExtractor, pictures: Pictures) -> dict[str, float]:
    real = Split({"image": pictures.real})
    meter = QualityMeter(extractor, DataSet("parity", real, real, real), metrics=("fid", "kid", "prdc", "is"))
    scores = meter.score("test", (to_float(part) for part in pictures.fake.split(BATCH)))
    return {name: scores[name] for name in METRICS}


@torch.no_grad()
def _torchmetrics(network: NoTrainInceptionV3, pictures: Pictures) -> dict[str, float]:
    """Its metrics are told the features, so that each image goes through the network once."""
    given = Given()
    count = len(pictures.fake)
    subsets, size = (1, count) if count <= ALL_PAIRS else (SUBSETS, SUBSET_SIZE)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*will save all extracted features.*")
        kernel = KernelInceptionDistance(feature=given, subsets=subsets, subset_size=size)
        score = InceptionScore(feature=given)
    frechet = FrechetInceptionDistance(feature=given)
    for metric in (frechet, kernel, score):
        metric.set_dtype(torch.float64)
    for images, real in ((pictures.real, True), (pictures.fake, False)):
        for part in images.split(BATCH):
            features, logits = (values.double() for values in network._torch_fidelity_forward(part))
            frechet.update(features, real=real)
            kernel.update(features, real=real)
            if not real:
                score.update(logits)
    with torch.random.fork_rng(devices=[]):  # it shuffles with the global generator
        values = {"fid": frechet.compute(), "kid": kernel.compute()[0], "is": score.compute()[0]}
    return {name: float(value) for name, value in values.items()}


class Given(nn.Identity):
    """Stands where torchmetrics expects a network: the features are there already."""

    def __init__(self, num_features: int = NUM_FEATURES) -> None:
        super().__init__()
        self.num_features = num_features


def _fidelity(weights: Path, pictures: Pictures) -> dict[str, float]:
    count = len(pictures.fake)
    subsets = {"kid_subsets": 1, "kid_subset_size": count} if count <= ALL_PAIRS else {}
    found: dict[str, Any] = reference()[1](
        input1=str(pictures.folder / "fake"),
        input2=str(pictures.folder / "real"),
        **dict.fromkeys(("fid", "kid", "prc", "isc"), True),
        **subsets,
        feature_extractor=NAME,
        feature_extractor_weights_path=str(weights),
        batch_size=BATCH,
        cuda=False,
        cache=False,
        save_cpu_ram=True,  # without processes of its own, which the others have not either
        verbose=False,
    )
    return {name: found[key] for name, key in METRICS.items()}
