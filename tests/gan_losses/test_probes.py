"""The probe: right numbers, in anyone's loop, and not one bit of the run changed."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan_losses import SaturationProbe, get_loss, saturation
from gan_losses.losses import LOSSES, generator_loss
from gan_losses.networks import NORMS
from gan_losses.training import frozen


def probed(training, every=4, stride=2, **arguments):
    task = training.task
    training.probe = SaturationProbe(
        task.generators, task.discriminators, training.loss, every=every, stride=stride, **arguments
    )
    return training.probe


def state(training):
    networks = training.task.networks().items()
    return {f"{name}.{key}": value for name, network in networks for key, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        *((name, "none") for name in LOSSES),
        *(("bce", norm) for norm in NORMS),
        ("hinge+cr+lecam+r1:every=2", "spectral"),
    ],
)
def test_weights_and_buffers_are_equal_bit_for_bit_with_and_without_it(make, name, norm) -> None:
    plain, watched = make.training(name, norm, n_critic=2), make.training(name, norm, n_critic=2)
    held_out = {"image": torch.zeros(4, 1, 16, 16)}
    with probed(watched, held_out=held_out) as probe:
        for index in range(9):
            plain.step(index)
            watched.step(index)
    assert [row["step"] for row in probe.rows] == [4, 8]
    for key, value in state(plain).items():
        assert torch.equal(value, state(watched)[key]), key


@pytest.mark.parametrize("name", [*LOSSES, "bce+gp"])
def test_it_works_and_disturbs_nothing_under_bf16(make, name) -> None:
    plain, watched = (make.training(name, precision="bf16", n_critic=2) for _ in range(2))
    with probed(watched, every=3, stride=1, held_out={"image": torch.zeros(4, 1, 16, 16)}) as probe:
        for index in range(3):
            plain.step(index)
            terms = watched.step(index)
    assert {term.dtype for term in terms.values()} == {torch.float32}
    for key, value in state(plain).items():
        assert torch.equal(value, state(watched)[key]), key
    image = probe.rows[0]["saturation"]["image"]
    assert image["fake_logit_after"] is not None
    assert image["lipschitz_mean"] is not None


def test_images_that_a_penalty_shows_to_the_discriminator_are_passed_over(make) -> None:
    means = []
    for name in ("bce", "bce+cr+r1+gp"):
        training = make.training(name)
        with probed(training, every=1, stride=1) as probe:
            training.step(0)
        row = probe.rows[0]["saturation"]["image"]
        means.append([row[key] for key in ("real_logit_mean", "real_logit_std", "fake_logit_mean", "accuracy")])
    assert means[0] == pytest.approx(means[1], rel=1e-6)


def test_dropout_sees_the_same_random_numbers() -> None:
    results = []
    for watched in (False, True):
        torch.manual_seed(0)
        generator, discriminator = nn.Sequential(nn.Linear(3, 4), nn.Dropout()), nn.Linear(4, 1)
        loop(
            generator, discriminator, SaturationProbe(generator, discriminator, get_loss("bce"), 1) if watched else None
        )
        results.append([weight.detach().clone() for weight in generator.parameters()])
    assert all(map(torch.equal, *results))


def loop(generator, discriminator, probe, steps=3, name="bce"):
    """A plain loop that is not ours: nothing frozen, everything by hand."""
    loss = get_loss(name)
    optimizers = [torch.optim.Adam(network.parameters(), 1e-2) for network in (discriminator, generator)]
    context = probe or torch.enable_grad()
    with context:
        for step in range(steps):
            real, latents = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(step)).split([1, 1])
            real, latents = real[0], latents[0, :, :3]
            optimizers[0].zero_grad()
            fake = generator(latents)
            loss.discriminator(discriminator(real), discriminator(fake.detach())).backward()
            optimizers[0].step()
            optimizers[1].zero_grad()
            loss.generator(discriminator(fake)).backward()
            optimizers[1].step()


def test_in_a_loop_that_is_not_ours_it_finds_real_fake_and_the_generators_phase() -> None:
    torch.manual_seed(0)
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    probe = SaturationProbe(generator, discriminator, get_loss("bce"), every=1, stride=1)
    reference = {}

    def remember(module, args, output):
        reference.setdefault("calls", []).append((args[0].detach().clone(), output.detach().clone()))

    handle = discriminator.register_forward_hook(remember)
    loop(generator, discriminator, probe, steps=1)
    handle.remove()
    (_, real), (_, fake), (_, before) = reference["calls"][:3]
    row = probe.rows[0]["saturation"]["image"]
    assert row["real_logit_mean"] == pytest.approx(real.mean().item(), abs=1e-6)
    assert row["fake_logit_mean"] == pytest.approx(fake.mean().item(), abs=1e-6)
    assert row["fake_logit_before"] == pytest.approx(before.mean().item(), abs=1e-6)
    assert row["accuracy"] == pytest.approx(saturation.ordered_share(real.squeeze(), fake.squeeze()).item())
    # slopes of the non-saturating loss: -σ(-f)
    slopes = torch.sigmoid(-before.squeeze()).double()
    assert row["active_fraction_logit"] == pytest.approx(saturation.active_fraction(slopes).item(), abs=1e-6)
    assert row["slope_q50"] == pytest.approx(slopes.quantile(0.5).item(), abs=1e-6)
    counted = probe.rows[0]["histograms"]["image"]["slope"]
    assert counted["counts"] == saturation.histogram(slopes).int().tolist()
    assert sum(counted["counts"]) == len(slopes)
    assert (counted["low"], counted["width"]) == (-8.125, 0.25)


def test_gradients_and_norms_are_those_of_autograd(make) -> None:
    training, twin = make.training("lsgan"), make.training("lsgan")
    with probed(training, every=1, stride=1) as probe:
        training.step(0)
    row, layers = probe.rows[0]["saturation"], probe.rows[0]["layers"]
    # The twin does by hand what the step does.
    batch = twin.batch(0, 0)
    generator, discriminator = twin.task.generators["image"], twin.task.discriminators["image"]
    fakes = generator(batch["latents"])
    twin.update_discriminators(batch, {"image": fakes}, twin.randoms("discriminators", 0, 0), 0)
    logits = discriminator(fakes)
    value = twin.loss.generator(logits)
    slopes, images = torch.autograd.grad(value, (logits, fakes), retain_graph=True)
    weights = torch.autograd.grad(value, twin.generator_weights)
    norms = images.flatten(1).norm(dim=1).double() * len(images)
    slopes = slopes.squeeze(1).abs().double() * len(images)
    image = row["image"]
    assert image["gradient_q50"] == pytest.approx(norms.quantile(0.5).item(), rel=1e-5)
    assert image["active_fraction_image"] == pytest.approx(saturation.active_fraction(norms).item(), rel=1e-5)
    assert image["log_gradient"] == pytest.approx(norms.log10().mean().item(), abs=1e-5)
    assert image["log_slope"] == pytest.approx(slopes.log10().mean().item(), abs=1e-5)
    share = (norms / slopes).log10().mean().item()
    assert image["log_discriminator_slope"] == pytest.approx(share, abs=1e-5)
    total = torch.stack([weight.norm() for weight in weights]).norm().item()
    assert row["generator"]["gradient_norm"] == pytest.approx(total, rel=1e-4)
    names = [name for name, _ in generator.named_parameters()]
    assert_close(
        layers["generator"], dict(zip(names, (w.norm().item() for w in weights), strict=True)), rtol=1e-4, atol=1e-7
    )
    assert image["gradient_norm_ratio"] == pytest.approx(total / image["gradient_norm"], rel=1e-4)


def test_signal_is_the_cosine_of_two_half_batches(make) -> None:
    training, twin = make.training("bce", "none"), make.training("bce", "none")
    with probed(training, every=1, stride=1) as probe:
        training.step(0)
    twin.generator_optimizer.step = lambda: None
    twin.step(0)
    twin.task.generators["image"].train()
    fakes = twin.task.fakes(twin.batch(0, 0))["image"]
    logits = twin.task.discriminators["image"](fakes)
    halves = [
        torch.autograd.grad(generator_loss(twin.loss, part, None), twin.generator_weights, retain_graph=True)
        for part in (logits[:4], logits[4:])
    ]
    assert probe.rows[0]["saturation"]["image"]["signal"] == pytest.approx(saturation.cosine(*halves).item(), abs=1e-4)


def test_values_after_the_update_are_those_of_the_updated_networks(make) -> None:
    training = make.training("bce")
    held_out = torch.zeros(4, 1, 16, 16)
    with probed(training, every=1, stride=1, held_out={"image": held_out}) as probe:
        training.step(0)
    image = probe.rows[0]["saturation"]["image"]
    batch = training.batch(0, 0)
    discriminator = training.task.discriminators["image"]
    with torch.no_grad(), frozen([]):
        real = discriminator(batch["image"])
        after = discriminator(training.task.fakes(batch)["image"]).mean().item()
        unseen = discriminator(held_out).mean().item()
    assert image["fake_logit_after"] == pytest.approx(after, abs=1e-6)
    assert image["real_logit_after"] == pytest.approx(real.mean().item(), abs=1e-6)
    assert image["held_out_logit"] == pytest.approx(unseen, abs=1e-6)
    assert image["sign_rate"] == pytest.approx(real.sign().mean().item(), abs=1e-6)
    expected = (real.mean().item() - unseen) / (real.mean().item() - image["fake_logit_before"])
    assert image["overfitting"] == pytest.approx(expected, rel=1e-3)


def test_a_linear_discriminators_lipschitz_estimate_is_its_weights_norm() -> None:
    torch.manual_seed(0)
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    probe = SaturationProbe(generator, discriminator, get_loss("wgan"), every=3, stride=1)
    loop(generator, discriminator, probe, name="wgan")
    image = probe.rows[0]["saturation"]["image"]
    assert image["lipschitz_mean"] == pytest.approx(discriminator.weight.norm().item(), rel=1e-5)
    assert image["lipschitz_max"] == pytest.approx(image["lipschitz_mean"], rel=1e-5)
    assert image["active_fraction_logit"] == pytest.approx(1.0, abs=1e-12)
    assert image["sign_rate"] is None


def test_update_ratio_is_the_relative_change_of_the_generator(make) -> None:
    training = make.training("bce")
    before = [weight.detach().clone() for weight in training.generator_weights]
    with probed(training, every=1, stride=1) as probe:
        training.step(0)
    expected = saturation.relative_change(before, training.generator_weights).item()
    assert probe.rows[0]["saturation"]["generator"]["update_ratio"] == pytest.approx(expected, rel=1e-9)
    assert probe.rows[0]["saturation"]["generator"]["stalled_share"] is not None


def test_penalty_points_are_not_taken_for_real_images(make) -> None:
    training = make.training("wgangp")
    with probed(training, every=1, stride=1) as probe:
        training.step(0)
    twin = make.training("wgangp")
    batch = twin.batch(0, 0)
    real = twin.task.discriminators["image"](batch["image"]).mean().item()
    assert probe.rows[0]["saturation"]["image"]["real_logit_mean"] == pytest.approx(real, abs=1e-6)


def test_a_smaller_last_batch_is_left_out() -> None:
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD(generator.parameters(), 0.0)
    with SaturationProbe(generator, discriminator, get_loss("wgan"), every=2, stride=1) as probe:
        for size in (6, 2):
            get_loss("wgan").generator(discriminator(generator(torch.randn(size, 3)))).backward()
            optimizer.step()
    assert probe.rows[0]["saturation"]["image"]["active_fraction_logit"] == pytest.approx(1.0)


def test_it_holds_no_fakes_beyond_their_step(make) -> None:
    training = make.training("wgan", n_critic=3)
    with probed(training, every=50, stride=1) as probe:
        training.step(0)
        assert not probe._observers["image"].made


def test_it_lets_go_of_every_hook() -> None:
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    probe = SaturationProbe(generator, discriminator, get_loss("bce"), every=1, stride=1)
    loop(generator, discriminator, probe, steps=1)
    loop(generator, discriminator, None, steps=2)
    assert len(probe.rows) == 1
    assert not generator._forward_hooks
    assert not discriminator._forward_hooks
