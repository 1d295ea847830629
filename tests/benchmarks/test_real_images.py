"""The command from end to end on sets in their own file formats and with Inception's features."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import records
from benchmarks.run import main
from gan_losses.metrics.inception_plan import untrained_state
from gan_losses.metrics.weights import sha256_of
from tests.formats import allow, noise, write_cifar10

TINY = (
    "--losses bce --recipe controlled --seeds 0 --steps 2 --eval-every 2 --log-every 2 --width 4 --batch-size 4 "
    "--latents 4 --timing-rounds 1 --workers 1 --device cpu --quiet"
).split()


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random-inception.pth"
    torch.save(untrained_state(), path)
    return path


@pytest.fixture
def cifar10(tmp_path, monkeypatch) -> list[str]:
    _, patches = write_cifar10(tmp_path / "root", count=32)
    allow(monkeypatch, patches)
    return ["--data", "cifar10", "--data-root", str(tmp_path / "root"), "--out", str(tmp_path / "out")]


def record(out: Path) -> dict:
    (folder,) = records.find_records(out)
    return records.read_json(folder / "record.json")


@pytest.mark.slow
def test_cifar10_in_its_own_format_with_the_inception_distance(cifar10, weights, tmp_path) -> None:
    judged = ["--features", "inception,random", "--weights", str(weights), "--weights-sha256", sha256_of(weights)]
    judged += ["--metrics", "fid,kid,prdc,is,copies", "--real", "train", "--fakes", "12"]
    trained = ["--network", "resnet32", "--ema", "0.9", "--augment", "diffaugment", "--flip", "--schedule", "decay"]
    arguments = ["--preset", "smoke", *TINY, "--image-size", "32", *cifar10, *judged, *trained]
    assert main(arguments) == 0
    out = tmp_path / "out"
    quality = record(out)["quality"]
    assert {"fid", "kid", "precision", "coverage", "is", "copy_rate", "fid[random]", "density[random]"} <= set(
        quality["best"]["metrics"]
    )
    assert (
        quality["passport"].items() >= {"extractor": "inception", "n_real": 32, "n_fake": 12, "split": "train"}.items()
    )
    assert [passport["extractor"] for passport in quality["passport"]["further"]] == ["random"]
    assert quality["averaged"]["final"]["metrics"].keys() == quality["final"]["metrics"].keys()
    assert {"fid", "kid"} <= quality["along"][-1]["averaged"].keys()
    assert "precision" not in quality["along"][-1]["metrics"]  # too dear to be measured along the way
    files = {path.name for path in (out / record(out)["id"]).iterdir()}
    assert {"best-averaged.safetensors", "final-averaged.safetensors"} <= files
    assert not (out / "data").exists()  # the workers map the cache
    assert {path.name for path in (out / "ladders").iterdir()} == {
        f"cifar10-32-{name}.json" for name in ("inception", "random")
    }
    report = (out / "report" / "report.md").read_text()
    assert "best precision (passport 1) (higher)" in report
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "root").rglob("*.npy")}
    assert main(arguments) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "root").rglob("*.npy")}


def test_some_classes_alone(cifar10, tmp_path) -> None:
    assert main(["--preset", "smoke", *TINY, "--image-size", "32", *cifar10, "--classes", "cat,dog"]) == 0
    found = record(tmp_path / "out")
    assert (found["cell"]["data"], found["quality"]["passport"]["n_real"]) == ("cifar10[cat,dog]", 3)


def test_a_set_that_is_not_there_is_asked_for_in_one_sentence(tmp_path, capsys) -> None:
    here = ["--data-root", str(tmp_path / "root"), "--out", str(tmp_path / "out")]
    for name, expected in (("cifar10", "cifar-10-python.tar.gz"), ("facades:a", "facades.zip"), ("celeba", "celeba")):
        assert main(["--preset", "smoke", *TINY, "--image-size", "32", "--data", name, *here]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        assert expected in said
        assert str(tmp_path / "root") in said
    assert not (tmp_path / "out").exists()


class _Marker:
    """What runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("named", [False, True])
def test_a_poisoned_file_of_weights_is_refused_and_runs_nothing(named, cifar10, tmp_path, capsys) -> None:
    poisoned, marker = tmp_path / "weights.pth", tmp_path / "ran"
    poisoned.write_bytes(pickle.dumps({"fc.weight": _Marker(marker)}))
    judged = ["--features", "inception", "--weights", str(poisoned)]
    judged += ["--weights-sha256", sha256_of(poisoned)] if named else []
    assert main(["--preset", "smoke", *TINY, "--image-size", "32", *cifar10, *judged]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert str(poisoned) in said
    assert not marker.exists()


def facades(root: Path, count: int = 12) -> None:
    for number, folder in enumerate(("trainA", "trainB", "testA", "testB")):
        (root / "facades" / folder).mkdir(parents=True)
        for index, pixels in enumerate(noise((count, 80, 70, 3), number)):
            Image.fromarray(np.ascontiguousarray(pixels)).save(root / "facades" / folder / f"{index}.png")


def test_the_facades_suite_on_a_folder(tmp_path) -> None:
    facades(tmp_path / "root")
    small = [word for word in TINY if word not in ("--losses", "bce", "--recipe", "controlled")]
    place = ["--data-root", str(tmp_path / "root"), "--out", str(tmp_path / "out")]
    assert main(["--preset", "facades", *small, *place]) == 0
    found = [records.read_json(folder / "record.json") for folder in records.find_records(tmp_path / "out")]
    assert [(cell["cell"]["loss"], cell["status"]) for cell in found] == [("bce", "done"), ("lsgan", "done")]
    assert {(cell["settings"]["image_size"], cell["settings"]["flip"], cell["cell"]["data"]) for cell in found} == {
        (64, True, "facades:a")
    }


@pytest.mark.slow
def test_the_published_suite_puts_the_literatures_figures_beside_ours(cifar10, weights, tmp_path) -> None:
    small = [word for word in TINY if word not in ("--losses", "bce", "--recipe", "controlled")]
    judged = [
        "--weights",
        str(weights),
        "--weights-sha256",
        sha256_of(weights),
        "--fakes",
        "12",
        "--metrics",
        "fid,kid",
    ]
    assert main(["--preset", "published", *small, "--losses", "wgangp", *cifar10, *judged]) == 0
    cell = record(tmp_path / "out")
    assert (cell["settings"]["network"], cell["settings"]["n_critic"], cell["settings"]["learning_rate"]) == (
        "resnet32",
        5,
        2e-4,
    )
    report = (tmp_path / "out" / "report" / "report.md").read_text()
    (row,) = [line for line in report.splitlines() if "22.3" in line and "mimicry" in line]
    assert "wgangp" in row
    request = json.loads((tmp_path / "out" / "run.json").read_text())
    assert {figure["metric"] for figure in request["published"]} == {"fid", "is"}
