import random

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.plain_networks import as_published
from benchmarks.textbook_cyclegan import TextbookCycleGAN, TextbookPool, steps
from gan_losses.networks.cyclegan import PatchDiscriminator, ResNetGenerator
from gan_losses.networks.initialise import build, preserving, preserving_gain

NAMES = {
    f"{part} {end}"
    for part, ends in (
        ("generator", ("a->b", "b->a")),
        ("cycle", "ab"),
        ("identity", "ab"),
        ("discriminator", "ab"),
    )
    for end in ends
}


def textbook(**settings) -> TextbookCycleGAN:
    gain = preserving_gain(0.2)  # logits of the order of 1, so that no formula is judged near 0 alone
    return TextbookCycleGAN(
        {end: as_published(build(0, end, lambda: ResNetGenerator(3, 4, 1))) for end in ("a->b", "b->a")},
        {end: as_published(build(0, end, lambda: PatchDiscriminator(3, 4, 2), preserving(gain))) for end in "ab"},
        **settings,
    )


def images(batch: int = 2) -> tuple[Tensor, Tensor]:
    a, b = torch.empty(2, batch, 3, 32, 32).uniform_(-1, 1, generator=torch.Generator().manual_seed(0))
    return a, b


def copies(network: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def equal(before: list[Tensor], network: nn.Module) -> list[bool]:
    return [torch.equal(one, two) for one, two in zip(before, network.parameters(), strict=True)]


FORMULAS = {
    "lsgan": (lambda t: ((t - 1) ** 2).mean(), lambda t: (t**2).mean()),
    "bce": (lambda t: torch.log(1 + torch.exp(-t)).mean(), lambda t: torch.log(1 + torch.exp(t)).mean()),
    "wgangp": (lambda t: -t.mean(), lambda t: t.mean()),
}


def discriminator_error(loss: str, judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    on_real, on_fake = FORMULAS[loss]
    error = on_real(judge(real)) + on_fake(judge(fake))
    if loss == "wgangp":
        penalties = []
        for one, other in zip(real, fake, strict=True):  # image by image
            point = (0.25 * one + 0.75 * other)[None].requires_grad_(True)
            (slope,) = torch.autograd.grad(judge(point).mean(), point, create_graph=True)
            penalties.append(10 * (slope.square().sum().sqrt() - 1) ** 2)
        error = error + sum(penalties) / len(penalties)
    return error / 2


def points_at_a_quarter(gan: TextbookCycleGAN) -> None:
    """The penalty's random points are a quarter real and three quarters fake."""
    gan.draws = dict.fromkeys("ab", lambda shape, **kind: torch.full(shape, 0.25, **kind))


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("loss", FORMULAS)
def test_the_first_steps_losses_are_the_formulas(loss: str, batch: int) -> None:
    gan, (a, b) = textbook(), images(batch)
    points_at_a_quarter(gan)
    on_real = FORMULAS[loss][0]
    with torch.no_grad():
        fake_a, fake_b = gan.b_to_a(b), gan.a_to_b(a)
        expected = {
            "generator a->b": on_real(gan.judge_b(fake_b)),
            "generator b->a": on_real(gan.judge_a(fake_a)),
            "cycle a": 10 * (gan.b_to_a(fake_b) - a).abs().mean(),
            "cycle b": 10 * (gan.a_to_b(fake_a) - b).abs().mean(),
            "identity a": 5 * (gan.b_to_a(a) - a).abs().mean(),
            "identity b": 5 * (gan.a_to_b(b) - b).abs().mean(),
        }
    for name, judge, real, fake in (("a", gan.judge_a, a, fake_a), ("b", gan.judge_b, b, fake_b)):
        expected[f"discriminator {name}"] = discriminator_error(loss, judge, real, fake)
    losses = steps(gan)[loss](a, b)
    assert set(losses) == NAMES
    assert all(type(value) is float for value in losses.values())
    assert losses == pytest.approx({name: value.item() for name, value in expected.items()}, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("loss", FORMULAS)
def test_the_first_update_is_that_of_the_sums_slopes_in_float64(loss: str, batch: int) -> None:
    """Adam's first update is the rate times the slope's sign."""
    gan, plain, (a, b) = textbook(learning_rate=1e-3), textbook(), images(batch)
    networks = [(getattr(plain, one).double(), getattr(gan, one)) for one in ("a_to_b", "b_to_a", "judge_a", "judge_b")]
    before = [copies(own) for _, own in networks]
    points_at_a_quarter(gan)
    steps(gan)[loss](a, b)

    a, b, on_real = a.double(), b.double(), FORMULAS[loss][0]
    fake_a, fake_b = plain.b_to_a(b), plain.a_to_b(a)
    total = on_real(plain.judge_b(fake_b)) + on_real(plain.judge_a(fake_a))
    total = total + 10 * F.l1_loss(plain.b_to_a(fake_b), a) + 10 * F.l1_loss(plain.a_to_b(fake_a), b)
    total = total + 5 * F.l1_loss(plain.a_to_b(b), b) + 5 * F.l1_loss(plain.b_to_a(a), a)
    of_a, of_b = (
        discriminator_error(loss, judge, real, fake.detach())
        for judge, real, fake in ((plain.judge_a, a, fake_a), (plain.judge_b, b, fake_b))
    )
    for error, start, (exact, own) in zip((total, total, of_a, of_b), before, networks, strict=True):
        parameters = dict(exact.named_parameters())
        slopes = torch.autograd.grad(error, list(parameters.values()), retain_graph=True, materialize_grads=True)
        for name, slope, old, new in zip(parameters, slopes, start, own.parameters(), strict=True):
            update = old - new
            if loss == "wgangp" and name == "head.bias":
                assert abs(slope.item()) < 1e-12  # a critic's last bias has no slope but for rounding
                continue
            clear = slope.abs() > 1e-2 * slope.abs().max()
            assert torch.equal(update.sign()[clear], slope.sign()[clear].float()), name
            assert update[clear].abs().median().item() == pytest.approx(1e-3, rel=0.01), name


@pytest.mark.parametrize("loss", FORMULAS)
def test_the_generators_phase_leaves_the_discriminators_alone(loss: str) -> None:
    gan, (a, b) = textbook(), images()
    judges = (gan.judge_a, gan.judge_b)
    before, seen = [copies(judge) for judge in judges], []

    def look(*_) -> None:
        seen.append([all(equal(start, judge)) for start, judge in zip(before, judges, strict=True)])
        for judge in judges:
            assert all(parameter.grad is None and not parameter.requires_grad for parameter in judge.parameters())

    gan.generator_optimizer.register_step_post_hook(look)
    generators = (gan.a_to_b, gan.b_to_a)
    starts = [copies(generator) for generator in generators]
    after = []
    gan.generator_optimizer.register_step_post_hook(lambda *_: after.extend(copies(one) for one in generators))
    steps(gan)[loss](a, b)
    assert seen == [[True, True]]
    for generator, start, updated in zip(generators, starts, after, strict=True):
        assert not any(equal(start, generator))  # the generators learn
        assert all(equal(updated, generator))  # but not from the discriminators' phase
    for judge, start in zip(judges, before, strict=True):
        assert not all(equal(start, judge))
        assert all(parameter.requires_grad for parameter in judge.parameters())


def test_generators_are_called_six_times_and_discriminators_six_times_in_order() -> None:
    gan, (a, b) = textbook(), images(1)
    calls = []
    for name in ("a_to_b", "b_to_a", "judge_a", "judge_b"):
        getattr(gan, name).register_forward_hook(lambda *_, name=name: calls.append(name))
    steps(gan)["lsgan"](a, b)
    assert calls[:4] == ["a_to_b", "b_to_a", "b_to_a", "a_to_b"]
    assert sorted(calls[4:8]) == ["a_to_b", "b_to_a", "judge_a", "judge_b"]
    assert calls[8:] == ["judge_a", "judge_a", "judge_b", "judge_b"]


def test_without_identity_there_are_six_losses_and_four_calls() -> None:
    gan, (a, b) = textbook(identity=0.0), images(1)
    calls = []
    for generator in (gan.a_to_b, gan.b_to_a):
        generator.register_forward_hook(lambda *_: calls.append(1))
    assert set(steps(gan)["bce"](a, b)) == {name for name in NAMES if not name.startswith("identity")}
    assert len(calls) == 4


def numbered(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def kept(pool: TextbookPool) -> list[float]:
    return [image.mean().item() for image in pool.images]


def test_a_pool_keeps_and_gives_what_comes_until_it_is_full(monkeypatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: pytest.fail("no choice before it is full"))
    pool = TextbookPool(4)
    for numbers in ((0, 1, 2), (3,)):
        assert torch.equal(pool.query(numbered(*numbers)), numbered(*numbers))
    assert kept(pool) == [0, 1, 2, 3]


def test_a_full_pool_swaps_or_passes(monkeypatch) -> None:
    pool = TextbookPool(2)
    pool.query(numbered(0, 1))
    choices, places = iter([0.9, 0.1, 0.9]), iter([1, 1])
    monkeypatch.setattr(random, "uniform", lambda low, high: next(choices))
    monkeypatch.setattr(random, "randint", lambda low, high: next(places))
    # 2 takes the place of 1, 3 passes, 4 takes the place of 2.
    assert pool.query(numbered(2, 3, 4)).mean((1, 2, 3)).tolist() == [1, 3, 2]
    assert kept(pool) == [0, 4]


def test_a_full_pool_gives_an_old_image_one_time_in_two() -> None:
    state = random.getstate()
    random.seed(0)
    pool = TextbookPool()
    pool.query(numbered(*range(50)))
    given = [pool.query(numbered(number)).mean().item() for number in range(50, 2050)]
    random.setstate(state)
    assert len(pool.images) == 50
    assert sum(number == new for new, number in enumerate(given, start=50)) / 2000 == pytest.approx(0.5, abs=0.04)
    assert max(new - number for new, number in enumerate(given, start=50)) > 200  # some are old
    swapped = [number for new, number in enumerate(given, start=50) if number != new]
    assert len(set(swapped)) == len(swapped)  # an image leaves the list when it is given


def test_a_pool_gives_images_without_history_and_a_pool_of_0_gives_the_batch() -> None:
    fake = numbered(0, 1).clone().requires_grad_(True) * 2
    for pool in (TextbookPool(1), TextbookPool(0)):
        given = pool.query(fake)
        assert given.shape == fake.shape
        assert not given.requires_grad
    assert torch.equal(TextbookPool(0).query(fake), fake.detach())


def test_discriminators_see_the_pools_images(monkeypatch) -> None:
    gan, (a, b) = textbook(pool=1), images(1)
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)  # always the old one
    steps(gan)["lsgan"](a, b)
    (old,) = (image.clone() for image in gan.pool_b.images)
    seen = []
    gan.judge_b.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    steps(gan)["lsgan"](a, b)
    newest, real, pooled = seen
    assert torch.equal(real, b)
    assert torch.equal(pooled, old)
    assert not torch.equal(newest, old)
    assert torch.equal(gan.pool_b.images[0], newest)
