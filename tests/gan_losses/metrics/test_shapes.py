import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from gan_losses.data import load_data, to_float
from gan_losses.data.shapes import FACTORS, draw_scenes
from gan_losses.errors import UsageError
from gan_losses.metrics import QualityMeter, get_features
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.shapes import FACTS, HEADS, WEIGHTS, load_shapes_extractor
from gan_losses.metrics.train_shapes import SCENES, accuracy
from gan_losses.random import keyed_generator


@pytest.fixture(scope="module")
def extractor():
    return load_shapes_extractor()


@pytest.fixture(scope="module")
def data():
    return load_data("shapes2stripes", 48)


@pytest.fixture(scope="module")
def judge(data, extractor):
    """fid[shapes] and kid[shapes] of made-up translations of the test images to b, domain b's own being the real ones."""
    meter = QualityMeter(extractor, data)

    def score(fakes):
        scores = meter.score("test", fakes, "b")
        return scores["fid[shapes]"], scores["kid[shapes]"]

    return score


@pytest.fixture(scope="module")
def plain(data):
    return to_float(data.test.images["a"])


@pytest.fixture(scope="module")
def striped(data):
    return to_float(data.test.truth["b"])


@pytest.fixture(scope="module")
def floor(judge, striped):
    return judge(striped)


def images(*shape):
    return torch.rand(*shape, generator=keyed_generator(0, "test/images")) * 2 - 1


@pytest.mark.parametrize("shape", [(16, 16), (20, 33), (48, 48), (64, 64), (128, 96)])
def test_images_of_any_size_are_taken(extractor, shape):
    features = extractor(images(3, 3, *shape))
    assert (features.shape, features.dtype, features.requires_grad) == ((3, 64), torch.float32, False)
    assert (extractor.name, extractor.num_features, extractor.num_classes) == ("shapes", 64, 0)
    assert not extractor.training
    assert extractor.weights_digest == weights_digest(extractor.state_dict())


@pytest.mark.parametrize("size", [16, 48, 64])
def test_one_images_features_do_not_depend_on_the_others(extractor, size):
    batch = images(5, 3, size, size)
    one_by_one = torch.cat([extractor(image) for image in batch.split(1)])
    torch.testing.assert_close(extractor(batch), one_by_one, rtol=1e-4, atol=1e-4)


def test_large_images_are_averaged_and_not_sampled(extractor):
    lines = torch.tensor([-1.0, 1.0]).repeat(96).expand(1, 3, 192, 192)  # sampled, they would have contrast
    features, grey = extractor(lines), extractor(torch.zeros(1, 3, 192, 192))
    torch.testing.assert_close(features, grey, rtol=0, atol=0.2)


def test_loading_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    load_shapes_extractor()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_features_have_mean_zero_and_variance_one_on_the_training_scenes(extractor):
    scenes = draw_scenes(SCENES[48], 48, "extractor/48")
    features = extractor(to_float(torch.cat([scenes.plain, scenes.striped]))).double()
    torch.testing.assert_close(features.mean(0), torch.zeros(64).double(), rtol=0, atol=1e-4)
    torch.testing.assert_close(features.std(0), torch.ones(64).double(), rtol=1e-4, atol=0)


def test_factors_are_read_and_stripes_are_not_among_them(extractor):
    scenes = draw_scenes(50, 48, "test/a")
    read = [extractor.factors(extractor(to_float(pictures))) for pictures in (scenes.plain, scenes.striped)]
    for factors in read:
        assert list(factors) == list(FACTORS) == ["kind", "ground", "facing"]
        assert all(values.dtype == torch.int64 for values in factors.values())
        assert all(torch.equal(factors[name], scenes.factors[name]) for name in FACTORS)


def test_a_mirrored_animal_faces_the_other_way_and_is_the_same_otherwise(extractor):
    scenes = draw_scenes(50, 48, "test/b")
    read = extractor.factors(extractor(to_float(scenes.striped.flip(3))))
    assert torch.equal(read["facing"], 1 - scenes.factors["facing"])
    assert torch.equal(read["kind"], scenes.factors["kind"])
    assert torch.equal(read["ground"], scenes.factors["ground"])


@pytest.mark.parametrize(("size", "promise"), [(32, 0.95), (48, 0.98), (64, 0.95), (96, 0.95)])
def test_unseen_scenes_are_read_at_every_size(extractor, size, promise):
    for shares in accuracy(extractor, size).values():
        assert list(shares) == list(HEADS)
        assert min(shares.values()) >= promise


def test_the_facts_beside_the_weights_are_true(extractor, data):
    facts = json.loads(FACTS.read_text())
    assert facts["test_accuracy"] == {str(size): accuracy(extractor, size) for size in (48, 64)}
    assert facts["weights_digest"] == extractor.weights_digest
    assert facts["data_digest"] == data.digest
    assert facts["parameters"] == sum(weight.numel() for weight in extractor.parameters())
    assert facts["scenes"]["train"] == {str(size): count for size, count in SCENES.items()}
    assert WEIGHTS.stat().st_size < 400_000


