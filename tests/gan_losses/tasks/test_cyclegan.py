"""CycleGAN: six terms by plain formulas, identities, batched calls, the pool, update counts, resume."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses import SaturationProbe, get_loss
from gan_losses.data.base import Batches, Split
from gan_losses.errors import UsageError
from gan_losses.losses import CONTROLS, LOSSES, Recipe, generator_loss
from gan_losses.networks import NORMS
from gan_losses.tasks import CycleGAN, CycleGANSettings
from gan_losses.training import Placement, Training

SMALL = {"image_size": 16, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4}
SIX = ["adversarial_a", "adversarial_b", "cycle_a", "cycle_b", "identity_a", "identity_b"]


def task(seed: int = 0, **settings: object) -> CycleGAN:
    return CycleGAN(CycleGANSettings(**{**SMALL, **settings}), seed)  # type: ignore[arg-type]


def images(count: int = 12, seed: int = 0, size: int = 16) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(seed)
    return {
        domain: torch.randint(0, 256, (count + extra, 3, size, size), dtype=torch.uint8, generator=random)
        for domain, extra in (("a", 0), ("b", 3))
    }


def training(name: str = "lsgan", n_critic: int = 1, batch_size: int = 2, schedule: str = "none", **settings: object):
    recipe = Recipe(discriminator_norm=str(settings.get("discriminator_norm", "instance")), n_critic=n_critic)
    batches = Batches(Split(images()), batch_size, 0)
    placement = Placement(torch.device("cpu"), channels_last=False)
    return Training(task(**settings), get_loss(name), recipe, batches, placement, 0, schedule=schedule, steps=8)


def weights(run: Training) -> list[Tensor]:
    return [weight.detach().clone() for weight in run.generator_weights + run.discriminator_weights]


PIXEL = {
    "l1": lambda x, y: (x - y).abs().mean(),
    "l2": lambda x, y: (x - y).square().mean(),
    "huber": lambda x, y: torch.where((x - y).abs() < 0.1, (x - y).square() / 0.2, (x - y).abs() - 0.05).mean(),
}


@pytest.mark.parametrize("name", ["lsgan", "bce", "wgan", "rpgan", "ragan"])
@pytest.mark.parametrize("pixel", PIXEL)
def test_exactly_six_terms_each_by_its_plain_formula_whose_sum_is_what_is_minimised(name: str, pixel: str) -> None:
    run, loss = training(name, cycle_weight=7.0, identity_weight=0.3, pixel=pixel), get_loss(name)
    gradients: list[Tensor] = []
    run.generator_optimizer.register_step_pre_hook(
        lambda *_: gradients.extend(weight.grad.clone() for weight in run.generator_weights)
    )
    terms = run.step(0)
    assert [term for term in terms if not term.startswith(("discriminator", "penalty"))] == SIX
    # The generators have moved meanwhile, so their first weights come from a task of the same seed.
    first, judges, batch = task(pixel=pixel), run.task.discriminators, run.batches(0, 0)
    to_a, to_b = first.generators["a"], first.generators["b"]
    a, b = batch["a"], batch["b"]
    fake_a, fake_b = to_a(b), to_b(a)
    distance = PIXEL[pixel]
    plain = {
        "adversarial_a": generator_loss(loss, judges["a"](fake_a), judges["a"](a)),
        "adversarial_b": generator_loss(loss, judges["b"](fake_b), judges["b"](b)),
        "cycle_a": 7 * distance(to_a(fake_b), a),
        "cycle_b": 7 * distance(to_b(fake_a), b),
        "identity_a": 7 * 0.3 * distance(to_a(a), a),
        "identity_b": 7 * 0.3 * distance(to_b(b), b),
    }
    for term, value in plain.items():
        assert_close(terms[term], value.detach(), rtol=1e-4, atol=1e-5)
    parameters = [*to_a.parameters(), *to_b.parameters()]
    expected = torch.autograd.grad(torch.stack(list(plain.values())).sum(), parameters)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert_close(ours, theirs, rtol=1e-3, atol=1e-3 * theirs.abs().max().item() + 1e-7)


def test_the_discriminators_minimise_the_adversarial_patch_loss_of_the_pools_images() -> None:
    run = training("lsgan", pool=0)
    first, batch = task(), run.batches(0, 0)
    terms = run.step(0)
    for domain, other in (("a", "b"), ("b", "a")):
        judge = first.discriminators[domain]
        real, fake = judge(batch[domain]), judge(first.generators[domain](batch[other]).detach())
        expected = 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()
        assert_close(terms[f"discriminator_{domain}"], expected.detach(), rtol=1e-4, atol=1e-6)


def test_without_identity_four_terms_are_left() -> None:
    terms = training(identity_weight=0.0).step(0)
    assert [term for term in terms if not term.startswith("discriminator")] == SIX[:4]


def test_generators_that_are_the_identity_have_cycle_and_identity_terms_of_0() -> None:
    made = task()
    made.generators = dict.fromkeys("ab", nn.Identity())
    batch = {domain: torch.rand(2, 3, 16, 16) for domain in "ab"}
    fakes = made.fakes(batch)
    assert {name: term.item() for name, term in made.auxiliary(batch, fakes).items()} == dict.fromkeys(SIX[2:], 0.0)
    assert torch.equal(fakes["a"], batch["b"])
    assert torch.equal(fakes["b"], batch["a"])


def test_evaluation_makes_fakes_alone_and_of_whatever_domain_is_there() -> None:
    made = task()
    with torch.no_grad():
        assert list(made.fakes({domain: torch.zeros(1, 3, 16, 16) for domain in "ab"})) == ["a", "b"]
        assert list(made.fakes({"a": torch.zeros(1, 3, 16, 16)})) == ["b"]


@pytest.mark.parametrize("n_critic", [1, 3])
def test_updates_are_counted(n_critic: int) -> None:
    run = training("wgan", n_critic)
    for index in range(4):
        run.step(index)
    states = run.discriminator_optimizer.state.values(), run.generator_optimizer.state.values()
    assert [{int(state["step"]) for state in group} for group in states] == [{4 * n_critic}, {4}]


@pytest.mark.parametrize(
    "name", [*LOSSES, *CONTROLS, "bce+r1:10:every=2", "hinge+spectral", "lsgan+cr+lecam", "bce:flip=0.1"]
)
def test_any_loss_of_the_suite_takes_the_adversarial_terms_place(name: str) -> None:
    loss = get_loss(name)
    run = training(name, discriminator_norm=loss.discriminator_norm or "instance")
    before = weights(run)
    for index in range(2):
        terms = run.step(index)
    assert all(bool(term.isfinite()) for term in terms.values())
    moved = [not torch.equal(one, other) for one, other in zip(before, weights(run), strict=True)]
    count = len(run.generator_weights)
    assert all(moved[:count])
    assert any(moved[count:]) is loss.trains_discriminator
    assert ("adversarial_a" in terms) is loss.trains_discriminator


@pytest.mark.parametrize("norm", NORMS)
def test_every_norm_of_the_discriminators_can_be_trained(norm: str) -> None:
    terms = training("lsgan", discriminator_norm=norm).step(0)
    assert all(bool(term.isfinite()) for term in terms.values())


def test_a_resumed_training_goes_on_bit_for_bit(tmp_path) -> None:
    whole, halted = (training("lsgan+lecam", n_critic=2, schedule="linear", pool=3) for _ in range(2))
    for index in range(7):
        whole.step(index)
    for index in range(4):
        halted.step(index)
    torch.save(halted.state_dict(), tmp_path / "checkpoint.pt")
    resumed = training("lsgan+lecam", n_critic=2, schedule="linear", pool=3)
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    for index in range(4, 7):
        resumed.step(index)
    assert all(map(torch.equal, weights(whole), weights(resumed)))
    for domain in "ab":
        assert torch.equal(whole.task.pools[domain].images, resumed.task.pools[domain].images)
        assert len(resumed.task.pools[domain].images) == 3


def test_without_its_pool_a_resumed_training_would_differ() -> None:
    whole, resumed = (training(pool=3) for _ in range(2))
    for index in range(4):
        whole.step(index)
    state = whole.state_dict()
    resumed.load_state_dict({**state, "task": {}})
    whole.step(4)
    resumed.step(4)
    assert not all(map(torch.equal, weights(whole), weights(resumed)))


def test_the_linear_schedule_sets_both_rates_at_every_step() -> None:
    run, rates = training(schedule="linear"), []
    for index in range(8):
        run.step(index)
        rates.append(
            [group["lr"] for o in (run.generator_optimizer, run.discriminator_optimizer) for group in o.param_groups]
        )
    expected = [2e-4 * factor for factor in (1, 1, 1, 1, 1, 0.75, 0.5, 0.25)]
    assert rates == [[pytest.approx(rate)] * 2 for rate in expected]


@pytest.mark.parametrize("name", ["lsgan", "wgangp", "rpgan", "none"])
def test_the_probe_changes_no_bit_and_weighs_the_terms(name: str) -> None:
    plain, watched = training(name, n_critic=2), training(name, n_critic=2)
    held_out = {domain: torch.zeros(4, 3, 16, 16) for domain in "ab"}
    watched.probe = SaturationProbe(
        watched.task.generators, watched.task.discriminators, watched.loss, every=3, stride=1, held_out=held_out
    )
    with watched.probe:
        for index in range(6):
            plain.step(index)
            watched.step(index)
    assert all(map(torch.equal, weights(plain), weights(watched)))
    assert [row["step"] for row in watched.probe.rows] == [3, 6]
    generator = watched.probe.rows[-1]["saturation"]["generator"]
    kinds = {kind for kind in ("adversarial", "cycle", "identity") if f"gradient_norm_{kind}" in generator}
    assert kinds == {"cycle", "identity"} | ({"adversarial"} if watched.loss.trains_discriminator else set())
    for domain in "ab":
        statistics = watched.probe.rows[-1]["saturation"][domain]
        assert bool(statistics) is watched.loss.trains_discriminator
    if name == "lsgan":
        assert statistics["fake_logit_after"] != statistics["fake_logit_before"]
        assert abs(statistics["fake_logit_after"] - statistics["fake_logit_before"]) < 0.2


def test_the_ratio_of_gradient_norms_is_that_of_the_terms_taken_apart() -> None:
    run = training("lsgan")
    run.probe = SaturationProbe(run.task.generators, run.task.discriminators, run.loss, every=1, stride=1)
    batch, first = run.batches(0, 0), task()
    with run.probe:
        run.step(0)
    judges, parameters = (
        run.task.discriminators,
        [*first.generators["a"].parameters(), *first.generators["b"].parameters()],
    )
    fakes = first.fakes(batch)
    adversarial = sum(0.5 * (judges[domain](fakes[domain]) - 1).square().mean() for domain in "ab")
    cycle = sum(term for name, term in first.auxiliary(batch, fakes).items() if name.startswith("cycle"))
    norms = []
    for term in (adversarial, cycle):
        gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
        norms.append(sum(g.square().sum() for g in gradients if g is not None).sqrt().item())
    statistics = run.probe.rows[0]["saturation"]["generator"]
    assert statistics["gradient_norm_adversarial"] == pytest.approx(norms[0], rel=1e-3)
    assert statistics["gradient_norm_cycle"] == pytest.approx(norms[1], rel=1e-3)
    assert statistics["adversarial_to_cycle"] == pytest.approx(norms[0] / norms[1], rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"image_size": 50}, "multiples of 4, as 48 or 52"),
        ({"image_size": 16, "layers": 3}, "leaves no logit of 16 pixels"),
        ({"blocks": 10}, "--blocks 10: expected 1 to 9"),
    ],
)
def test_what_cannot_be_built_is_a_sentence(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        CycleGAN.check({**SMALL, **settings})


def test_seeds_give_both_generators_weights_of_their_own() -> None:
    first, again, other = task(0), task(0), task(1)
    flat = partial(torch.cat)
    vectors = [
        flat([weight.flatten() for weight in made.generators[domain].parameters()])
        for made, domain in ((first, "a"), (again, "a"), (first, "b"), (other, "a"))
    ]
    assert torch.equal(vectors[0], vectors[1])
    assert not torch.equal(vectors[0], vectors[2])
    assert not torch.equal(vectors[0], vectors[3])


def test_the_fakes_of_a_batched_call_are_those_of_single_calls() -> None:
    made = task().generators["a"].double()
    x, y = torch.rand(2, 2, 3, 16, 16, dtype=torch.float64)
    assert_close(made(torch.cat([x, y]))[:2], made(x), rtol=1e-10, atol=1e-12)


def test_huber_is_torchs() -> None:
    x, y = torch.rand(2, 50)
    assert_close(PIXEL["huber"](x, y), F.huber_loss(x, y, delta=0.1) / 0.1)
