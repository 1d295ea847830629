"""What losses declare of themselves, how they are spelled and composed, and label flips."""

import math
from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.losses import (
    BCE,
    KL,
    LOSSES,
    LSGAN,
    Composed,
    Equilibrium,
    GANLoss,
    Recipe,
    adversarial_loss,
    discriminator_loss,
    generator_loss,
    get_loss,
    slope,
)
from gan_losses.penalties import R1, DraganPenalty, GradientPenalty, LeCam, OneSidedPenalty, Update
from tests.gan_losses.closed_forms import CLOSED_FORMS, RELATIVISTIC

LOG2 = math.log(2)
COMPOSED = ("wgangp", "wganlp", "dragan", "r3gan")

# loss -> (the logit where D rests, L_D, L_G); None: not determined. f-GANs by arXiv:1606.00709 (T = f*(T) = f'(1)).
EQUILIBRIA: dict[str, tuple[float, float, float | None]] = {
    "bce": (0, 2 * LOG2, LOG2),
    "bce:flip=0.3": (0, 2 * LOG2, LOG2),
    "bce:0.9:0.1": (0, 2 * LOG2, LOG2),
    # The entropy of a label that is 0.9 for half and 0 for half: D rests at logit(0.45).
    "bce:0.9": (math.log(45 / 55), -2 * (0.45 * math.log(0.45) + 0.55 * math.log(0.55)), -math.log(0.45)),
    "minimax": (0, 2 * LOG2, -LOG2),
    "minimax:0.9": (math.log(45 / 55), -2 * (0.45 * math.log(0.45) + 0.55 * math.log(0.55)), math.log(0.55)),
    "lsgan": (1 / 2, 1 / 4, 1 / 8),
    "lsgan:flip=0.3": (1 / 2, 1 / 4, 1 / 8),
    "lsgan-pearson": (0, 1, 0),
    "lsgan:-1:1:0": (0, 1, 0),
    "lsgan:0:3:1": (3 / 2, 9 / 4, 1 / 8),
    "wgan": (0, 0, None),
    "wgangp": (0, 0, None),
    "wganlp": (0, 0, None),
    "rpgan": (0, LOG2, LOG2),
    "r3gan": (0, LOG2, LOG2),
    "ragan": (0, 2 * LOG2, 2 * LOG2),
    "ralsgan": (0, 2, 2),
    "dragan": (0, 2 * LOG2, LOG2),
    "kl": (1, 0, -1),
    "kl:saturating=no": (1, 0, -1),
    "reverse-kl": (0, 0, 1),
    "reverse-kl:saturating=no": (0, 0, 1),
    "pearson": (0, 0, 0),
    "pearson:saturating=no": (0, 0, 0),
    "hellinger": (0, 0, 0),
    "hellinger:saturating=no": (0, 0, 0),
    "jensen-shannon": (0, 0, 0),
    "jensen-shannon:saturating=no": (0, 0, 0),
}


def expected_under_flips(loss: GANLoss, real: Tensor, fake: Tensor) -> float:
    straight, swapped = loss.discriminator(real, fake), loss.discriminator(fake, real)
    return ((1 - loss.flip) * straight + loss.flip * swapped).item()


@pytest.mark.parametrize("text", EQUILIBRIA)
def test_equilibrium_is_the_loss_at_the_constant_optimum(text: str) -> None:
    loss, (logit, discriminator, generator) = get_loss(text), EQUILIBRIA[text]
    constant = torch.full((3, 1), logit, dtype=torch.float64)
    assert loss.equilibrium.discriminator == pytest.approx(discriminator, abs=1e-12)
    assert expected_under_flips(loss, constant, constant) == pytest.approx(discriminator, abs=1e-12)
    if generator is None:
        assert loss.equilibrium.generator is None
    else:
        assert loss.equilibrium.generator == pytest.approx(generator, abs=1e-12)
        assert generator_loss(loss, constant, constant).item() == pytest.approx(generator, abs=1e-12)


@pytest.mark.parametrize("text", EQUILIBRIA)
def test_no_constant_discriminator_does_better_than_the_one_at_equilibrium(text: str) -> None:
    logit, lowest, _ = EQUILIBRIA[text]
    constants = [torch.full((3, 1), logit + away, dtype=torch.float64) for away in (-2, -0.1, 0.1, 2)]
    assert all(expected_under_flips(get_loss(text), constant, constant) >= lowest - 1e-12 for constant in constants)


