import json

import pytest
import torch

from gan_losses.data import load_data, to_float
from gan_losses.data.shapes import draw_scenes
from gan_losses.metrics import train_shapes
from gan_losses.metrics.shapes import load_shapes_extractor
from gan_losses.metrics.shipped import rescale
from gan_losses.metrics.train_shapes import Damaged, damage, main, train
from gan_losses.random import keyed_generator


@pytest.fixture
def few(monkeypatch):
    """Fewer scenes to draw."""
    monkeypatch.setattr(train_shapes, "SCENES", {48: 200, 32: 50, 64: 50, 96: 50})


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(400, 16, "test/here")


@pytest.fixture(scope="module")
def damaged(scenes):
    return damage(scenes, keyed_generator(0, "test/damage"))


@pytest.mark.slow
def test_the_command_writes_both_files_and_they_load(few, tmp_path, capsys):
    threads = torch.get_num_threads()
    main(["--steps", "120", "--seed", "3", "--folder", str(tmp_path)])
    torch.set_num_threads(threads)
    facts = json.loads((tmp_path / "shapes.json").read_text())
    assert (facts["steps"], facts["seed"], facts["image_size"]) == (120, 3, 48)
    extractor = load_shapes_extractor(tmp_path / "shapes.safetensors", tmp_path / "shapes.json")
    assert extractor.weights_digest == facts["weights_digest"]
    shares = facts["test_accuracy"]
    lowest = [min(min(each.values()) for each in shares[size].values()) for size in ("48", "64")]
    told = f"lowest test accuracy {lowest[0]:.4f} at 48 pixels, {lowest[1]:.4f} at 64 pixels, "
    assert capsys.readouterr().out.startswith(told)
    assert shares["48"]["plain"]["ground"] > 0.8  # the easiest; chance is 0.25


def test_training_is_repeatable_and_leaves_the_global_generator_alone(few):
    before = torch.random.get_rng_state()
    first, second, other = (train(8, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])


def test_a_trained_extractor_has_features_of_variance_one_over_its_scenes(few):
    drawn = draw_scenes(200, 48, "extractor/48")
    features = train(2, seed=0)(to_float(torch.cat([drawn.plain, drawn.striped])))
    torch.testing.assert_close(features.std(0), torch.ones(64), rtol=1e-3, atol=0)
    torch.testing.assert_close(features.mean(0), torch.zeros(64), rtol=0, atol=1e-3)


def test_rescaled_features_are_read_as_before():
    embedding, head = torch.nn.Linear(5, 4), torch.nn.Linear(4, 3)
    values = torch.randn(50, 5, generator=keyed_generator(0, "test/values"))
    before = head(embedding(values))
    rescale(embedding, head, embedding(values).double())
    torch.testing.assert_close(head(embedding(values)), before, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(embedding(values).std(0), torch.ones(4), rtol=1e-4, atol=0)


def test_its_scenes_are_none_of_the_data_sets():
    data = load_data("shapes2stripes", 48)
    parts = [part.images[domain] for part in (data.train, data.validation, data.test) for domain in "ab"]
    theirs = torch.cat(parts)[:, :, [0, -1]].flatten(1)  # above and below the animals, striped or not
    own = draw_scenes(train_shapes.SCENES[48], 48, "extractor/48").plain[:, :, [0, -1]].flatten(1)
    both = torch.cat([theirs, own])
    assert len(both.unique(dim=0)) == len(both)


def test_damages_have_their_ranges_and_leave_half_of_the_scenes_alone(scenes, damaged):
    assert damaged.images.shape == scenes.plain.shape
    assert (damaged.images.min() >= -1, damaged.images.max() <= 1) == (True, True)
    assert damaged.damages.shape == (400, 5)
    strengths, tint = damaged.damages[:, :2], damaged.damages[:, 2:]
    assert strengths.min() == 0
    assert 0.95 < strengths.max() <= 1
    assert -1 <= tint.min() < -0.95
    assert 0.95 < tint.max() <= 1
    for none in ((strengths[:, 0] == 0), (strengths[:, 1] == 0), (tint == 0).all(1)):
        assert 0.4 < none.double().mean() < 0.6
    assert all(torch.equal(damaged.factors[name], scenes.factors[name]) for name in scenes.factors)


def test_how_much_is_painted_is_measured_on_the_animal(scenes, damaged):
    assert (damaged.painted.min(), damaged.painted.max()) == (0, 1)
    untouched = (damaged.damages == 0).all(1)
    assert untouched.sum() > 20
    plain, striped = to_float(scenes.plain), to_float(scenes.striped)
    for amount, expected in ((0, plain), (1, striped)):
        rows = untouched & (damaged.painted == amount)
        assert rows.sum() > 3
        torch.testing.assert_close(damaged.images[rows], expected[rows])
    # The share of the change that is there, in pixels, is the share that was told, up to unlike changes of columns.
    change = (damaged.images - plain).abs().sum((1, 2, 3)) / (striped - plain).abs().sum((1, 2, 3))
    assert (change - damaged.painted)[untouched].abs().max() < 0.25


def test_noise_blur_and_tint_are_as_strong_as_they_are_told(damaged):
    blur, noise, tint = damaged.damages[:, 0], damaged.damages[:, 1], damaged.damages[:, 2:]
    sky = damaged.images[:, :, 0]  # smooth and far from black and white in red
    rough = (sky[:, 0, 1:] - sky[:, 0, :-1]).std(1)
    assert torch.corrcoef(torch.stack([rough, noise]))[0, 1] > 0.9
    quiet = noise == 0
    assert torch.corrcoef(torch.stack([sky[quiet, 0].mean(1), tint[quiet, 0]]))[0, 1] > 0.9
    edges = (damaged.images[:, :, 1:] - damaged.images[:, :, :-1]).abs().amax((1, 2, 3))
    assert edges[quiet & (blur > 0.9)].mean() < 0.7 * edges[quiet & (blur == 0)].mean()


def test_the_same_generator_makes_the_same_damage(scenes, damaged):
    again, other = (damage(scenes, keyed_generator(seed, "test/damage")) for seed in (0, 1))
    assert isinstance(again, Damaged)
    assert torch.equal(again.images, damaged.images)
    assert not torch.equal(other.images, damaged.images)
