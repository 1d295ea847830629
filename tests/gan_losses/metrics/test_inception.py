import pytest
import torch
from torch import nn
from torch.testing import assert_close

import gan_losses._torchvision  # noqa: F401  (before torch-fidelity)
from gan_losses.data.base import to_float
from gan_losses.errors import UsageError
from gan_losses.metrics import get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.inception import InceptionExtractor, resize
from gan_losses.metrics.inception_plan import shapes, untrained_state
from gan_losses.metrics.weights import Place, sha256_of
from gan_losses.random import keyed_generator

# isort: split
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x


def pixels(count: int, size: int, channels: int = 3) -> torch.Tensor:
    random = keyed_generator(0, "test/pixels", count, size)
    return torch.randint(0, 256, (count, channels, size, size), dtype=torch.uint8, generator=random)


@pytest.fixture(scope="module")
def state():
    return untrained_state()


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def place(file):
    return Place(weights=file, sha256=sha256_of(file))


@pytest.fixture(scope="module")
def ours(place):
    return get_features("inception", 3, place)


@pytest.fixture(scope="module")
def reference(file):
    return FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], str(file))


def test_features_and_logits_are_those_of_torch_fidelity(ours, reference):
    images = pixels(9, 32)  # more than go through a CPU at once
    expected, logits = reference(images)
    features = ours(to_float(images))
    assert (features.shape, features.dtype) == ((9, 2048), torch.float32)
    assert expected.std(dim=0).mean() > 1e-2  # images differ in what is compared
    assert_close(features, expected, rtol=1e-4, atol=1e-5)
    assert_close(ours.logits(features), logits, rtol=1e-4, atol=1e-4)
    assert (features - expected).norm() < 1e-4 * (expected - expected.mean(dim=0)).norm()


def test_the_reference_is_a_network_of_the_same_tensors(reference):
    assert {name: value.shape for name, value in reference.state_dict().items()} == shapes()


def test_bfloat16_is_near_and_says_so(place, ours):
    images = to_float(pixels(2, 48))
    short = get_features("inception", 3, Place(**{**vars(place), "precision": "bf16"}))
    expected, features = ours(images), short(images)
    assert (short.dtype, ours.dtype, features.dtype) == ("bfloat16", "float32", torch.float32)
    assert 1e-4 < (features - expected).norm() / expected.norm() < 2e-2
    assert short.weights_digest == ours.weights_digest


def test_grey_images_are_three_equal_channels(ours):
    grey = to_float(pixels(2, 20, channels=1))
    assert_close(ours(grey), ours(grey.expand(-1, 3, -1, -1)), rtol=1e-5, atol=1e-6)


def test_facts_of_the_passport(ours, state):
    assert (ours.label("fid"), ours.num_features, ours.num_classes) == ("fid", 2048, 0)
    assert (ours.costly, ours.has_logits, ours.libraries) == (True, True, ())
    assert ours.weights_digest == weights_digest(state)
    assert not ours.training
    assert not any(parameter.requires_grad for parameter in ours.parameters())


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_are_refused(channels, place):
    with pytest.raises(UsageError, match=f"take grey or colour images, and {channels} channels came"):
        get_features("inception", channels, place)


@pytest.mark.parametrize("size", [8, 20, 32, 33, 64, 96, 128, 299, 400])
def test_the_resize_is_tensorflows_to_the_bit(size):
    images = pixels(2, size).float()[:, :, : size - size % 3]  # not square
    expected = interpolate_bilinear_2d_like_tensorflow1x(images, size=(299, 299), align_corners=False)
    assert torch.equal(resize(images, 299), expected)


def test_the_forward_leaves_its_images_and_the_precision_of_products_as_they_were(ours):
    images = to_float(pixels(1, 32))
    before, products = images.clone(), torch.backends.cudnn.conv.fp32_precision
    ours(images)
    assert torch.equal(images, before)
    assert torch.backends.cudnn.conv.fp32_precision == products


def test_loading_draws_no_random_numbers(state):
    before = torch.random.get_rng_state()
    InceptionExtractor(state)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_tensors_of_another_network_are_told(state):
    other = {name: value for name, value in state.items() if name != "fc.bias"} | {"fc.weight": torch.zeros(3, 2048)}
    with pytest.raises(UsageError) as caught:
        InceptionExtractor(other | {"more": torch.zeros(1)})
    assert str(caught.value) == (
        "features 'inception': the weights are not of this network, of its 566 tensors 1 missing (first 'fc.bias') and "
        "1 not of it (first 'more') and 1 of another shape or kind (first 'fc.weight'): name a file that was made for it."
    )


def test_no_batch_norm_is_left(ours):
    kinds = {type(module) for module in ours.modules()}
    assert not {kind for kind in kinds if issubclass(kind, nn.modules.batchnorm._BatchNorm)}