def test_every_loss_but_hinge_has_an_equilibrium_here() -> None:
    assert {text.partition(":")[0] for text in EQUILIBRIA} == set(LOSSES) - {"hinge"}


def test_hinge_rests_at_two_and_its_generator_in_a_band() -> None:
    hinge = get_loss("hinge")
    assert hinge.equilibrium == Equilibrium(2.0, (-1.0, 1.0))
    for logit, lowest in [(-1.0, True), (0.0, True), (1.0, True), (-1.01, False), (1.01, False)]:
        constant = torch.full((3, 1), logit, dtype=torch.float64)
        assert (hinge.discriminator(constant, constant).item() == pytest.approx(2.0, abs=1e-12)) is lowest
        assert -1 <= -hinge.generator(constant).item() <= 1 or not lowest


@pytest.mark.parametrize("text", sorted({*EQUILIBRIA, "hinge"} - {"wgan", "wgangp", "wganlp", *RELATIVISTIC}))
def test_the_boundary_is_the_optimal_logit_where_data_and_model_are_equal(text: str) -> None:
    loss, half = get_loss(text), torch.full((2,), 0.5, dtype=torch.float64)
    assert loss.boundary == pytest.approx(EQUILIBRIA.get(text, (0.0,))[0], abs=1e-12)
    inner = loss.loss if isinstance(loss, Composed) else loss
    assert_close(inner.optimum(half, half), torch.full_like(half, loss.boundary), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["wgan", "wgangp", "wganlp", *RELATIVISTIC])
def test_where_only_differences_count_there_is_no_boundary(name: str) -> None:
    assert get_loss(name).boundary is None


GRID = torch.arange(-6, 6.1, 0.25, dtype=torch.float64)
TARGETS = {"lsgan": 1.0, "lsgan-pearson": 0.0, "lsgan:-1:1:0": 0.0, "lsgan:0.1:0.9:0.5": 0.5, "ralsgan": 1.0}


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_the_generator_climbs_to_its_target_and_no_further(text: str) -> None:
    loss = get_loss(text)
    assert loss.target == TARGETS.get(text, math.inf)
    zero = torch.zeros(1, dtype=torch.float64)
    for logit in GRID:
        climb = -slope(loss, logit.reshape(1), zero).item()
        assert climb * math.copysign(1, loss.target - logit.item()) >= 0
        assert (abs(climb) < 1e-12) == (logit.item() == loss.target or (text == "pearson" and logit <= -2))


