import json
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan_losses.data import load_data, to_float
from gan_losses.errors import UsageError
from gan_losses.metrics import FEATURES, get_features
from gan_losses.metrics.digits import FACTS, WEIGHTS, load_digits_extractor
from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.metrics.train_digits import accuracy
from gan_losses.metrics.weights import Place
from gan_losses.random import keyed_generator

CHANNELS = {"digits": 1, "random": 1, "shapes": 3}  # of those that need nothing from elsewhere


def images(channels, size, count=3):
    return torch.rand(count, channels, size, size, generator=keyed_generator(0, "test/images")) * 2 - 1


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("size", [16, 20, 32, 64, 128])
def test_every_extractor_keeps_its_contract_at_every_size(name, size):
    extractor = get_features(name, CHANNELS[name])
    features = extractor(images(CHANNELS[name], size))
    assert (features.shape, features.dtype) == ((3, extractor.num_features), torch.float32)
    assert not features.requires_grad
    assert extractor.name == name
    assert not extractor.training
    assert re.fullmatch("[0-9a-f]{16}", extractor.weights_digest)
    assert extractor.weights_digest == weights_digest(extractor.state_dict())
    assert extractor.resizer
    if extractor.num_classes:
        assert extractor.classify(features).shape == (3, extractor.num_classes)


@pytest.mark.parametrize("name", CHANNELS)
def test_one_images_features_do_not_depend_on_the_others(name):
    extractor, batch = get_features(name, CHANNELS[name]), images(CHANNELS[name], 16, count=5)
    one_by_one = torch.cat([extractor(image) for image in batch.split(1)])
    torch.testing.assert_close(extractor(batch), one_by_one, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CHANNELS)
def test_loading_an_extractor_leaves_the_global_generator_alone(name):
    before = torch.random.get_rng_state()
    get_features(name, CHANNELS[name])
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_random_features_take_any_channels_and_are_always_the_same(channels):
    first, second = (get_features("random", channels) for _ in range(2))
    batch = images(channels, 32)
    assert torch.equal(first(batch), second(batch))
    assert first.weights_digest == second.weights_digest


def test_random_weights_are_the_same_on_every_machine():
    digests = [get_features("random", channels).weights_digest for channels in (1, 3)]
    assert digests == ["2dc9ed4b201216f3", "84d1826cf613384b"]


def test_large_digits_are_averaged_and_not_sampled():
    extractor = get_features("digits", 1)
    stripes = torch.tensor([-1.0, 1.0, 1.0, -1.0]).repeat(16).expand(1, 1, 64, 64)  # sampled, they would be white
    grey = extractor(torch.zeros(1, 1, 64, 64))
    torch.testing.assert_close(extractor(stripes), grey, rtol=0, atol=0.2)  # the border columns are not quite grey
    assert (extractor(torch.ones(1, 1, 64, 64)) - grey).abs().max() > 2


def test_random_features_of_digits_have_a_mean_square_near_one(digits):
    features = get_features("random", 1)(to_float(digits.train.images["image"]))
    torch.testing.assert_close(features.square().mean(), torch.tensor(1.0), rtol=0, atol=0.2)


def test_random_features_tell_images_apart():
    spread = get_features("random", 3)(images(3, 16, count=50)).std(dim=0)
    assert spread.min() > 0.01  # no dead feature: noise averages out over 64 positions, yet never to nothing


def test_an_extractor_without_classes_refuses_to_classify():
    with pytest.raises(NotImplementedError, match="random features know no classes"):
        get_features("random", 1).classify(torch.zeros(1, 64))


