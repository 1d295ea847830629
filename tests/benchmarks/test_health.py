import json

import pytest
import torch

from benchmarks import records
from benchmarks.health import COLLAPSED, DEAD, EXPLODED, FALLEN, STATUSES, Fault, broken, verdict
from gan_losses import get_loss
from gan_losses.data.base import Batches, Split, to_float
from gan_losses.losses import Recipe
from gan_losses.metrics.spread import spread_ratio
from gan_losses.probes import SaturationProbe
from gan_losses.sampling import sample
from gan_losses.tasks import DCGAN, DCGANSettings
from gan_losses.training import Placement, Training

NAN, INF = float("nan"), float("inf")
SOUND = {"update_ratio": 3e-3, "stalled_share": 0.0, "gradient_norm": 5.0}
STILL = {"update_ratio": 1e-8, "stalled_share": 0.0, "gradient_norm": 1e-5}
ADVERSARY = {**SOUND, "gradient_norm_adversarial": 2.0, "adversarial_to_cycle": 0.1, "adversarial_to_identity": 0.3}


def rows(*statistics: dict | None, every: int = 100) -> list[dict]:
    """Log points with these statistics of the generator; None: the probe has made no row."""
    return [
        {"step": every * number, "saturation": {} if one is None else {"generator": one}}
        for number, one in enumerate(statistics, start=1)
    ]


def spreads(*ratios: float | None, every: int = 100, domain: str = "image") -> list[dict]:
    return [{"step": every * number, domain: ratio} for number, ratio in enumerate(ratios)]


# --- at a log point


def test_terms_that_are_finite_and_moderate_break_nothing() -> None:
    assert broken({"discriminator_image": [0.7, -3.0, 1e4], "adversarial_image": [0.5, 0.5, 0.5]}, 30) is None


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_last_term_that_is_not_finite_ends_the_training_with_its_name_and_its_first_step(value: float) -> None:
    fault = broken({"adversarial_image": [0.5, value, value], "discriminator_image": [0.5, 0.5, 0.5]}, 40)
    assert fault == Fault("not finite", 39, "adversarial_image no longer finite at step 39")
    assert fault.status == "diverged"


def test_the_term_that_broke_first_is_named_first() -> None:
    fault = broken({"discriminator_image": [1.0, 1.0, NAN], "adversarial_image": [1.0, NAN, NAN]}, 3)
    assert fault is not None
    assert (fault.step, fault.cause) == (2, "adversarial_image no longer finite at step 2, then discriminator_image")


def test_terms_that_break_together_are_named_together() -> None:
    fault = broken({"adversarial_a": [NAN], "cycle_a": [1.0], "adversarial_b": [INF]}, 7)
    assert fault is not None
    assert fault.cause == "adversarial_a, adversarial_b no longer finite at step 7"


def test_a_term_that_became_finite_again_is_no_reason_to_end() -> None:
    assert broken({"penalty_image": [1.0, NAN, 1.0, 1.0]}, 4) is None


def test_terms_beyond_the_limit_in_more_than_half_of_the_steps_are_an_explosion_since_the_first_of_them() -> None:
    fault = broken({"discriminator_image": [1.0, 2 * EXPLODED, -3 * EXPLODED, INF, 5.0]}, 20)
    assert fault is not None
    assert (fault.kind, fault.step, fault.status) == ("explosion", 17, "diverged")
    assert fault.cause == "|discriminator_image| is above 1e+06 in 3 of the 5 steps up to step 20"


def test_half_of_the_steps_are_not_yet_an_explosion() -> None:
    assert broken({"discriminator_image": [2 * EXPLODED, 2 * EXPLODED, 1.0, EXPLODED]}, 20) is None


def test_what_is_not_finite_is_told_before_what_exploded() -> None:
    fault = broken({"a": [2 * EXPLODED, 2 * EXPLODED], "b": [1.0, NAN]}, 2)
    assert fault is not None
    assert fault.kind == "not finite"


# --- at the end: collapse


def test_a_sound_training_has_no_fault() -> None:
    assert verdict(rows(*[SOUND] * 10), spreads(0.004, 0.2, 0.5, 0.9)) is None


