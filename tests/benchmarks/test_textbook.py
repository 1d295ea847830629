from copy import deepcopy
from dataclasses import astuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from benchmarks import textbook_cyclegan
from benchmarks.plain_losses import PLAIN_LOSSES, plain_loss
from benchmarks.plain_networks import as_published
from benchmarks.plain_penalties import PLAIN_PENALTIES, PlainPenalty
from benchmarks.step_cases import step_case
from benchmarks.step_worker import batches_of, recipe_of, task_of
from benchmarks.textbook import LABELLED, TextbookGAN, steps
from benchmarks.yardsticks import YARDSTICKS
from gan_losses.errors import UsageError
from gan_losses.losses import LOSSES, Composed, get_loss
from gan_losses.penalties import SlopePenalty, Update, get_penalty

SMALL = {
    "dcgan": {"image_size": 16, "channels": 1, "width": 4, "latents": 4},
    "cyclegan": {"image_size": 16, "channels": 3, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4},
}


def textbook(loss: str = "bce", **settings) -> TextbookGAN:
    case = step_case("dcgan", loss, {**SMALL["dcgan"], "discriminator_norm": "none"}, 4).as_json()
    task = task_of(case)
    networks = (as_published(networks["image"]) for networks in (task.generators, task.discriminators))
    return TextbookGAN(*networks, 1e-3, (0.0, 0.9), **settings)


def images(count: int = 2) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, 16, 16, generator=random) * 2 - 1, torch.randn(count, 4, generator=random)


def test_every_registered_loss_has_a_textbook_step_in_both_tasks() -> None:
    assert set(PLAIN_LOSSES) == set(LOSSES)
    assert set(steps(textbook())) == set(LOSSES)
    for yardstick in YARDSTICKS.values():
        assert set(yardstick.losses) == set(LOSSES)
        assert yardstick.losses[:3] == yardstick.default_losses


@pytest.mark.parametrize("name", LOSSES)
def test_the_table_holds_the_papers_constants(name: str) -> None:
    plain, loss = PLAIN_LOSSES[name], get_loss(name)
    ours = loss.penalties if isinstance(loss, Composed) else ()
    assert plain.clip == loss.clip
    assert plain.penalties == tuple(plain_of(penalty) for penalty in ours)


def plain_of(penalty: SlopePenalty) -> PlainPenalty:
    made = PLAIN_PENALTIES[penalty.name](penalty.weight)
    assert (penalty.every, penalty.patches) == (1, False)
    return PlainPenalty(made.where, Same(made.cost), made.weight)


class Same:
    """Equal to any function that does the same with some gradients."""

    def __init__(self, cost) -> None:
        self.gradients = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
        self.values = cost(self.gradients)

    def __eq__(self, other) -> bool:
        return torch.equal(self.values, other(self.gradients))

    __hash__ = None


@pytest.mark.parametrize("weight", [None, 3.0])
@pytest.mark.parametrize("steepness", [0.3, 30.0])
@pytest.mark.parametrize("name", PLAIN_PENALTIES)
def test_a_plain_penalty_is_ours_with_its_slopes(name: str, steepness: float, weight: float | None) -> None:
    """On a map of logits, flat and steep, with the same random numbers, the weight that ours has by itself or another."""
    torch.manual_seed(0)
    judge = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3)).double()
    real, fake = torch.rand(2, 4, 1, 8, 8, dtype=torch.float64)

    def steep(points: Tensor) -> Tensor:
        return steepness * judge(points)

    made = PLAIN_PENALTIES[name]() if weight is None else PLAIN_PENALTIES[name](weight)
    random = torch.Generator().manual_seed(1)
    seen = {"real": real.clone().requires_grad_(), "fake": fake.clone().requires_grad_()}
    plain = made(
        steep,
        seen,
        {kind: steep(each) for kind, each in seen.items()},
        lambda shape, **kind: torch.rand(shape, generator=random, **kind),
    )
    own = get_penalty(name if weight is None else f"{name}:{weight}")(
        Update(steep, real, fake, torch.Generator().manual_seed(1))
    )
    assert_close(plain, own)
    if name != "lp" or steepness > 1:
        assert plain > 0
    for one, other in zip(*(torch.autograd.grad(each, judge[0].weight) for each in (plain, own)), strict=True):
        assert_close(one, other)


def test_the_default_weights_of_the_penalties_are_ours() -> None:
    for name, make in PLAIN_PENALTIES.items():
        assert make().weight == make(get_penalty(name).weight).weight


def test_a_penalty_on_images_that_are_judged_already_asks_the_discriminator_no_more() -> None:
    calls = {}
    for name in ("rpgan", "r3gan", "bce+r1", "bce+gp", "wgangp"):
        gan, (real, latents) = textbook(), images()
        counted = []
        gan.discriminator.register_forward_hook(lambda *_, counted=counted: counted.append(1))
        gan.step(real, latents, plain_loss(name, LABELLED))
        calls[name] = len(counted)
    # D: real and fake; G: fake, and real where it is in the formula.
    assert calls == {"rpgan": 4, "r3gan": 4, "bce+r1": 3, "bce+gp": 4, "wgangp": 4}


def test_penalties_are_added_by_name_and_take_the_place_of_clipping() -> None:
    where = [penalty.where for penalty in plain_loss("wgan+r1:2+gp", LABELLED).ingredients.penalties]
    assert where == ["real", "between"]
    assert plain_loss("wgan+gp", LABELLED).ingredients.clip is None
    assert plain_loss("wgan", LABELLED).ingredients.clip == 0.01
    added = plain_loss("r3gan+gp0:4", LABELLED).ingredients
    assert [penalty.weight for penalty in added.penalties] == [0.5, 0.5, 2.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lsgna", "unknown textbook loss 'lsgna': did you mean 'lsgan'"),
        ("bce+lecam", "unknown textbook penalty 'lecam'"),
        ("bce+r1:every=16", "'every=16' is no field that is still free; its fields: weight"),
    ],
)
def test_what_the_textbook_has_not_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        plain_loss(text, LABELLED)


