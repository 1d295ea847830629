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