SATURATING = {"minimax", "minimax:0.8:0.1", "kl", "pearson", "hellinger", "jensen-shannon"}


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_exactly_the_saturating_losses_starve_the_generator_where_the_discriminator_wins(text: str) -> None:
    loss = get_loss(text)
    assert loss.saturates == (text in SATURATING)
    lost = slope(loss, torch.tensor([-40.0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)).abs().item()
    assert lost < 1e-15 if loss.saturates else lost > 0.9


KINKS = {"hinge": (-1.0, 1.0), "pearson": (-2.0,), "pearson:saturating=no": (-2.0,)}


def first_and_second_derivatives(loss: GANLoss, at: float) -> list[float]:
    """Of D's loss by a real and by a fake logit, and of G's by a fake one, the other logit being 0."""
    point, zero = torch.tensor([at], dtype=torch.float64, requires_grad=True), torch.zeros(1, dtype=torch.float64)
    terms = loss.discriminator(point, zero), loss.discriminator(zero, point), generator_loss(loss, point, zero)
    found = []
    for term in terms:
        first = second = torch.zeros(1)
        (first,) = torch.autograd.grad(term, point, create_graph=True)
        if first.requires_grad:
            (second,) = torch.autograd.grad(first, point, allow_unused=True, materialize_grads=True)
        found += [first.item(), second.item()]
    return found


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_derivatives_jump_at_the_kinks_and_nowhere_else(text: str) -> None:
    loss = get_loss(text)
    assert loss.kinks == KINKS.get(text, ())
    for point in GRID.tolist():
        below, above = (first_and_second_derivatives(loss, point + side) for side in (-1e-9, 1e-9))
        jumps = below != pytest.approx(above, rel=1e-6, abs=1e-6)
        assert jumps == (point in loss.kinks)


# loss -> (optimiser, learning rate, betas, norm of D or None for the task's, n_critic)
RECIPES = {
    "bce": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "minimax": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "lsgan": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "lsgan-pearson": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "wgan": ("rmsprop", 5e-5, (0.5, 0.999), None, 5),
    "wgangp": ("adam", 1e-4, (0.0, 0.9), "layer", 5),
    "wganlp": ("adam", 1e-4, (0.0, 0.9), "layer", 5),
    "hinge": ("adam", 2e-4, (0.0, 0.9), "spectral", 5),
    "rpgan": ("adam", 2e-4, (0.5, 0.999), "spectral", 1),
    "ragan": ("adam", 2e-4, (0.5, 0.999), "spectral", 1),
    "ralsgan": ("adam", 2e-4, (0.5, 0.999), "spectral", 1),
    "dragan": ("adam", 1e-4, (0.5, 0.9), "layer", 1),
    "r3gan": ("adam", 2e-4, (0.0, 0.99), "none", 1),
    **dict.fromkeys(
        ("kl", "reverse-kl", "pearson", "hellinger", "jensen-shannon"), ("adam", 2e-4, (0.5, 0.999), None, 1)
    ),
    "lsgan+gp": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "bce+r1": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "bce+lecam": ("adam", 2e-4, (0.5, 0.999), None, 1),
    "bce+spectral": ("adam", 2e-4, (0.5, 0.999), "spectral", 1),
    "hinge+r1": ("adam", 2e-4, (0.0, 0.9), "spectral", 5),
    "wgan+gp0": ("rmsprop", 5e-5, (0.5, 0.999), None, 5),
    "wgangp+spectral": ("adam", 1e-4, (0.0, 0.9), "spectral", 5),
}


@pytest.mark.parametrize("text", RECIPES)
def test_published_recipes_are_the_papers(text: str) -> None:
    assert get_loss(text).published == Recipe(*RECIPES[text])


def test_every_loss_has_a_recipe_here() -> None:
    assert set(LOSSES) <= set(RECIPES)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_frozen_equal_and_hashable(name: str) -> None:
    loss = get_loss(name)
    assert loss == get_loss(name)
    assert hash(loss) == hash(get_loss(name))
    with pytest.raises(FrozenInstanceError):
        loss.c = 3.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_answers_to_its_name_and_gives_a_source_and_both_formulas(name: str) -> None:
    loss = get_loss(name)
    assert loss.name == name
    assert loss.paper.startswith("arXiv:")
    assert "L_D = " in loss.summary
    assert "L_G = " in loss.summary


def test_wgan_clips_and_wgangp_penalises_instead() -> None:
    assert get_loss("wgan").clip == 0.01
    assert "clipped" in get_loss("wgan").summary
    assert get_loss("wgangp").clip is None
    assert get_loss("wgangp").penalties == (GradientPenalty(10.0),)  # type: ignore[attr-defined]
    assert "clipped" not in get_loss("wgangp").summary
    assert not get_loss("wgangp").allows_batch_norm


def test_a_penalty_joins_any_loss() -> None:
    loss = get_loss("lsgan+gp:3")
    assert loss.penalties == (GradientPenalty(3.0),)  # type: ignore[attr-defined]
    assert loss.name == "lsgan+gp:3"
    assert loss.published.discriminator_norm is None
    assert not loss.allows_batch_norm
    assert loss.equilibrium == get_loss("lsgan").equilibrium


@pytest.mark.parametrize("text", ["bce:flip=0.2", "minimax", "lsgan:-1:1:0", "hinge", "ragan", "pearson", "wgan"])
def test_penalties_leave_the_losses_facts_as_they_are(text: str) -> None:
    base, composed = get_loss(text), get_loss(f"{text}+lecam+cr")
    for fact in ("equilibrium", "boundary", "target", "saturates", "kinks", "pairs_logits", "flip", "clip", "paper"):
        assert getattr(composed, fact) == getattr(base, fact), fact


@pytest.mark.parametrize(
    ("text", "clip"),
    [
        ("wgan", 0.01),
        ("wgan:0.05", 0.05),
        ("wgan+lecam", 0.01),
        ("wgan+gp", None),
        ("wgan+r1", None),
        ("bce", None),
        ("bce+clip:0.03", 0.03),
        ("bce+clip:0.03+r1", 0.03),
    ],
)
def test_weights_are_clipped_unless_a_penalty_bounds_the_slope(text: str, clip: float | None) -> None:
    assert get_loss(text).clip == clip


@pytest.mark.parametrize(
    ("text", "period"), [("bce", 1), ("bce+r1", 1), ("bce+r1:1:4", 4), ("bce+r1:1:4+gp:1:6", 12), ("wgangp+r1:1:3", 3)]
)
def test_costs_repeat_after_the_least_common_multiple_of_lazy_intervals(text: str, period: int) -> None:
    assert get_loss(text).period == period


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lsgan:-1:1:0", LSGAN(-1, 1, 0)),
        ("lsgan:c=0.5", LSGAN(0, 1, 0.5)),
        ("lsgan:-1:c=0", LSGAN(-1, 1, 0)),
        ("lsgan-pearson", LSGAN(-1, 1, 0)),
        ("bce:real_label=0.9", BCE(0.9, 0.0, 0.0)),
        ("bce:0.9:0.1:0.05", BCE(0.9, 0.1, 0.05)),
        ("bce:flip=0.05", BCE(flip=0.05)),
        ("kl:saturating=no", KL(saturating=False)),
        ("kl:yes", KL(saturating=True)),
    ],
)
def test_fields_are_spelled_after_colons(text: str, expected: GANLoss) -> None:
    assert get_loss(text) == expected


