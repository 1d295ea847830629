"""DiffAugment against plain loops and torch's own differentiation, and where in a training it acts."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.augmentation import (
    AUGMENTATIONS,
    Augmented,
    _whole,
    diffaugment,
    hole,
    judges,
    recolour,
    shift,
    shifts_of,
)
from gan_losses.losses import LOSSES
from gan_losses.probes import SaturationProbe


def images(count: int = 6, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.rand(count, channels, height, width, dtype=torch.float64, generator=random) * 2 - 1


def draws(count: int = 6, rows: int = 7) -> Tensor:
    return torch.rand(rows, count, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_colours_are_the_papers_three_steps() -> None:
    given, (brightness, saturation, contrast) = images(), draws(rows=3)
    for index, image in enumerate(given):
        expected = image + brightness[index] - 0.5
        gray = expected.mean(0)
        expected = gray + (expected - gray) * 2 * saturation[index]
        mean = expected.mean()
        expected = mean + (expected - mean) * (contrast[index] + 0.5)
        assert_close(recolour(given, brightness, saturation, contrast)[index], expected)


def test_gray_images_have_no_saturation_to_change() -> None:
    given, (brightness, saturation, contrast) = images(channels=1), draws(rows=3)
    assert_close(
        recolour(given, brightness, saturation, contrast), recolour(given, brightness, 1 - saturation, contrast)
    )


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_shift_is_the_plain_loop(memory_format: torch.memory_format, channels: int) -> None:
    given = images(channels=channels, height=9, width=7).contiguous(memory_format=memory_format)
    rows, columns = torch.tensor([0, 1, -1, 3, -3, 8]), torch.tensor([0, -2, 2, 1, -6, 3])
    moved, inside = shift(given, rows, columns)
    expected = torch.zeros_like(given)
    for index in range(len(given)):
        for row in range(9):
            for column in range(7):
                source = row - int(rows[index]), column - int(columns[index])
                if 0 <= source[0] < 9 and 0 <= source[1] < 7:
                    expected[index, :, row, column] = given[index, :, source[0], source[1]]
    assert torch.equal(moved * inside, expected)


@pytest.mark.parametrize("size", [8, 16, 20, 32, 128])
def test_shifts_are_the_whole_numbers_up_to_an_eighth(size: int) -> None:
    found = shifts_of(torch.linspace(0, 1 - 2**-24, 5000), size)
    reach = round(size / 8 + 1e-9)
    assert found.unique().tolist() == list(range(-reach, reach + 1))
    counts = found.bincount(minlength=1) if reach == 0 else (found + reach).bincount()
    assert counts.max() - counts.min() <= 1


def test_whole_numbers_are_below_their_count_for_every_count() -> None:
    largest = torch.tensor(1 - 2**-24)
    assert all(int(_whole(largest, count)) == count - 1 for count in range(1, 3000))


@pytest.mark.parametrize("size", [5, 8, 16, 31])
def test_a_hole_is_half_as_wide_and_its_middle_lies_anywhere(size: int) -> None:
    side = int(size / 2 + 0.5)
    steps = torch.linspace(0, 1 - 2**-24, 400)
    found = hole(steps, torch.full_like(steps, 0.5), (size, size))[:, 0]
    widths = found.any(1).sum(1)
    assert (widths == side).all()  # at the middle of the columns the whole hole is inside
    heights = found.any(2).sum(1)
    assert heights.max() == side
    assert heights.min() == side - side // 2  # nearest to a border
    for each in found:
        rows = each.any(1).nonzero().flatten()
        assert rows[-1] - rows[0] + 1 == len(rows)
    middles = {(int(each.any(1).nonzero()[0]), int(each.any(1).sum())) for each in found}
    assert len(middles) == size + 1 - side % 2


def naive(given: Tensor, random: torch.Generator) -> Tensor:
    """All of it, image by image, from the same draws."""
    numbers = torch.rand(7, len(given), generator=random).to(given.dtype)
    result = torch.zeros_like(given)
    for index in range(len(given)):
        image = recolour(given[index : index + 1], *numbers[:3, index : index + 1])[0]
        size = image.shape[-1]
        reach = int(size / 8 + 0.5)
        down, right = (int(number * (2 * reach + 1)) - reach for number in numbers[3:5, index])
        padded = nn.functional.pad(image, (reach,) * 4)
        moved = padded[:, reach - down : reach - down + size, reach - right : reach - right + size].clone()
        side = int(size / 2 + 0.5)
        top, left = (int(number * (size + 1 - side % 2)) - side // 2 for number in numbers[5:, index])
        moved[:, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
        result[index] = moved
    return result


@pytest.mark.parametrize("size", [8, 9, 16])
def test_the_whole_is_the_plain_loop(size: int) -> None:
    given = images(40, 3, size, size)
    ours, theirs = (make(given, torch.Generator().manual_seed(5)) for make in (diffaugment, naive))
    assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert ours.dtype == given.dtype


def test_it_can_be_differentiated_twice() -> None:
    given = images(2, 2, 6, 6).requires_grad_()

    def changed(values: Tensor) -> Tensor:
        return diffaugment(values, torch.Generator().manual_seed(3)).sin()

    assert torch.autograd.gradcheck(changed, (given,))
    assert torch.autograd.gradgradcheck(changed, (given,))


def test_each_image_and_each_call_has_draws_of_its_own() -> None:
    given, random = torch.ones(4, 1, 8, 8), torch.Generator().manual_seed(0)
    first, second = diffaugment(given, random), diffaugment(given, random)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


class Watching(nn.Module):
    """A discriminator that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(256, 1)
        self.seen: list[Tensor] = []

    def forward(self, shown: Tensor) -> Tensor:
        self.seen.append(shown.detach().clone())
        return self.linear(shown.flatten(1))