def test_nothing_known_is_no_fault() -> None:
    assert verdict([], []) is None
    assert verdict(rows(None, None, None), spreads(None, None)) is None


def test_fakes_that_are_alike_at_the_end_are_a_collapse_since_the_first_such_evaluation() -> None:
    fault = verdict(rows(*[SOUND] * 5), spreads(0.004, 0.6, 0.01, 0.5, 0.02, 0.001))
    assert fault is not None
    assert (fault.kind, fault.step, fault.status) == ("collapse", 400, "collapsed")
    assert fault.cause == "the fakes of image are all alike: their spread is 0.001 of the real images'"


def test_a_collapse_that_was_recovered_from_does_not_count() -> None:
    assert verdict([], spreads(0.004, 0.6, 0.001, 0.001, COLLAPSED)) is None


def test_a_generator_that_has_hardly_begun_to_vary_has_not_collapsed() -> None:
    assert verdict([], spreads(0.004, 0.004, every=2)) is None
    assert verdict([], spreads(0.004, 0.011, 0.015, 0.05, 0.051, 0.031)) is None  # wgan, a generator without norm


def test_a_collapse_is_a_fall_from_what_was_there_before_training_included() -> None:
    most = 0.01
    assert verdict([], spreads(most, 1.01 * FALLEN * most)) is None
    fault = verdict([], spreads(most, 0.99 * FALLEN * most))
    assert fault is not None
    assert (fault.kind, fault.step) == ("collapse", 100)


def test_a_generator_that_never_varied_at_all_has_collapsed_with_its_first_step() -> None:
    fault = verdict([], spreads(0.0, 0.0, DEAD / 2))
    assert fault is not None
    assert (fault.kind, fault.step) == ("collapse", 100)
    assert verdict([], spreads(0.0)) is None  # not trained at all


@pytest.mark.parametrize("missing", [None, NAN])
def test_a_spread_that_could_not_be_measured_is_no_evidence(missing: float | None) -> None:
    assert verdict([], spreads(0.5, 0.001, missing)) is None
    fault = verdict([], spreads(0.5, missing, 0.001))
    assert fault is not None
    assert fault.step == 200


def test_one_domain_of_two_is_enough_and_is_named() -> None:
    both = [{"step": 100 * number, "a": 0.5, "b": b} for number, b in enumerate([0.6, 0.6, 0.01, 0.02])]
    fault = verdict([], both)
    assert fault is not None
    assert (fault.step, fault.cause.split(" are ")[0]) == (200, "the fakes of b")
    fault = verdict([], [row | ({"a": 0.001} if row["step"] else {}) for row in both])
    assert fault is not None
    assert (fault.step, "a and b" in fault.cause, "0.001 and 0.02" in fault.cause) == (100, True, True)


def test_a_collapse_is_told_before_a_stall() -> None:
    fault = verdict(rows(*[STILL] * 5), spreads(0.5, 0.5, 0.001))
    assert fault is not None
    assert fault.kind == "collapse"


# --- at the end: stall


def test_a_generator_that_hardly_moves_until_the_end_has_stalled_since_the_first_such_log_point() -> None:
    fault = verdict(rows(SOUND, STILL, SOUND, STILL, STILL, STILL), spreads(0.004, 0.5))
    assert fault is not None
    assert (fault.kind, fault.step, fault.status) == ("stall", 400, "stalled")
    assert fault.cause == "an update changes the generator's weights by less than 1e-05 of their norm since step 400"


def test_a_stall_that_was_recovered_from_does_not_count() -> None:
    assert verdict(rows(STILL, STILL, STILL, SOUND), []) is None


def test_one_log_point_alone_is_no_stall() -> None:
    assert verdict(rows(STILL), []) is None
    assert verdict(rows(SOUND, SOUND, STILL), []) is None
    assert verdict(rows(SOUND, STILL, None), []) is None


def test_a_gradient_of_exactly_zero_is_a_stall_though_momentum_still_moves_the_weights() -> None:
    fault = verdict(rows(SOUND, {**SOUND, "gradient_norm": 0.0}, {**SOUND, "gradient_norm": 0.0}), [])
    assert fault is not None
    assert (fault.step, fault.cause) == (200, "the generator's gradient is 0 since step 200")