@pytest.mark.parametrize(
    ("text", "penalties"),
    [
        ("wgangp:0.1", (GradientPenalty(0.1),)),
        ("wganlp:weight=2", (OneSidedPenalty(2.0),)),
        ("dragan:5", (DraganPenalty(5.0),)),
        ("wgangp:0.1+lecam:2", (GradientPenalty(0.1), LeCam(2.0))),
        ("bce:0.9+r1:1:every=16", (R1(1.0, 16),)),
    ],
)
def test_weights_of_penalties_are_spelled_alike(text: str, penalties: tuple[object, ...]) -> None:
    assert get_loss(text).penalties == penalties  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lsgna", "unknown loss 'lsgna': did you mean 'lsgan'"),
        ("BCE", "did you mean 'bce'"),
        ("", "unknown loss ''"),
        ("bce+gq", "unknown penalty 'gq': did you mean 'gp'"),
        ("bce+", "unknown penalty ''"),
        ("bce+gp:x", "penalty 'gp:x': expected a number for weight, got 'x'"),
        ("bce+gp:-1", "GradientPenalty: weight has to be a positive number, got -1.0"),
        ("bce+gp:inf", "GradientPenalty: weight has to be a positive number, got inf"),
        ("wgangp:nan", "GradientPenalty: weight has to be a positive number, got nan"),
        ("wgangp+gp", "wgangp[+]gp has the penalty gp twice; name it once"),
        ("bce+r1+r1", "has the penalty r1 twice"),
        ("wgan+clip", "wgan clips weights already; set its bound, as in wgan:0.02"),
        ("wgan:0", "WGAN: clip has to be a positive number, got 0.0"),
        ("hinge:1", "loss 'hinge:1': '1' is no field that is still free; its fields: none"),
        ("bce:label=0.9", "'label=0.9' is no field that is still free; its fields: real_label, fake_label, flip"),
        ("bce:0.9:real_label=1", "'real_label=1' is no field that is still free"),
        ("lsgan:", "expected a number for a, got ''"),
        ("lsgan:1:0", "LSGAN: a has to be below the label of real images, got 1.0"),
        ("bce:0.4:0.6", "BCE: real_label has to be above the fake one, got 0.4"),
        ("bce:1.1", "BCE: real_label has to be between 0 and 1, got 1.1"),
        ("minimax:flip=2", "Minimax: flip has to be between 0 and 1, got 2.0"),
        ("lsgan:flip=-1", "LSGAN: flip has to be between 0 and 1, got -1.0"),
        ("kl:saturating=perhaps", "expected yes or no for saturating, got 'perhaps'"),
    ],
)
def test_what_is_spelled_wrong_gets_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        get_loss(name)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["lsgan:c=nan", "lsgan:c=inf", "lsgan:a=-inf", "lsgan:b=inf"])
def test_labels_of_least_squares_have_to_be_finite(text: str) -> None:
    with pytest.raises(UsageError, match="LSGAN"):
        get_loss(text)