def test_cross_entropy_is_a_sigmoid_and_bce_loss_and_least_squares_have_no_half() -> None:
    gan, (real, latents) = textbook(), images()
    with torch.no_grad():
        r, f = gan.discriminator(real), gan.discriminator(gan.generator(latents))
    expected = {"bce": F.softplus(-r).mean() + F.softplus(f).mean(), "lsgan": ((r - 1) ** 2).mean() + (f**2).mean()}
    for name, value in expected.items():
        found = steps(deepcopy(gan))[name](real, latents)["discriminator"]
        assert found == pytest.approx(value.item(), rel=1e-4)


def test_the_discriminator_is_not_frozen_in_the_generators_phase() -> None:
    gan, (real, latents) = textbook(), images()
    kept = []
    gan.generator_optimizer.register_step_pre_hook(
        lambda *_: kept.append([parameter.grad.clone() for parameter in gan.discriminator.parameters()])
    )
    gan.discriminator_optimizer.register_step_pre_hook(
        lambda *_: kept.append([parameter.grad.clone() for parameter in gan.discriminator.parameters()])
    )
    steps(gan)["hinge"](real, latents)
    own, with_generators = kept
    assert not any(torch.equal(one, other) for one, other in zip(own, with_generators, strict=True))


def test_updates_and_optimisers_are_the_recipes() -> None:
    gan, (real, latents) = textbook("wgan", optimizer="rmsprop", n_critic=3), images()
    assert isinstance(gan.discriminator_optimizer, torch.optim.RMSprop)
    assert isinstance(gan.generator_optimizer, torch.optim.RMSprop)
    counted, made = [], []
    gan.discriminator_optimizer.register_step_post_hook(lambda *_: counted.append("discriminator"))
    gan.generator_optimizer.register_step_post_hook(lambda *_: counted.append("generator"))
    gan.generator.register_forward_hook(lambda *_: made.append(1))
    losses = steps(gan)["wgan"](real, latents)
    assert counted == ["discriminator"] * 3 + ["generator"]
    assert len(made) == 4  # fakes are made anew for the generator's phase
    assert losses.keys() == {"discriminator", "generator"}
    assert isinstance(textbook().generator_optimizer, torch.optim.Adam)
    assert max(float(weight.detach().abs().max()) for weight in gan.discriminator.parameters()) <= 0.01


def test_only_a_loss_that_clips_does() -> None:
    for name in ("wgangp", "bce"):
        gan, (real, latents) = textbook(), images()
        steps(gan)[name](real, latents)
        assert max(float(weight.detach().abs().max()) for weight in gan.discriminator.parameters()) > 0.02


@pytest.mark.parametrize("name", [*PLAIN_LOSSES, "bce+r1"])
@pytest.mark.parametrize("task", YARDSTICKS)
def test_the_yardstick_makes_steps_under_the_published_recipe(task: str, name: str) -> None:
    case = step_case(task, name, SMALL[task], 2, "published").as_json()
    step = YARDSTICKS[task].make(task_of(case), name, recipe_of(case), batches_of(case))
    for index in range(2):
        losses = step(index)
        assert all(abs(value) < 1e3 for value in losses.values())


@pytest.mark.parametrize("name", ["bce", "lsgan", "dragan", "wgangp", "ragan"])
def test_a_step_keeps_to_the_dtype_and_the_device_of_its_images(name: str) -> None:
    """Any number that were made elsewhere would not mix with tensors of the device without data."""
    gan, (real, latents) = textbook(), images()
    double = textbook()
    double.generator.double(), double.discriminator.double()
    made = []
    double.discriminator.register_forward_hook(lambda _, inputs, output: made.extend([inputs[0].dtype, output.dtype]))
    steps(double)[name](real.double(), latents.double())
    assert set(made) == {torch.float64}
    elsewhere = plain_loss(name, LABELLED)
    judge = gan.discriminator.to("meta")
    error = elsewhere.discriminator(judge, real.to("meta"), real.to("meta"), torch.rand)
    error.backward()
    assert error.device.type == "meta"
    assert elsewhere.generator(judge, real.to("meta"), real.to("meta")).device.type == "meta"


def test_cyclegan_updates_its_discriminators_as_often_as_the_recipe_says() -> None:
    case = step_case("cyclegan", "wgan", SMALL["cyclegan"], 2, "published").as_json()
    task, recipe, batch = task_of(case), recipe_of(case), batches_of(case)(0, 0)
    gan = textbook_cyclegan.TextbookCycleGAN(
        {"a->b": task.generators["b"], "b->a": task.generators["a"]}, task.discriminators, *astuple(recipe)[1:3]
    )
    gan.n_critic = recipe.n_critic
    counted, made = [], []
    gan.discriminator_optimizer.register_step_post_hook(lambda *_: counted.append(1))
    gan.a_to_b.register_forward_hook(lambda *_: made.append(1))
    textbook_cyclegan.steps(gan)["wgan"](batch["a"], batch["b"])
    assert len(counted) == 5
    assert len(made) == 3 + 4
    for judge in (gan.judge_a, gan.judge_b):
        assert max(float(weight.detach().abs().max()) for weight in judge.parameters()) <= 0.01
