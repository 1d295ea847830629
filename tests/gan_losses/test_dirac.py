"""Dirac-GAN (arXiv:1801.04406): data at 0, G = θ, D(x) = ψx + b. Every loss and penalty as a vector field on (θ, ψ, b).

The field is (-∂L_G/∂θ, -∂L_D/∂ψ, -∂L_D/∂b); without b it is the textbook's. D's slope in x is ψ everywhere.
"""

import cmath
import itertools
import math
from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from gan_losses.losses import LOSSES, adversarial_loss, discriminator_loss, generator_loss, get_loss
from gan_losses.penalties import Memory, Update
from tests.gan_losses.closed_forms import CLOSED_FORMS

STEP = 0.2
State = tuple[float, float, float]


def tensor(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def update_at(state: Tensor, noise: Tensor, memory: Memory) -> Update:
    """Images (N, 1, 1, 1): data at 0 and G's at θ, N of each, moved by the noise."""
    theta, psi, bias = state
    moved = noise.reshape(-1, 1, 1, 1)
    random = torch.Generator().manual_seed(0)
    update = Update(lambda x: (psi * x + bias).flatten(1), moved, theta + moved, random, memory=dict(memory))
    update.fake = theta + moved  # on its graph: the field is to be differentiated by θ too
    return update


def field(text: str, state: Tensor, noise: Tensor | None = None, memory: Memory | None = None) -> Tensor:
    """By the classes themselves, and by autograd."""
    loss, state = get_loss(text), state if state.requires_grad else state.clone().requires_grad_()
    update = update_at(state, tensor(0) if noise is None else noise, memory or {})
    by_generator, by_discriminator = (
        torch.autograd.grad(value, state, create_graph=True)[0]
        for value in (
            generator_loss(loss, update.fake_logits, update.real_logits),
            discriminator_loss(loss, update),
        )
    )
    return -torch.cat([by_generator[:1], by_discriminator[1:]])


# name -> the penalty's derivative by ψ at (ψ, weight): λ(|ψ| - 1)², λ max(0, |ψ| - 1)², (γ/2)ψ².
def two_sided(psi: float, weight: float) -> float:
    return 2 * weight * (abs(psi) - 1) * math.copysign(1, psi)


def one_sided(psi: float, weight: float) -> float:
    return 2 * weight * max(0.0, abs(psi) - 1) * math.copysign(1, psi)


def zero_centred(psi: float, weight: float) -> float:
    return weight * psi


def nothing(psi: float, weight: float) -> float:
    return 0.0


BY_PSI: dict[str, Callable[[float, float], float]] = {
    "gp": two_sided,
    "dragan": two_sided,
    "lp": one_sided,
    "gp0": zero_centred,
    "r1": zero_centred,
    "r2": zero_centred,
    "cr": nothing,  # an image of one pixel has no shifts
    "spectral": nothing,
}
HAS_ALREADY = {"wgangp": "gp:10", "wganlp": "lp:10", "dragan": "dragan:10", "r3gan": "r1:1+r2:1"}
ANCHORS = {"lecam_real": 0.8, "lecam_fake": -0.5}


def penalties_of(text: str) -> list[tuple[str, float]]:
    """Name and weight of each penalty of what the user typed."""
    base, *added = text.split("+")
    spelled = [*HAS_ALREADY.get(base, "").split("+"), *added]
    return [(name, float(weight or 0)) for name, _, weight in (part.partition(":") for part in spelled) if name]


def closed_field(text: str, state: State) -> State:
    """In plain Python, by hand: r = b, f = ψθ + b."""
    theta, psi, bias = state
    real, fake = [bias], [psi * theta + bias]
    form = CLOSED_FORMS[text.partition("+")[0]]
    _, (by_generator,) = form.generator_slopes(real, fake)
    (by_real,), (by_fake,) = form.discriminator_slopes(real, fake)
    for name, weight in penalties_of(text):
        if name == "lecam":
            by_real += 2 * weight * (bias - ANCHORS["lecam_fake"])
            by_fake += 2 * weight * (psi * theta + bias - ANCHORS["lecam_real"])
    by_psi = by_fake * theta + sum(BY_PSI[name](psi, weight) for name, weight in penalties_of(text) if name in BY_PSI)
    return -by_generator * psi, -by_psi, -(by_real + by_fake)


ADDED = ("", "+r1:0.3", "+r2:1", "+r1:0.3+r2:1.5", "+gp0:2", "+gp:0.35", "+lp:3", "+dragan:2", "+lecam:0.3")
OTHERS = ("+cr:5", "+spectral", "+r1:0.3+lecam:2+cr:1")


def games(losses: Iterable[str], added: Iterable[str]) -> list[tuple[str, str]]:
    """Each loss with all of the added penalties that it does not have already."""

    def doubled(text: str) -> bool:
        names = [name for name, _ in penalties_of(text)]
        return len(set(names)) < len(names)

    return [(loss, more) for loss, more in itertools.product(losses, added) if not doubled(loss + more)]


GAMES = [loss + added for loss, added in games(CLOSED_FORMS, ADDED + OTHERS)]
# Either side of ‖∇D‖ = 1, of hinge's margins (b and ψθ + b about ±1) and of pearson's -2.
STATES = [(0.7, 0.4, 0.0), (-1.3, 1.9, 0.0), (0.2, -2.5, 1.7), (1.0, -0.3, -1.4), (2.0, 0.8, -0.6)]


def test_every_loss_plays_with_every_penalty() -> None:
    assert {game.partition("+")[0].partition(":")[0] for game in GAMES} == set(LOSSES)
    assert sum(game.startswith("bce+") for game in GAMES) == len(ADDED + OTHERS) - 1


@pytest.mark.parametrize("text", GAMES)
def test_the_field_is_the_closed_form(text: str) -> None:
    memory = {name: tensor(anchor)[0] for name, anchor in ANCHORS.items()}
    for state in STATES:
        found = field(text, tensor(*state), memory=memory).tolist()
        assert found == pytest.approx(closed_field(text, state), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("text", ["bce", "wgan", "ragan", "hinge", "reverse-kl"])
def test_lecam_at_the_first_update_pulls_both_logits_together(text: str) -> None:
    for theta, psi, bias in STATES:
        pull = field(f"{text}+lecam:0.3", tensor(theta, psi, bias)) - field(text, tensor(theta, psi, bias))
        assert pull.tolist() == pytest.approx([0, -2 * 0.3 * psi * theta**2, 0], rel=1e-9, abs=1e-9)


def test_the_discriminators_loss_is_its_adversarial_one_and_the_penalty() -> None:
    loss = get_loss("lsgan+r1:0.3+lecam:2")
    parts = [update_at(tensor(1.5, -0.5, 0.25), tensor(0), {}) for _ in range(3)]
    whole = adversarial_loss(loss, parts[0]) + loss.penalty(parts[1])
    assert discriminator_loss(loss, parts[2]).item() == pytest.approx(whole.item(), rel=1e-12)


def jacobian_at(text: str, *state: float, noise: Tensor | None = None, size: int = 2) -> Tensor:
    """Of the field at (θ, ψ, b), without b where the size is 2."""
    return jacobian(lambda now: field(text, now, noise), tensor(*state))[:size, :size]


def assert_same_numbers(found: Tensor, expected: list[complex]) -> None:
    """As sets of complex numbers; a double root is found to about the square root of the precision only."""

    def order(numbers: list[complex]) -> list[complex]:
        return sorted(numbers, key=lambda number: (round(number.real, 4), round(number.imag, 4)))

    assert order(found.tolist()) == pytest.approx(order(expected), rel=0, abs=1e-6)


# The penalty's share of the Jacobian: -γ in its lower right corner.
DAMPING = {"": 0.0, "+r1:0.3": 0.3, "+r1:1": 1.0, "+r2:0.3": 0.3, "+r1:0.3+r2:1": 1.3, "+gp0:0.7": 0.7}
UNDAMPED = {"+lp:3": 0.0, "+lecam:0.3": 0.0, "+cr:5": 0.0}  # flat at a constant D that treats both alike
KINKED = {"wgangp", "dragan"}
OWN_DAMPING = {"r3gan": 2.0}
SMOOTH = [text for text in CLOSED_FORMS if text not in KINKED]


@pytest.mark.parametrize(("text", "added"), games(SMOOTH, [*DAMPING, *UNDAMPED]))
def test_eigenvalues_at_rest_are_the_general_formula(text: str, added: str) -> None:
    damping = {**DAMPING, **UNDAMPED}[added] + OWN_DAMPING.get(text, 0.0)
    _, (by_generator,) = CLOSED_FORMS[text].generator_slopes([0.0], [0.0])
    _, (by_fake,) = CLOSED_FORMS[text].discriminator_slopes([0.0], [0.0])
    root = cmath.sqrt(damping**2 / 4 + by_generator * by_fake)
    beside = 1e-15 if "lp" in text + added else 0.0  # at 0 itself autograd has no curvature of a norm
    found = torch.linalg.eigvals(jacobian_at(text + added, 0, beside, 0))
    assert_same_numbers(found, [-damping / 2 + root, -damping / 2 - root])


# game -> (eigenvalues at (0, 0), spectral radius of a step Sim / Alt at h = 0.2)
HALF, ONE = [0.5j, -0.5j], [1j, -1j]
TABLE: dict[str, tuple[list[complex], float, float]] = {
    "minimax": (HALF, 1.004988, 1.0),
    "bce": (HALF, 1.004988, 1.0),
    "wgan": (ONE, 1.019804, 1.0),
    "hinge": (ONE, 1.019804, 1.0),
    "rpgan": (HALF, 1.004988, 1.0),
    "ragan": (ONE, 1.019804, 1.0),
    "lsgan": ([0, 0], 1.0, 1.0),
    **{
        f"{loss}+{penalty}:{weight}": row
        for loss, penalty in itertools.product(("minimax", "bce"), ("r1", "r2"))
        for weight, row in {
            "0.3": ([-0.15 + 0.476970j, -0.15 - 0.476970j], 0.974679, 0.969536),
            "1": ([-0.5, -0.5], 0.9, 0.927016),
        }.items()
    },
    "wgan+gp0:0.3": ([-0.15 + 0.988686j, -0.15 - 0.988686j], 0.989949, 0.969536),
    "rpgan+r1:0.3+r2:0.3": ([-0.3 + 0.4j, -0.3 - 0.4j], 0.943398, 0.938083),
    "r3gan:0.3": ([-0.3 + 0.4j, -0.3 - 0.4j], 0.943398, 0.938083),
}


def simultaneous(text: str, state: Tensor) -> Tensor:
    return state + STEP * field(text, state) * tensor(1, 1, 0)


def alternating(text: str, state: Tensor, critics: int = 1) -> Tensor:
    """G first; D with the new θ."""
    state = state + STEP * field(text, state) * tensor(1, 0, 0)
    for _ in range(critics):
        state = state + STEP * field(text, state) * tensor(0, 1, 0)
    return state


Stepper = Callable[[str, Tensor], Tensor]


def radius(step: Stepper, text: str) -> float:
    multipliers = jacobian(lambda state: step(text, state), tensor(0, 0, 0))[:2, :2]
    return torch.linalg.eigvals(multipliers).abs().max().item()


@pytest.mark.parametrize("text", TABLE)
def test_the_game_has_the_eigenvalues_of_the_table(text: str) -> None:
    assert_same_numbers(torch.linalg.eigvals(jacobian_at(text, 0, 0, 0)), TABLE[text][0])


@pytest.mark.parametrize("text", TABLE)
def test_steps_have_the_spectral_radii_of_the_table(text: str) -> None:
    _, together, in_turn = TABLE[text]
    assert radius(simultaneous, text) == pytest.approx(together, abs=1e-6)
    assert radius(alternating, text) == pytest.approx(in_turn, abs=1e-6)


def test_least_squares_without_a_bias_are_nilpotent() -> None:
    found = jacobian_at("lsgan", 0, 0, 0)
    assert found.tolist() == [[0, 1], [0, 0]]


def test_least_squares_with_a_bias_rest_at_a_half_and_turn_around_it() -> None:
    assert field("lsgan", tensor(0, 0, 0.5)).abs().max().item() < 1e-15
    found = torch.linalg.eigvals(jacobian_at("lsgan", 0, 0, 0.5, size=3))
    assert_same_numbers(found, [-2, 0.5j, -0.5j])


@pytest.mark.parametrize("text", ["bce", "minimax"])
def test_instance_noise_damps(text: str) -> None:
    noise = 0.7 * tensor(1, -1)  # two points of the variance s²
    found = torch.linalg.eigvals(jacobian_at(text, 0, 0, 0, noise=noise))
    assert_same_numbers(found, [-0.1225 + 0.484762j, -0.1225 - 0.484762j])


@pytest.mark.parametrize("text", SMOOTH)
def test_where_model_and_a_blind_discriminator_meet_the_field_is_zero(text: str) -> None:
    assert field(text, tensor(0, 0, 0))[:2].tolist() == pytest.approx([0, 0], abs=1e-15)


# game -> how far the field's ψ-part jumps from ψ < 0 to ψ > 0
JUMPS = {"wgan+gp:0.35": 1.4, "wgangp:0.35": 1.4, "bce+gp": 40.0, "bce+dragan:2": 8.0, "dragan": 40.0}


@pytest.mark.parametrize("text", JUMPS)
def test_penalties_with_target_one_have_no_field_at_a_constant_discriminator(text: str) -> None:
    below, above = (field(text, tensor(0.5, side, 0))[1].item() for side in (-1e-9, 1e-9))
    assert above - below == pytest.approx(JUMPS[text], rel=1e-6)
    assert below < 0 < above  # both push D away from 0


@pytest.mark.parametrize("text", ["wganlp", "wgan+lp", "bce+lp:3", "wgan+gp0", "bce+r1", "bce+r2"])
def test_other_penalties_leave_the_field_continuous_there(text: str) -> None:
    below, above = (field(text, tensor(0.5, side, 0))[1].item() for side in (-1e-9, 1e-9))
    assert above == pytest.approx(below, abs=1e-6)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_one_sided_penalty_bends_where_the_slope_is_one(side: int) -> None:
    inner, outer = (jacobian_at("wganlp:3", 0, side * size, 0)[1, 1].item() for size in (1 - 1e-9, 1 + 1e-9))
    assert (inner, outer) == pytest.approx((0, -2 * 3))


def distance(step: Stepper, text: str, steps: int = 500) -> float:
    """From rest, after so many steps from θ = ψ = 1."""
    state = tensor(1, 1, 0)
    for _ in range(steps):
        state = step(text, state).detach()
    return state.norm().item()


def five_critics(text: str, state: Tensor) -> Tensor:
    return alternating(text, state, critics=5)


@pytest.mark.parametrize(
    ("text", "step", "end"),
    [
        ("minimax", simultaneous, 3.35),
        ("minimax", alternating, 1.50),
        ("bce", simultaneous, 0.64),
        ("bce", alternating, 0.27),
        ("wgangp:0.35", simultaneous, 1.76),
        ("wgangp:0.35", alternating, 1.28),
        ("wgangp:0.35", five_critics, 0.69),
        ("minimax+r1:0.3", alternating, 0.00),
        ("rpgan+r1:0.3+r2:0.3", simultaneous, 0.00),
    ],
)
def test_five_hundred_steps_end_where_the_table_says(text: str, step: Stepper, end: float) -> None:
    assert distance(step, text) == pytest.approx(end, abs=0.005)