def watched(make, name: str, augment: str = "diffaugment", **more) -> tuple:
    training = make.training(name, **more)
    judge = Watching()
    training.task.discriminators = {"image": judge}
    return type(training)(
        training.task, training.loss, training.recipe, training.batches, training.placement, 0, augment=augment
    ), judge


@pytest.mark.parametrize("name", ["bce", "rpgan", "bce+gp+cr", "bce+r1"])
def test_real_and_fake_images_are_augmented_in_both_phases(make, name: str) -> None:
    (training, judge), (plain, other) = watched(make, name), watched(make, name, "none")
    training.step(0)
    plain.step(0)
    assert len(judge.seen) == len(other.seen) >= 3
    for changed, unchanged in zip(judge.seen, other.seen, strict=True):
        # A hole of 8 x 8 has at least a quarter of itself inside; no image comes with as many equal pixels.
        for image in changed:
            assert (image == 0).sum() >= 16
        assert not (unchanged[0] == 0).sum() >= 16


@pytest.mark.parametrize("name", ["lsgan", "wgangp", "rpgan", "hinge+cr+lecam", "bce:flip=0.2+r1:every=2"])
def test_all_losses_see_the_same_draws(make, name: str) -> None:
    """Of real and fake images in the discriminator's phase, and of fake ones in the generator's."""
    seen = []
    for each in ("bce", name):
        training, _ = watched(make, each)
        stream: dict[str, list[Tensor]] = {}
        augmentation = training.judges["image"]

        def record(given, random, stream=stream, inner=augmentation.augment):
            stream.setdefault(str(random.initial_seed()), []).append(random.get_state())
            return inner(given, random)

        augmentation.augment = record
        training.step(5)
        seen.append(stream)
    discriminators, generators = (
        str(training.random(s, 5, 0).initial_seed()) for s in ("augment/image", "augment/image/fake")
    )
    assert len(seen[0][discriminators]) == 2
    for mine, theirs in zip(seen[0][discriminators], seen[1][discriminators], strict=False):
        assert torch.equal(mine, theirs)
    assert [len(stream[generators]) for stream in seen] == [1, 1]
    assert torch.equal(seen[0][generators][0], seen[1][generators][0])
    assert seen[0][generators][0].ne(seen[0][discriminators][0]).any()


def test_draws_differ_from_step_to_step_and_from_update_to_update(make) -> None:
    training = make.training("wgangp", n_critic=2, augment="diffaugment")
    states = {tuple(training.random("augment/image", *at).get_state().tolist()) for at in ((0, 0), (0, 1), (1, 0))}
    assert len(states) == 3


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_trains_through_it_and_the_same_seed_gives_the_same_weights(make, name: str) -> None:
    first, second = (make.training(name, augment="diffaugment", n_critic=2) for _ in range(2))
    for index in range(2):
        terms = [training.step(index) for training in (first, second)]
        assert all(term.isfinite() for term in terms[0].values())
        assert_close(terms[0], terms[1], rtol=0, atol=0)


