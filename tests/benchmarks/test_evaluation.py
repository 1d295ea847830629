import torch

from benchmarks.evaluation import Evaluation
from benchmarks.plan import Cell
from gan_losses.data import load_data
from gan_losses.metrics import QualityMeter, get_features
from gan_losses.sampling import sample
from gan_losses.tasks import TASKS, CycleGANSettings
from gan_losses.training import Placement


def test_each_translation_is_made_once_and_scored_in_its_own_domain() -> None:
    data = load_data("shapes2stripes", 16)
    task = TASKS["cyclegan"](CycleGANSettings(channels=3, width=4, blocks=1, layers=1, discriminator_width=4), 0)
    cell = Cell("cyclegan", data.name, "controlled", "bce", 0, {"features": "random", "metrics": ["fid", "kid"]})
    placement = Placement(torch.device("cpu"), channels_last=False)
    evaluation, seen = Evaluation(cell, task, data, placement), dict.fromkeys("ab", 0)

    def count(domain: str):
        def hook(network, inputs, output) -> None:
            seen[domain] += len(output)

        return hook

    handles = [network.register_forward_hook(count(domain)) for domain, network in task.generators.items()]
    scores = evaluation.validation()
    assert seen == {"a": len(data.validation.images["b"]), "b": len(data.validation.images["a"])}
    for handle in handles:
        handle.remove()
    fakes = sample(task, data.validation, 0, "evaluation/validation", placement)
    meter = QualityMeter(get_features("random", 3), data, metrics=["fid"])
    for domain in "ab":
        assert meter.score("validation", fakes[domain], domain)["fid[random]"] == scores[f"fid[random]@{domain}"]


def test_further_draws_are_of_other_latents_and_leave_the_first_as_it_is() -> None:
    data = load_data("digits", 16)
    settings = {"width": 4, "latents": 4, "channels": 1, "image_size": 16, "features": "digits"}
    cell = Cell(
        "dcgan", data.name, "controlled", "bce", 7, {**settings, "metrics": ["kid", "fid", "copies", "classes"]}
    )
    task, placement = TASKS["dcgan"].from_settings(cell.settings, 0), Placement(torch.device("cpu"))
    evaluation = Evaluation(cell, task, data, placement)
    first = evaluation.test()
    repeats = evaluation.repeated(2)
    assert evaluation.test() == first
    assert sorted(repeats) == ["fid[digits]", "kid[digits]"]
    meter = QualityMeter(get_features("digits", 1), data, metrics=["fid"])
    streams = ["evaluation/test", "evaluation/test/repeat1", "evaluation/test/repeat2"]
    expected = [
        meter.score("test", sample(task, data.test, 7, name, placement)["image"])["fid[digits]"] for name in streams
    ]
    assert [first["fid[digits]"], *repeats["fid[digits]"]] == expected
    assert len(set(expected)) == 3
    assert evaluation.repeated(0) == {}


def test_translations_have_nothing_to_draw_again() -> None:
    data = load_data("shapes2stripes", 16)
    task = TASKS["cyclegan"](CycleGANSettings(channels=3, width=4, blocks=1, layers=1, discriminator_width=4), 0)
    cell = Cell("cyclegan", data.name, "controlled", "bce", 0, {"features": "random", "metrics": ["fid"]})
    assert Evaluation(cell, task, data, Placement(torch.device("cpu"), channels_last=False)).repeated(3) == {}