# The ladder: how far translations of known quality are from the real ones. All have n = 200 a side.


def test_true_partners_are_as_near_as_real_images_are(floor):
    frechet, kernel = floor
    assert frechet < 2.2  # 64 features of 200 images a side; the covariances alone make up most of it
    assert abs(kernel) < 0.08  # two samples of 200 differ by as much


def test_images_left_plain_are_felt_the_more_the_more_there_are(judge, floor, plain, striped):
    steps = [judge(torch.cat([plain[:count], striped[count:]]))[0] for count in (20, 60, 200)]
    assert steps[0] > 1.8 * floor[0]
    assert steps[1] > 2 * steps[0]
    assert steps[2] > 3 * steps[1]


def test_pale_stripes_are_felt_the_more_the_paler_they_are(judge, floor, plain, striped):
    steps = [judge(torch.lerp(striped, plain, share)) for share in (0.1, 0.3, 0.6)]
    assert steps[0][0] > floor[0] + 0.1
    assert steps[0][1] > floor[1] + 0.005
    assert steps[1][0] > 2.5 * floor[0]
    assert steps[2][0] > 2 * steps[1][0]


def test_half_painted_animals_are_felt_the_more_the_less_is_painted(judge, floor, plain, striped):
    def painted(columns):
        return torch.cat([striped[..., :columns], plain[..., columns:]], dim=3)

    steps = [judge(painted(columns))[0] for columns in (36, 24, 0)]
    assert steps[0] > floor[0] + 0.4
    assert steps[1] > 3 * steps[0]
    assert steps[2] > 2 * steps[1]


def test_blurred_stripes_are_felt_the_more_the_more_blur_there_is(judge, floor, striped):
    blurred = F.avg_pool2d(F.pad(striped, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    steps = [judge(torch.lerp(striped, blurred, share))[0] for share in (0.25, 0.5, 1.0)]
    assert steps[0] > floor[0] + 0.2
    assert steps[1] > 2 * steps[0]
    assert steps[2] > 3 * steps[1]


def test_noise_is_felt_the_more_the_stronger_it_is(judge, floor, striped):
    noise = torch.randn(striped.shape, generator=keyed_generator(0, "test/noise"))
    steps = [judge(striped + deviation / 127.5 * noise)[0] for deviation in (4, 8, 16)]
    assert steps[0] > floor[0] + 0.4
    assert steps[1] > 1.5 * steps[0]
    assert steps[2] > 1.7 * steps[1]


def test_a_wrong_tint_is_felt_the_more_the_stronger_it_is(judge, floor, striped):
    red = torch.tensor([1.0, 0.0, 0.0])[:, None, None] / 127.5
    steps = [judge((striped + shift * red).clamp(-1, 1))[0] for shift in (8, 16, 32)]
    assert steps[0] > floor[0] + 0.5
    assert steps[1] > 1.6 * steps[0]
    assert steps[2] > 2 * steps[1]


def test_stripes_of_a_wrong_colour_or_at_wrong_columns_are_felt(judge, floor, data, striped):
    mask = data.test.masks["b"]
    yellow = torch.where(mask, striped * torch.tensor([1.0, 0.6, 0.2])[:, None, None], striped)
    swapped = torch.where(mask, striped.roll(2, 3), striped)  # white where it should be dark
    assert judge(yellow)[0] > 4 * floor[0]
    assert judge(swapped)[0] > 8 * floor[0]


def test_the_registry_has_them_for_colour_images(extractor):
    assert get_features("shapes", 3).weights_digest == extractor.weights_digest


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels_are_told_in_one_sentence(channels):
    with pytest.raises(UsageError) as caught:
        get_features("shapes", channels)
    expected = f"features 'shapes' take colour images, and {channels} channels came: use features random."
    assert str(caught.value) == expected


def test_they_refuse_to_classify(extractor):
    with pytest.raises(NotImplementedError, match="shapes features know no classes"):
        extractor.classify(torch.zeros(1, 64))


def test_changed_weights_are_noticed_by_their_digest(tmp_path):
    weights = load_file(WEIGHTS)
    weights["heads.bias"][0] += 1
    save_file(weights, tmp_path / "shapes.safetensors")
    with pytest.raises(UsageError) as caught:
        load_shapes_extractor(tmp_path / "shapes.safetensors")
    expected = json.loads(FACTS.read_text())["weights_digest"]
    assert str(caught.value) == (
        f"shapes.safetensors has digest {weights_digest(weights)}, and shapes.json says {expected}: "
        "install the package again or run python -m gan_losses.metrics.train_shapes."
    )


def test_missing_weights_are_told_with_the_remedy(tmp_path):
    told = "^cannot read the weights of the shapes features .*: install the package again or run .*train_shapes"
    with pytest.raises(UsageError, match=told):
        load_shapes_extractor(tmp_path / "shapes.safetensors")