def test_without_augmentation_discriminators_are_judges_themselves(make) -> None:
    training = make.training("bce")
    assert training.judges == training.task.discriminators
    assert training.judges["image"] is training.task.discriminators["image"]
    assert training.streams == {"discriminators": ["penalty/image"], "generators": []}
    assert set(AUGMENTATIONS) == {"none", "diffaugment"}


def test_names_of_states_and_weights_are_the_discriminators_own(make) -> None:
    plain, augmented = make.training("bce"), make.training("bce", augment="diffaugment")
    for one, two in zip(plain.task.networks().values(), augmented.task.networks().values(), strict=True):
        assert list(one.state_dict()) == list(two.state_dict())
    network = augmented.task.discriminators["image"]
    judge = augmented.judges["image"]
    assert [name for name, _ in judge.named_parameters()] == [name for name, _ in network.named_parameters()]
    assert list(judge.parameters()) == list(network.parameters())


def test_only_a_call_with_random_numbers_is_augmented() -> None:
    judge = judges({"image": nn.Flatten()}, "diffaugment")["image"]
    assert isinstance(judge, Augmented)
    given = images(2).float()
    assert torch.equal(judge(given), given.flatten(1))
    assert not torch.equal(judge(given, random=torch.Generator().manual_seed(0)), given.flatten(1))


def probe_of(training, **more) -> SaturationProbe:
    training.probe = SaturationProbe(training.task.generators, training.judges, training.loss, 1, 1, **more)
    return training.probe


@pytest.mark.parametrize("norm", ["none", "spectral", "batch"])
@pytest.mark.parametrize("name", ["bce", "rpgan"])
def test_a_probe_changes_no_bit_of_an_augmented_training(make, name: str, norm: str) -> None:
    plain, probed = (make.training(name, norm, augment="diffaugment", n_critic=2) for _ in range(2))
    with probe_of(probed, held_out={"image": torch.zeros(4, 1, 16, 16)}):
        for index in range(3):
            assert_close(probed.step(index), plain.step(index), rtol=0, atol=0)
    for one, two in zip(plain.task.networks().values(), probed.task.networks().values(), strict=True):
        assert_close(two.state_dict(), one.state_dict(), rtol=0, atol=0)


def test_a_probe_takes_slopes_by_the_generators_own_images_and_looks_without_augmentation(make) -> None:
    training, twin = (make.training("lsgan", augment="diffaugment") for _ in range(2))
    held_out = images(4, 1).float()
    with probe_of(training, held_out={"image": held_out}) as probe:
        training.step(0)
    row, layers = probe.rows[0]["saturation"]["image"], probe.rows[0]["layers"]["image"]
    batch = twin.batch(0, 0)
    generator, discriminator = twin.task.generators["image"], twin.task.discriminators["image"]
    fakes = generator(batch["latents"])
    twin.update_discriminators(batch, {"image": fakes}, twin.randoms("discriminators", 0, 0), 0)
    logits = discriminator(diffaugment(fakes, twin.random("augment/image/fake", 0, 0)))
    (slopes,) = torch.autograd.grad(twin.loss.generator(logits), fakes, retain_graph=True)
    norms = slopes.flatten(1).norm(dim=1).double() * len(slopes)
    assert row["gradient_q50"] == pytest.approx(norms.quantile(0.5).item(), rel=1e-5)
    assert row["held_out_logit"] == pytest.approx(discriminator(held_out).mean().item(), rel=1e-5)
    assert row["real_logit_after"] == pytest.approx(discriminator(batch["image"]).mean().item(), rel=1e-5)
    assert row["fake_logit_before"] == pytest.approx(discriminator(fakes).mean().item(), rel=1e-5)
    assert row["fake_logit_mean"] != pytest.approx(row["fake_logit_before"], rel=1e-3)
    assert list(layers) == [name for name, _ in discriminator.named_parameters()]


def test_nothing_in_an_augmented_step_reads_a_tensors_value(make, monkeypatch) -> None:
    training = make.training("bce+gp+r1+cr", n_critic=2, augment="diffaugment", ema=0.9)
    training.step(0)

    def forbidden(*args: object) -> None:
        raise AssertionError("a step waited for the device")

    for name in ("item", "tolist", "__bool__", "__float__", "__int__", "cpu", "numpy"):
        monkeypatch.setattr(Tensor, name, forbidden)
    training.step(1)


def test_under_bf16_it_trains(make) -> None:
    training = make.training("wgangp", precision="bf16", augment="diffaugment")
    assert all(term.isfinite() for term in training.step(0).values())