def logits(count: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    real, fake = torch.randn(2, count, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return real + 1, fake - 1


def update_of(real: Tensor, fake: Tensor, seed: int = 0) -> Update:
    """The images are the logits."""
    return Update(torch.nn.Identity(), real, fake, torch.Generator().manual_seed(seed))


FLIPPABLE = ("bce", "minimax", "lsgan", "bce:0.9:0.2", "lsgan:-1:1:0")


@pytest.mark.parametrize("text", FLIPPABLE)
def test_flipping_every_label_swaps_real_and_fake(text: str) -> None:
    real, fake = logits()
    flipped = adversarial_loss(get_loss(f"{text}:flip=1"), update_of(real, fake))
    assert_close(flipped, get_loss(text).discriminator(fake, real), rtol=1e-14, atol=0)


@pytest.mark.parametrize("text", FLIPPABLE)
def test_flipped_labels_mix_both_losses_in_expectation(text: str) -> None:
    real, fake = logits(count=32)
    loss, draws = get_loss(f"{text}:flip=0.3+lecam"), 400
    found = sum(adversarial_loss(loss, update_of(real, fake, seed)).item() for seed in range(draws)) / draws
    swaps = torch.stack([loss.discriminator(f, r) - loss.discriminator(r, f) for r, f in zip(real, fake, strict=True)])
    standard_error = (0.3 * 0.7 * swaps.square().mean() / (32 * draws)).sqrt().item()
    assert found == pytest.approx(expected_under_flips(loss, real, fake), abs=4 * standard_error)
    assert 8 * standard_error < abs(expected_under_flips(loss, real, fake) - loss.discriminator(real, fake).item())


class Watching(GANLoss):
    name = paper = summary = "watching"
    flip = 0.4

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        self.seen = real, fake
        return real.sum()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return fake.sum()


def test_real_and_fake_of_a_pair_are_swapped_together_by_draws_of_the_update_alone() -> None:
    real, fake = torch.arange(1.0, 501).reshape(500, 1), -torch.arange(1.0, 501).reshape(500, 1)
    loss, state = Watching(), torch.get_rng_state()
    adversarial_loss(loss, update_of(real, fake, seed=1))
    swapped = loss.seen[0] < 0
    assert torch.equal(loss.seen[0], -loss.seen[1])
    assert torch.equal(loss.seen[0].abs(), real)
    assert swapped.double().mean().item() == pytest.approx(0.4, abs=4 * math.sqrt(0.24 / 500))
    assert torch.equal(torch.get_rng_state(), state)
    first, again, other = (adversarial_loss(loss, update_of(real, fake, seed)).item() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("text", ["bce", "rpgan", "wgan+lecam"])
def test_without_flips_nothing_is_drawn(text: str) -> None:
    update = update_of(*logits())
    before = update.random.get_state()
    adversarial_loss(get_loss(text), update)
    assert torch.equal(update.random.get_state(), before)


def test_flipped_labels_need_as_many_real_as_fake() -> None:
    update = update_of(torch.zeros(4, 1), torch.zeros(3, 1))
    with pytest.raises(UsageError, match="as many real as fake, not 4 and 3"):
        adversarial_loss(get_loss("bce:flip=0.1"), update)
    assert adversarial_loss(get_loss("bce"), update).item() == pytest.approx(2 * LOG2)


@pytest.mark.parametrize("text", [*LOSSES, "bce+gp+r1+lecam", "lsgan:-1:1:0+gp0:2", "wgan+dragan", "hinge+lp+r2"])
def test_the_discriminator_pays_its_adversarial_loss_and_its_penalties(text: str) -> None:
    loss, discriminator = get_loss(text), torch.nn.Linear(3, 1).double()
    real, fake = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def update() -> Update:
        return Update(discriminator, real, fake, torch.Generator().manual_seed(7))

    adversarial = loss.discriminator(discriminator(real), discriminator(fake))
    assert_close(adversarial_loss(loss, update()), adversarial, rtol=1e-14, atol=0)
    penalty = loss.penalty(update())
    assert (penalty is None) == (text in set(LOSSES) - set(COMPOSED))
    expected = adversarial if penalty is None else adversarial + penalty
    assert_close(discriminator_loss(loss, update()), expected, rtol=1e-14, atol=0)


def test_several_penalties_are_summed_and_constraints_add_nothing() -> None:
    update = Update(torch.nn.Linear(3, 1), torch.ones(4, 3), torch.zeros(4, 3), torch.Generator())
    both = get_loss("bce+r1:2+spectral+r2:3").penalty(update)
    assert_close(both, get_loss("bce+r1:2").penalty(update) + get_loss("bce+r2:3").penalty(update))
    assert get_loss("bce+spectral").penalty(update) is None
    assert get_loss("bce").penalty(update) is None
