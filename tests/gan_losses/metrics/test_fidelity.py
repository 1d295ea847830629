import builtins
import hashlib
import sys
import urllib.request

import pytest
import torch
from torch.testing import assert_close

import gan_losses._torchvision  # noqa: F401  (before torch-fidelity)
from gan_losses.data.base import to_float
from gan_losses.errors import UsageError
from gan_losses.metrics import get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.fidelity import load_registered
from gan_losses.metrics.weights import Place

# isort: split
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor


class Small(FeatureExtractorBase):
    """Channel means of the pixels, through a matrix that is drawn when it is built."""

    def __init__(self, name, features_list, **settings):
        super().__init__(name, features_list)
        self.matrix = torch.nn.Linear(3, 5)

    def forward(self, pixels):
        assert pixels.dtype == torch.uint8
        assert pixels.shape[1] == 3
        values = {"plain": pixels.float().mean(dim=(2, 3)), "mixed": self.matrix(pixels.float().mean(dim=(2, 3)))}
        return tuple(values[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list():
        return "plain", "mixed"

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return {"fid": "mixed", "isc": "plain"}[metric]


class Downloads(Small):
    def __init__(self, name, features_list, **settings):
        super().__init__(name, features_list)
        torch.hub.load_state_dict_from_url("http://127.0.0.1:9/downloads-0123456789.pth")


@pytest.fixture(autouse=True)
def registered():
    kinds = {"small": Small, "downloads": Downloads}
    for name, kind in kinds.items():
        register_feature_extractor(name, kind)
    yield
    for name in kinds:
        del FEATURE_EXTRACTORS_REGISTRY[name]


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def pixels(channels=3):
    return torch.randint(0, 256, (4, channels, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def refusal(spec, channels=3, **place):
    with pytest.raises(UsageError) as caught:
        get_features(spec, channels, Place(**place))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_registered_extractor_gives_its_own_features_for_fid():
    extractor = get_features("fidelity:small", 3)
    assert_close(extractor(to_float(pixels())), extractor.network(pixels())[0])
    assert (extractor.name, extractor.num_features, extractor.label("fid")) == ("small", 5, "fid[small]")
    assert extractor.weights_digest == weights_digest(extractor.network.state_dict())
    assert (extractor.costly, extractor.libraries, extractor.dtype) == (True, ("torch-fidelity",), "float32")
    assert not extractor.training


def test_grey_images_are_three_equal_channels():
    extractor = get_features("fidelity:small", 1)
    assert_close(extractor(to_float(pixels(1))), extractor.network(pixels(1).expand(-1, 3, -1, -1))[0])


def test_bfloat16_says_so():
    extractor = get_features("fidelity:small", 3, Place(precision="bf16"))
    features, expected = extractor(to_float(pixels())), extractor.network(pixels())[0]
    assert (extractor.dtype, features.dtype) == ("bfloat16", torch.float32)
    assert 0 < (features - expected).norm() / expected.norm() < 2e-2


def test_building_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    get_features("fidelity:small", 3)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("name", ["dinov2", "clip", "fidelity:vgg16", "fidelity:downloads"])
def test_nothing_is_fetched_unless_it_was_asked_for(name, monkeypatch):
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda *arguments: pytest.fail("it opens a connection"))
    told = refusal(name)
    assert told.startswith(f"features {name!r}: torch-fidelity cannot make them (")
    assert "add --download to let it be fetched, or put their parts into the folder of torch's hub" in told


def test_dinov2_comes_from_the_hubs_folder_without_a_connection(hub, monkeypatch):
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda *arguments: pytest.fail("it opens a connection"))
    folder = hub.parent / "facebookresearch_dinov2_main"
    folder.mkdir()
    code = "from torch import nn\n\ndef dinov2_vitl14():\n    return nn.Sequential(nn.AvgPool2d(112), nn.Flatten())\n"
    (folder / "hubconf.py").write_text(code)
    extractor = get_features("dinov2", 3)
    assert (extractor.num_features, extractor.label("fid")) == (3 * 2 * 2, "fid[dinov2]")
    white = torch.tensor([(1 - mean) / spread for mean, spread in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))])
    assert_close(extractor(torch.ones(1, 3, 30, 30)), white.repeat_interleave(4)[None], rtol=1e-3, atol=0)


def test_a_download_that_fails_is_told(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    told = refusal("fidelity:downloads", download=True)
    assert "Connection refused" in told
    assert "check the connection, or put their parts" in told


def test_the_hub_is_given_back_its_way_to_the_net():
    opens = torch.hub.urlopen
    refusal("fidelity:downloads")
    assert torch.hub.urlopen is opens


def test_a_file_in_the_hubs_folder_has_to_be_what_its_name_says(hub):
    good = hub / f"small-{hashlib.sha256(b'weights').hexdigest()[:8]}.pth"
    good.write_bytes(b"weights")
    get_features("fidelity:small", 3)
    good.write_bytes(b"other weights")
    assert refusal("fidelity:small") == (
        f"features 'fidelity:small': {str(good)!r} does not have the sha256 in its name: delete it."
    )


def test_a_wrong_request_is_told():
    assert refusal("fidelity:smal").startswith("unknown features fidelity 'smal': did you mean 'small'? Known: ")
    assert "take grey or colour images, and 4 channels came" in refusal("clip", channels=4)


def test_without_torch_fidelity_the_sentence_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "torch_fidelity"]:
        monkeypatch.delitem(sys.modules, name)
    imports = builtins.__import__

    def missing(name, *arguments):
        if name.split(".")[0] == "torch_fidelity":
            raise ModuleNotFoundError(f"No module named {name!r}", name="torch_fidelity")
        return imports(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert refusal("dinov2") == (
        "features 'dinov2' need torch_fidelity, which is not installed: install gan-losses[fidelity], or torch-fidelity."
    )


def test_a_name_of_ours_stands_in_the_records():
    assert load_registered("small", 3, name="nice").label("fid") == "fid[nice]"
