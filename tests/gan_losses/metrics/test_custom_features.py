import subprocess
import sys

import pytest
import torch

from gan_losses.errors import UsageError
from gan_losses.metrics import get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.weights import Place

OWN = """
import torch
from torch import nn
from gan_losses.metrics.extractor import Extractor


class Means(nn.Module):
    def forward(self, images):
        return images.mean(dim=(2, 3))


class Ready(Extractor):
    name, num_features, resizer, weights_digest = "ready", 1, "none", "0" * 16

    def forward(self, images):
        return images.mean(dim=(1, 2, 3))[:, None]


def means(channels):
    return Means()


def drawn(channels):
    return nn.Sequential(nn.Conv2d(channels, 5, 3), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def ready(channels):
    return Ready()


def nameless(channels):
    made = Ready()
    made.name = "a [b]"
    return made


def lying(channels):
    made = Ready()
    made.num_features = 7
    return made


def forgetful(channels):
    class Half(Extractor):
        forward = Ready.forward
    return Half()


def nothing(channels):
    return None


def maps(channels):
    return nn.Identity()


def flat(channels):
    return nn.Flatten(0)


def whole(channels):
    made = Ready()
    made.forward = lambda images: images.mean(dim=(2, 3)).long()
    return made


def narrow(channels):
    return nn.Conv2d(channels + 1, 1, 3)


def breaking(channels):
    raise KeyError("lost")


number = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_features.py"
    path.write_text(OWN)
    return path


def refusal(spec: str) -> str:
    with pytest.raises(UsageError) as caught:
        get_features(spec, 3)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_any_network_serves_as_an_extractor(file):
    extractor = get_features(f"{file}:means", 3)
    images = torch.rand(4, 3, 20, 20) * 2 - 1
    torch.testing.assert_close(extractor(images), images.mean(dim=(2, 3)))
    assert (extractor.name, extractor.num_features, extractor.label("kid")) == ("means", 3, "kid[means]")
    assert extractor.weights_digest == weights_digest({})
    assert not extractor.training


def test_an_edited_file_shows_in_the_passport(file):
    first = get_features(f"{file}:means", 3).resizer
    file.write_text(OWN + "\n# edited\n")
    second = get_features(f"{file}:means", 3).resizer
    assert first != second
    assert first.startswith("its own, my_features.py ")


def test_an_extractor_is_taken_as_it_is(file):
    extractor = get_features(f"{file}:ready", 3)
    assert (type(extractor).__name__, extractor.label("fid"), extractor.resizer) == ("Ready", "fid[ready]", "none")


def test_random_weights_are_the_same_every_time_and_the_global_generator_is_left_alone(file):
    before = torch.random.get_rng_state()
    first, second = (get_features(f"{file}:drawn", 3) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.weights_digest == second.weights_digest
    images = torch.ones(2, 3, 16, 16)
    assert torch.equal(first(images), second(images))  # without dropout


def test_a_module_on_the_path_serves_too(tmp_path):
    (tmp_path / "elsewhere.py").write_text(OWN)
    code = "from gan_losses.metrics import get_features; print(get_features('elsewhere:means', 1).resizer)"
    paths = [str(tmp_path), *sys.path]
    script = f"import sys; sys.path[:0] = {paths!r}; {code}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("its own, elsewhere.py ")


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("mean", "there is no function 'mean' in it; did you mean 'means'?"),
        ("number", "there is no function 'number' in it; its functions: means, drawn"),
        ("nothing", "makes NoneType: return an Extractor or an nn.Module."),
        ("nameless", "name 'a [b]' has to be 1 to 40 letters, digits, . - or _."),
        ("lying", "are 1, and num_features says 7: correct it."),
        ("forgetful", "the extractor has no name: give it one of type str."),
        ("maps", "images (2, 3, 64, 64) gave (2, 3, 64, 64) torch.float32: give floats (2, d)."),
        ("flat", "images (2, 3, 64, 64) gave (24576,) torch.float32: give floats (2, d)."),
        ("whole", "images (2, 3, 64, 64) gave (2, 3) torch.int64: give floats (2, d)."),
        ("narrow", "images (2, 3, 64, 64) failed: "),
        ("breaking", "my_features.py:72: KeyError: 'lost'; mend the function."),
    ],
)
def test_what_does_not_serve_is_told_in_one_sentence(file, function, sentence):
    assert sentence in refusal(f"{file}:{function}")


def test_a_file_that_is_not_there_or_broken_is_told(file):
    assert "cannot be read (No such file or directory); check the path." in refusal(f"{file}x.py:means")
    file.write_text("def means(channels:\n")
    assert "my_features.py:1: SyntaxError" in refusal(f"{file}:means")
    assert "there is no module 'nowhere'" in refusal("nowhere.at_all:means")


def test_other_precisions_are_refused(file):
    with pytest.raises(UsageError, match="compute in fp32, and bf16 was asked for"):
        get_features(f"{file}:means", 3, Place(precision="bf16"))
