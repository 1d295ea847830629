"""Every loss against plain-Python closed forms, value and slope."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.losses import LOSSES, GANLoss, generator_loss, get_loss, slope
from gan_losses.losses.cross_entropy import softplus
from tests.gan_losses.closed_forms import CLOSED_FORMS, PAIRED, RELATIVISTIC

Lists = tuple[list[float], list[float]]

logits = st.lists(st.floats(-60, 60), min_size=1, max_size=7)
batches = st.tuples(logits, logits)
quick = settings(max_examples=60, deadline=None)


def fitting(name: str, batch: Lists) -> Lists:
    """As many real as fake logits where the loss pairs them."""
    count = min(map(len, batch)) if name in PAIRED else None
    return batch[0][:count], batch[1][:count]


def tensors(batch: Lists) -> tuple[torch.Tensor, torch.Tensor]:
    real, fake = (torch.tensor(values, dtype=torch.float64).unsqueeze(1).requires_grad_() for values in batch)
    return real, fake


def slopes(loss: torch.Tensor, real: torch.Tensor, fake: torch.Tensor) -> Lists:
    """By each real and each fake logit, of the unaveraged loss; 0 where the loss does not see them."""
    found = torch.autograd.grad(loss, (real, fake), allow_unused=True, materialize_grads=True)
    by_real, by_fake = ((gradient * len(gradient)).flatten().tolist() for gradient in found)
    return by_real, by_fake


def assert_near(actual: object, expected: object, absolute: float = 1e-12) -> None:
    assert_close(actual, expected, rtol=1e-12, atol=absolute)


def detached(batch: Lists) -> tuple[torch.Tensor, torch.Tensor]:
    real, fake = tensors(batch)
    return real.detach(), fake.detach()


def test_every_loss_has_a_closed_form() -> None:
    assert {text.partition(":")[0] for text in CLOSED_FORMS} == set(LOSSES)


@pytest.mark.parametrize("text", CLOSED_FORMS)
@quick
@given(batch=batches)
def test_discriminator_loss_and_its_slopes_are_the_formulas(text: str, batch: Lists) -> None:
    batch = fitting(text, batch)
    real, fake = tensors(batch)
    loss = get_loss(text).discriminator(real, fake)
    assert_near(loss.item(), CLOSED_FORMS[text].discriminator(*batch))
    assert_near(slopes(loss, real, fake), CLOSED_FORMS[text].discriminator_slopes(*batch))


@pytest.mark.parametrize("text", CLOSED_FORMS)
@quick
@given(batch=batches)
def test_generator_loss_and_its_slopes_are_the_formulas(text: str, batch: Lists) -> None:
    batch = fitting(text, batch)
    real, fake = tensors(batch)
    loss = generator_loss(get_loss(text), fake, real)
    by_real, by_fake = CLOSED_FORMS[text].generator_slopes(*batch)
    assert_near(loss.item(), CLOSED_FORMS[text].generator(*batch))
    assert_near(slopes(loss, real, fake), (by_real, by_fake))
    assert_near(slope(get_loss(text), fake, real.detach()).flatten().tolist(), by_fake)


TAILS = (
    *("bce", "minimax", "dragan", "rpgan", "r3gan", "ragan", "jensen-shannon", "jensen-shannon:saturating=no"),
    *("kl", "reverse-kl:saturating=no", "hellinger", "hellinger:saturating=no"),
)


@pytest.mark.parametrize("text", TAILS)
@pytest.mark.parametrize("logit", [-60.0, -37.5, -17.0, 17.0, 37.5, 60.0])
def test_tiny_slopes_keep_all_their_digits(text: str, logit: float) -> None:
    real, fake = tensors(([0.0], [logit]))
    expected = CLOSED_FORMS[text].generator_slopes([0.0], [logit])
    assert_near(slopes(generator_loss(get_loss(text), fake, real), real, fake), expected, absolute=0)
    expected = CLOSED_FORMS[text].discriminator_slopes([0.0], [logit])
    assert_near(slopes(get_loss(text).discriminator(real, fake), real, fake), expected, absolute=0)


@pytest.mark.parametrize("text", ["bce", "minimax", "rpgan", "ragan"])
@pytest.mark.parametrize("logit", [-60.0, -17.0, 17.0, 60.0])
def test_tiny_values_keep_all_their_digits(text: str, logit: float) -> None:
    real, fake = detached(([0.0], [logit]))
    assert_near(generator_loss(get_loss(text), fake, real).item(), CLOSED_FORMS[text].generator([0.0], [logit]), 0)


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_a_patch_map_is_the_mean_over_all_elements(text: str) -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 4, 1, 5, 5, generator=random, dtype=torch.float64)
    loss = get_loss(text)
    assert_near(loss.discriminator(real, fake), loss.discriminator(real.reshape(-1), fake.reshape(-1)))
    assert_near(generator_loss(loss, fake, real), generator_loss(loss, fake.reshape(-1, 1), real.reshape(-1, 1)))
    per_patch = slope(loss, fake, real)
    assert per_patch.shape == fake.shape
    assert_near(per_patch.flatten(), slope(loss, fake.flatten(), real.flatten()))


@pytest.mark.parametrize("text", CLOSED_FORMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_stay_finite_at_extreme_logits(text: str, dtype: torch.dtype) -> None:
    extreme = torch.tensor([-60.0, -17.5, 17.5, 60.0], dtype=dtype, requires_grad=True)
    mirrored = extreme.detach().flip(0)
    loss = get_loss(text)
    total = loss.discriminator(extreme, mirrored) + loss.discriminator(mirrored, extreme)
    total = total + generator_loss(loss, extreme, mirrored)
    total.backward()
    assert extreme.grad is not None
    assert torch.isfinite(total)
    assert torch.isfinite(extreme.grad).all()


def test_bce_keeps_its_full_slope_where_sigmoid_and_logarithm_lose_it() -> None:
    deep = torch.tensor([-60.0])
    assert_close(slope(get_loss("bce"), deep), torch.tensor([-1.0]))


@quick
@given(batch=batches)
def test_wgan_slope_is_the_sum_of_minimax_and_bce(batch: Lists) -> None:
    _, fake = tensors(batch)
    assert_near(slope(get_loss("wgan"), fake), slope(get_loss("minimax"), fake) + slope(get_loss("bce"), fake))


def test_softplus_is_exact_above_twenty_where_torch_turns_linear() -> None:
    found = softplus(torch.tensor(25.0, dtype=torch.float64)).item()
    assert_close(found, 25 + math.log1p(math.exp(-25)), rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", RELATIVISTIC)
@quick
@given(batch=batches)
def test_relativistic_losses_of_both_networks_swap_with_real_and_fake(name: str, batch: Lists) -> None:
    real, fake = detached(fitting(name, batch))
    assert_near(get_loss(name).generator(fake=real, real=fake), get_loss(name).discriminator(real=real, fake=fake))


@pytest.mark.parametrize("name", ["wgan", "wgangp", "wganlp", *RELATIVISTIC])
@quick
@given(batch=batches, constant=st.floats(-60, 60))
def test_a_constant_added_to_both_logits_changes_nothing(name: str, batch: Lists, constant: float) -> None:
    real, fake = detached(fitting(name, batch))
    loss = get_loss(name)
    assert_close(
        loss.discriminator(real + constant, fake + constant), loss.discriminator(real, fake), rtol=1e-10, atol=1e-10
    )
    if loss.pairs_logits:
        moved = loss.generator(fake + constant, real + constant)
        assert_close(moved, loss.generator(fake, real), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", PAIRED)
def test_paired_logits_do_not_broadcast(name: str) -> None:
    with pytest.raises(UsageError, match="real and fake of one shape, got"):
        get_loss(name).discriminator(torch.zeros(4, 1), torch.zeros(4))


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_a_relativistic_generator_asks_for_the_real_logits(name: str) -> None:
    assert get_loss(name).pairs_logits
    with pytest.raises(UsageError, match="needs the logits of real images too"):
        get_loss(name).generator(torch.zeros(4, 1))


@quick
@given(batch=batches)
def test_jensen_shannon_is_cross_entropy_up_to_a_constant(batch: Lists) -> None:
    real, fake = detached(batch)
    shannon, steep = get_loss("jensen-shannon"), get_loss("jensen-shannon:saturating=no")
    minimax, bce = get_loss("minimax"), get_loss("bce")
    assert_near(shannon.discriminator(real, fake), minimax.discriminator(real, fake) - 2 * math.log(2))
    assert_near(shannon.generator(fake), minimax.generator(fake) + math.log(2))
    assert_near(steep.generator(fake), bce.generator(fake) - math.log(2))


def both(loss: GANLoss, real: torch.Tensor, fake: torch.Tensor) -> tuple[float, float]:
    return loss.discriminator(real, fake).item(), generator_loss(loss, fake, real).item()


@pytest.mark.parametrize(
    ("composed", "base"),
    [
        ("wgangp", "wgan"),
        ("wganlp", "wgan"),
        ("dragan", "bce"),
        ("r3gan", "rpgan"),
        ("lsgan:0:1:0.5+gp+r1", "lsgan:0:1:0.5"),
        ("ragan+lecam", "ragan"),
        ("kl:saturating=no+spectral", "kl:saturating=no"),
    ],
)
def test_a_composed_loss_has_the_formulas_of_its_base(composed: str, base: str) -> None:
    real, fake = torch.randn(2, 8, 1, generator=torch.Generator().manual_seed(2))
    assert both(get_loss(composed), real, fake) == both(get_loss(base), real, fake)