def test_digits_features_have_mean_zero_and_variance_one_on_the_training_images(digits):
    features = get_features("digits", 1)(to_float(digits.train.images["image"])).double()
    torch.testing.assert_close(features.mean(0), torch.zeros(64).double(), rtol=0, atol=1e-5)
    torch.testing.assert_close(features.std(0), torch.ones(64).double(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_classifier_reads_unseen_digits_at_every_size(size):
    test = load_data("digits", size).test
    assert accuracy(load_digits_extractor(), test) >= 0.975  # the promise; one image is 0.0025


def test_the_facts_beside_the_weights_are_true(digits):
    facts, extractor = json.loads(FACTS.read_text()), load_digits_extractor()
    assert facts["test_accuracy"] == accuracy(extractor, digits.test)
    assert facts["validation_accuracy"] == accuracy(extractor, digits.validation)
    assert facts["weights_digest"] == extractor.weights_digest
    assert facts["data_digest"] == digits.digest
    assert facts["parameters"] == sum(weight.numel() for weight in extractor.parameters())
    assert WEIGHTS.stat().st_size < 2**20


def test_changed_weights_are_noticed_by_their_digest(tmp_path):
    weights = load_file(WEIGHTS)
    weights["classifier.bias"][0] += 1e-6
    save_file(weights, tmp_path / "digits.safetensors")
    with pytest.raises(UsageError) as caught:
        load_digits_extractor(tmp_path / "digits.safetensors")
    expected = json.loads(FACTS.read_text())["weights_digest"]
    assert str(caught.value) == (
        f"digits.safetensors has digest {weights_digest(weights)}, and digits.json says {expected}: "
        "install the package again or run python -m gan_losses.metrics.train_digits."
    )


@pytest.mark.parametrize("content", [None, b"", b"no safetensors at all"])
def test_missing_or_damaged_weights_are_told_with_the_remedy(tmp_path, content):
    if content is not None:
        (tmp_path / "digits.safetensors").write_bytes(content)
    with pytest.raises(
        UsageError, match=r"^cannot read the weights of the digits features .*: install the package again"
    ):
        load_digits_extractor(tmp_path / "digits.safetensors")


@pytest.mark.parametrize("content", ["{}", "[]", "no json"])
def test_damaged_facts_are_told_with_the_remedy(tmp_path, content):
    (tmp_path / "digits.json").write_text(content)
    with pytest.raises(
        UsageError, match=r"^cannot read the weights of the digits features .*: install the package again"
    ):
        load_digits_extractor(facts=tmp_path / "digits.json")


@pytest.mark.parametrize(
    ("name", "channels", "sentence"),
    [
        ("digit", 1, f"unknown features 'digit': did you mean 'digits'? Known: {', '.join(FEATURES)}."),
        ("digits", 3, "features 'digits' take grey images, and 3 channels came: use features random."),
        ("digits:3", 1, "features 'digits:3' are not known in this form: write digits alone."),
        ("digits:", 1, "features 'digits:' are not known in this form: write digits alone."),
        (
            "fidelity",
            3,
            "features 'fidelity' are not known in this form: write fidelity:… with a name in that registry.",
        ),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(name, channels, sentence):
    with pytest.raises(UsageError) as caught:
        get_features(name, channels)
    assert str(caught.value) == sentence


def test_a_precision_that_an_extractor_does_not_have_is_refused():
    with pytest.raises(UsageError) as caught:
        get_features("digits", 1, Place(precision="bf16"))
    assert str(caught.value) == "features 'digits' compute in fp32, and bf16 was asked for: leave it out."
    with pytest.raises(UsageError, match="unknown precision of features 'fp16': did you mean"):
        get_features("digits", 1, Place(precision="fp16"))


@pytest.mark.parametrize("name", CHANNELS)
def test_what_stands_in_records_and_passports_unless_a_class_says_otherwise(name):
    extractor = get_features(name, CHANNELS[name])
    assert extractor.label("kid") == f"kid[{name}]"
    assert (extractor.dtype, extractor.costly, extractor.has_logits) == ("float32", False, False)
    assert extractor.libraries == ()
    with pytest.raises(NotImplementedError, match=f"{name} features have no logits"):
        extractor.logits(torch.zeros(1, extractor.num_features))


def test_the_digest_depends_on_names_shapes_and_values():
    weights = {"a": torch.zeros(4), "b": torch.ones(2)}
    others = [
        {"a": torch.zeros(4), "c": torch.ones(2)},
        {"a": torch.zeros(2, 2), "b": torch.ones(2)},
        {"a": torch.zeros(4), "b": torch.tensor([1.0, 1.5])},
        {"a": torch.zeros(4), "b": torch.ones(2, dtype=torch.float64)},
    ]
    assert len({weights_digest(each) for each in [weights, *others]}) == 5


def test_an_extractor_without_a_network_cannot_be_built():
    with pytest.raises(TypeError, match="abstract"):
        Extractor()
