import json

import pytest
import torch

from gan_losses.data.truth import scenes
from gan_losses.data.truth_drawing import draw
from gan_losses.metrics import train_truth
from gan_losses.metrics.train_truth import damage, main, train
from gan_losses.metrics.truth import load_truth_extractor
from gan_losses.random import keyed_generator


@pytest.fixture
def few(monkeypatch):
    """Fewer scenes to draw."""
    monkeypatch.setattr(train_truth, "SCENES", {16: 200, 32: 200, 64: 64})
    monkeypatch.setattr(train_truth, "TEST", 100)


@pytest.mark.slow
def test_the_command_writes_both_files_and_they_load(few, tmp_path, capsys):
    threads = torch.get_num_threads()
    main(["--steps", "60", "--seed", "3", "--folder", str(tmp_path)])
    torch.set_num_threads(threads)
    facts = json.loads((tmp_path / "truth.json").read_text())
    assert (facts["steps"], facts["seed"], facts["image_size"]) == (60, 3, 32)
    extractor = load_truth_extractor(tmp_path / "truth.safetensors", tmp_path / "truth.json")
    assert extractor.weights_digest == facts["weights_digest"]
    assert capsys.readouterr().out.startswith("test pictures read right in all: ")


def test_training_is_repeatable_and_leaves_the_global_generator_alone(few):
    before = torch.random.get_rng_state()
    first, second, other = (train(4, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])


def test_damages_leave_half_of_the_pictures_alone():
    pictures = draw(scenes(400, "test/damage"), 16)
    images, damages = damage(pictures, keyed_generator(0, "test/damage"))
    assert (images.min() >= -1, images.max() <= 1) == (True, True)
    for strengths in damages.T:
        assert 0.4 < (strengths == 0).double().mean() < 0.6
        assert 0.9 < strengths.max() <= 1
    untouched = (damages == 0).all(1)
    torch.testing.assert_close(images[untouched], pictures[untouched].float() / 127.5 - 1, rtol=0, atol=1e-6)