def test_a_stall_may_have_one_sign_after_the_other() -> None:
    fault = verdict(rows(SOUND, STILL, {**SOUND, "gradient_norm": 0.0}), [])
    assert fault is not None
    assert (fault.step, fault.cause) == (200, "the generator's gradient is 0 since step 200")


def test_second_moments_below_epsilon_are_a_reason_and_no_stall_by_themselves() -> None:
    assert verdict(rows(*[{**SOUND, "stalled_share": 1.0}] * 5), []) is None
    fault = verdict(rows(*[{**STILL, "stalled_share": 0.992}] * 5), [])
    assert fault is not None
    assert fault.cause.endswith("; √v is below ten times the optimiser's epsilon in 99% of the generator's weights")


@pytest.mark.parametrize("missing", [None, NAN])
def test_statistics_that_are_missing_are_no_evidence(missing: float | None) -> None:
    assert verdict(rows(SOUND, {**STILL, "update_ratio": missing}, {**STILL, "update_ratio": missing}), []) is None
    assert verdict(rows(*[{"stalled_share": missing}] * 4), []) is None
    fault = verdict(rows(*[{**STILL, "stalled_share": missing}] * 4), [])  # rmsprop before its first moments, SGD
    assert fault is not None
    assert fault.kind == "stall"


def test_log_points_without_a_row_of_the_probe_are_passed_over() -> None:
    fault = verdict(rows(SOUND, STILL, None, STILL, STILL, None), [])
    assert fault is not None
    assert fault.step == 200


def test_a_schedule_that_ends_at_zero_is_no_stall_however_often_it_is_logged() -> None:
    steps = 1000
    fading = [
        {**SOUND, "update_ratio": 3e-3 * min(1.0, 2 * (1 - step / steps)) + 1e-12} for step in range(1, steps + 1)
    ]
    assert verdict(rows(*fading, every=1), []) is None


def test_a_stall_just_long_enough_is_one() -> None:
    logged = rows(*[SOUND] * 94, *[STILL] * 6, every=10)
    fault = verdict(logged, [])
    assert fault is not None
    assert fault.step == 950
    assert verdict(logged[:93] + rows(*[SOUND] * 95, *[STILL] * 5, every=10)[93:], []) is None


def test_a_slow_pace_is_no_stall_in_a_training_that_is_long_enough_to_get_somewhere() -> None:
    slow = {**SOUND, "update_ratio": 2e-6}
    assert verdict(rows(*[slow] * 10, every=100), []) is not None  # 0.2 % in all
    assert verdict(rows(*[slow] * 10, every=10_000), []) is None  # 20 %


def test_the_pace_of_saturating_losses_is_not_called_a_stall() -> None:
    assert verdict(rows(*[{**SOUND, "update_ratio": 2.4e-5}] * 11), []) is None


def test_a_task_without_an_adversary_has_not_stalled() -> None:
    control = {**SOUND, "gradient_norm_cycle": 20.0, "gradient_norm_identity": 8.0}
    assert verdict(rows(*[control] * 5), [{"step": 500, "a": 0.5, "b": 0.6}]) is None


def test_an_adversary_that_says_nothing_beside_the_other_terms_is_a_stall() -> None:
    assert verdict(rows(*[ADVERSARY] * 4), []) is None
    silent = {**ADVERSARY, "adversarial_to_cycle": 0.0, "adversarial_to_identity": 1e-9}
    fault = verdict(rows(ADVERSARY, ADVERSARY, silent, silent), [])
    assert fault is not None
    assert (fault.step, fault.cause.startswith("the adversarial gradient is too small")) == (300, True)
    assert verdict(rows(*[{**silent, "adversarial_to_identity": 1e-3}] * 4), []) is None


# --- at the end: not finite, and what is kept


@pytest.mark.parametrize("lost", [None, NAN, INF])
def test_weights_lost_in_the_very_last_update_are_told_as_not_finite(lost: float | None) -> None:
    fault = verdict(rows(SOUND, {"update_ratio": lost, "stalled_share": 0.0, "gradient_norm": lost}), [])
    assert fault == Fault("not finite", 200, "the generator's gradient and weights no longer finite at step 200")


