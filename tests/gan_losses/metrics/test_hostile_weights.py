"""Weight files of the wrong kind, spoilt or made to run code, with the right hash: read as tensors or told."""

import hashlib
import io
import json
import os
import pickle
import random
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from gan_losses.errors import UsageError
from gan_losses.metrics import get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.inception import InceptionExtractor
from gan_losses.metrics.inception_plan import untrained_state
from gan_losses.metrics.weights import Place, WeightFile, check_tensors, load_weights

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}
KNOWN = WeightFile("small", "http://127.0.0.1:9/small.pth", 100_000, "0" * 64)


class Poison:
    """Runs code if it is unpickled."""

    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call


CALLS = {
    "touch": (Path.touch, (Path("ran"),)),
    "system": (os.system, ("touch ran",)),
    "exec": (exec, ("open('ran', 'w').close()",)),
    "load": (torch.load, ("ran",)),
}


def saved(content, **options):
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def headed(header, size=0, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(size)


def entry(shape, end, kind="F32"):
    return {"weight": {"dtype": kind, "shape": shape, "data_offsets": [0, end]}}


HOSTILE = {
    f"{name}.{suffix}": pickle.dumps(Poison(call)) for name, call in CALLS.items() for suffix in ("pth", "safetensors")
}
HOSTILE |= {f"{name} in a file of torch.pth": saved({"weight": Poison(call)}) for name, call in CALLS.items()}
HOSTILE |= {
    f"an old {name}.pth": saved(Poison(call), _use_new_zipfile_serialization=False) for name, call in CALLS.items()
}
HOSTILE |= {f"{kind}.pth": saved({name: tensor.to(kind) for name, tensor in TENSORS.items()}) for kind in (
    torch.bfloat16, torch.int8, torch.bool, torch.complex64, torch.float8_e4m3fn
)}  # fmt: skip
HOSTILE |= {f"{name}.pth": saved({**TENSORS, "weight": value}) for name, value in {
    "another shape": torch.ones(3, 2),
    "far more than stored": torch.ones(1).expand(10**12),
    "sparse": torch.eye(2, 3).to_sparse(),
    "without content": torch.ones(2, 3, device="meta"),
    "a list": [1],
}.items()}  # fmt: skip
HOSTILE |= {
    "a module.pth": saved(torch.nn.Linear(3, 2)),
    "odd names.pth": saved({**TENSORS, "x\n<b>\x1b": torch.ones(1)}),
    "a page.pth": b"<html>404</html>",
    "nothing.safetensors": b"",
    "a long header.safetensors": headed({}, length=2**63),
    "brackets.safetensors": headed(b"[" * 100_000),
    "no object.safetensors": headed(b"[]"),
    "more than stored.safetensors": headed(entry([10**9, 10**9], 24), 24),
    "too many to count.safetensors": headed(entry([2**62, 4], 0)),
    "no such kind.safetensors": headed(entry([2, 3], 24, "X"), 24),
    "halves of bytes.safetensors": headed(entry([2, 3], 3, "F4"), 3),
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def load(path, content=b""):
    state = load_weights(KNOWN, Place(weights=path, sha256=hashlib.sha256(content).hexdigest()))
    check_tensors(state, {name: tensor.shape for name, tensor in TENSORS.items()}, "small")
    return weights_digest(state)


def told(path, content=b""):
    """What is said of a file, "" if it is taken."""
    path.write_bytes(content)
    try:
        load(path, content)
        sentence = ""
    except UsageError as error:
        sentence = str(error)
    assert sentence.isprintable()
    assert not Path("ran").exists()
    return sentence


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_of_another_kind_is_told_and_runs_nothing(name):
    suffix = name.rpartition(".")[2]
    assert told(Path(f"weights.{suffix}"), HOSTILE[name]).startswith("features 'small': ")


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16])
def test_plain_numbers_of_any_length_are_taken(kind):
    tensors = {name: tensor.to(kind) for name, tensor in TENSORS.items()}
    assert (
        told(Path("weights.pth"), saved(tensors)) == told(Path("w.safetensors"), safetensors.torch.save(tensors)) == ""
    )


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_spoilt_files_are_taken_or_told(suffix):
    random_ = random.Random(0)
    sound = saved(TENSORS) if suffix == "pth" else safetensors.torch.save(TENSORS)
    sentences = []
    for _ in range(100):
        content, place = bytearray(sound), random_.randrange(len(sound))
        if random_.random() < 0.4:
            del content[place : random_.choice([len(sound), place + random_.randrange(50)])]
        else:
            for _ in range(random_.choice((1, 3, 10))):
                content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)
        sentences.append(told(Path(f"weights.{suffix}"), bytes(content)))
    assert sum(map(bool, sentences)) > 50


@pytest.mark.parametrize("kind", ["pipe", "zeros", "loop", "folder", "sparse", "long", "none"])
def test_what_is_no_file_or_far_too_large_is_told(tmp_path, kind):
    path = tmp_path / ("x" * 300 if kind == "long" else "weights.pth")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind in ("zeros", "loop"):
        path.symlink_to("/dev/zero" if kind == "zeros" else path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind == "sparse":
        path.touch()
        os.truncate(path, 1 << 42)
    with pytest.raises(UsageError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_weights_of_inception_that_are_not_finite_are_told(value):
    state = untrained_state()
    state["Mixed_5b.branch1x1.conv.weight"] = torch.full_like(state["Mixed_5b.branch1x1.conv.weight"].double(), value)
    with pytest.raises(UsageError, match="the weights are not all finite numbers: name another file"):
        InceptionExtractor(state)


class FromTheHub(FeatureExtractorBase):
    """Takes weights as torch-fidelity's Inception does: with whatever the pickle in the hub's folder holds."""

    def __init__(self, name, features_list, **settings):
        super().__init__(name, features_list)
        torch.hub.load_state_dict_from_url("http://127.0.0.1:9/weights-2015-0a.pth", weights_only=False)

    @staticmethod
    def get_provided_features_list():
        return ("all",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "all"


def test_a_pickle_in_the_hubs_folder_runs_nothing(tmp_path):
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "weights-2015-0a.pth").write_bytes(saved({"weight": Poison(CALLS["touch"])}))
    load_before = torch.load
    register_feature_extractor("from-the-hub", FromTheHub)
    try:
        with pytest.raises(UsageError, match="torch-fidelity cannot make them"):
            get_features("fidelity:from-the-hub", 3)
    finally:
        del FEATURE_EXTRACTORS_REGISTRY["from-the-hub"]
    assert not Path("ran").exists()
    assert torch.load is load_before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_in_the_hubs_folder_is_told(tmp_path, make):
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    make(folder / "vgg16-0123abcd.pth")
    with pytest.raises(UsageError, match="does not have the sha256 in its name"):
        get_features("fidelity:vgg16", 3)