def test_every_status_of_a_fault_is_one_that_records_know() -> None:
    assert set(STATUSES.values()) <= set(records.STATUSES)


def test_a_fault_is_kept_as_records_say_and_its_verdict_is_the_same_from_the_files() -> None:
    logged = rows(SOUND, {**STILL, "stalled_share": NAN}, {**STILL, "stalled_share": NAN})
    fault = verdict(logged, spreads(NAN, 0.5))
    assert fault is not None
    assert list(json.loads(json.dumps(fault.to_json(), allow_nan=False))) == ["kind", "step", "cause"]
    assert verdict(records.finite(logged), records.finite(spreads(NAN, 0.5))) == fault


# --- tiny trainings


def varied(task: DCGAN, images: torch.Tensor, placement: Placement) -> float:
    fakes = sample(task, Split({"image": images}), 0, "spread", placement)["image"]
    return spread_ratio(fakes, to_float(images)).item()


def train(loss: str, steps: int, optimizer: str = "adam", rate: float = 2e-4, prepare=lambda training: None):
    """The terms of each step, the probe's rows and the ratios of spreads of a training on noise."""
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 1, 16, 16), dtype=torch.uint8, generator=random)
    recipe = Recipe(optimizer=optimizer, learning_rate=rate, discriminator_norm="none", n_critic=1)
    task, batches = DCGAN(DCGANSettings(16, 1, 4, 8, None, "none", "dcgan"), 0), Batches(Split({"image": images}), 8, 0)
    placement = Placement(torch.device("cpu"), "fp32", True)
    training = Training(task, get_loss(loss), recipe, batches, placement, 0)
    training.probe = SaturationProbe(task.generators, task.discriminators, training.loss, every=20)
    prepare(training)
    terms: dict[str, list[float]] = {}
    ratios = [{"step": 0, "image": varied(task, images, placement)}]
    with training.probe:
        for index in range(steps):
            for name, value in training.step(index).items():
                terms.setdefault(name, []).append(value.item())
            if (index + 1) % 20 == 0:
                ratios.append({"step": index + 1, "image": varied(task, images, placement)})
    return terms, training.probe.rows, ratios


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("loss", "optimizer"), [("bce", "adam"), ("wgan", "rmsprop")])
def test_sound_trainings_have_no_fault(loss: str, optimizer: str) -> None:
    terms, logged, ratios = train(loss, 60, optimizer)
    assert broken(terms, 60) is None
    assert verdict(logged, ratios) is None
    assert ratios[-1]["image"] > COLLAPSED


def test_a_generator_that_does_not_hear_its_latents_has_collapsed() -> None:
    def deafen(training: Training) -> None:
        generator = training.task.generators["image"]
        generator.register_forward_pre_hook(lambda module, args: (torch.zeros_like(args[0]), *args[1:]))

    _, logged, ratios = train("bce", 40, prepare=deafen)
    fault = verdict(logged, ratios)
    assert fault is not None
    assert (fault.kind, fault.step) == ("collapse", 20)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_a_generator_without_gradient_has_stalled_under_every_optimiser(optimizer: str) -> None:
    def cut(training: Training) -> None:
        for weight in training.generator_weights:
            weight.register_hook(torch.zeros_like)

    _, logged, ratios = train("bce", 60, optimizer, prepare=cut)
    fault = verdict(logged, ratios)
    assert fault is not None
    assert (fault.kind, fault.step) == ("stall", 20)
    assert fault.cause.endswith("in 100% of the generator's weights")


def test_a_critic_without_constraint_that_runs_away_is_an_explosion() -> None:
    terms, _, _ = train("wgan:clip=1e30", 40, rate=1.0)
    assert broken({name: values[:1] for name, values in terms.items()}, 1) is None
    fault = broken({name: values[20:] for name, values in terms.items()}, 40)
    assert fault is not None
    assert (fault.kind, fault.step, fault.status) == ("explosion", 21, "diverged")
