"""Paces give the numbers of the step as it is. Without a GPU a graph is stood in for by calling what it captured again:
whatever a captured function took from Python stays as it was, whatever it reads from fixed tensors is new."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan_losses import acceleration
from gan_losses.acceleration import PACES, Captured, resolve_acceleration
from gan_losses.data.base import Batches, Split
from gan_losses.errors import UsageError
from gan_losses.losses import Recipe, get_loss
from gan_losses.probes import SaturationProbe
from gan_losses.random import stream_seed
from gan_losses.tasks import CycleGAN
from gan_losses.tasks.cyclegan import CycleGANSettings
from gan_losses.training import Placement, Training

STEPS = 12
EAGER_FIRST = Captured.eager_first


class CalledAgain:
    def __init__(self, pace: "Pretended") -> None:
        self.pace = pace

    def capture(self, function: Callable[[], None], randoms: Any, pool: Any) -> None:
        self.function = function
        self.pace.captures += 1

    def replay(self) -> None:
        for updates in self.pace.kinds.values():
            fixed = [*updates.batch.items(), *((f"history of {name}", each) for name, each in updates.history.items())]
            for name, tensor in fixed:
                assert self.pace.places.setdefault((id(updates), name), tensor.data_ptr()) == tensor.data_ptr()
        self.pace.replays += 1
        self.function()
        for updates in self.pace.kinds.values():  # a real graph writes its terms where it wrote them before
            for name, term in updates.terms.items():
                place = self.pace.terms.setdefault((id(updates), name), term)
                updates.terms[name] = place.copy_(term)


class Pretended(Captured):
    devices = ("cpu",)

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        self.captures = self.replays = 0
        self.places: dict[Any, int] = {}
        self.terms: dict[Any, Tensor] = {}

    def rate(self, learning_rate: float) -> float:  # type: ignore[override]
        return learning_rate

    def graph(self) -> CalledAgain:
        return CalledAgain(self)

    def pool(self) -> None:
        return None

    def aside(self, function: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        return function()


@pytest.fixture(autouse=True)
def _pretended(monkeypatch) -> None:
    monkeypatch.setitem(PACES, "pretended", Pretended)


def cyclegan(loss: str, accelerate: str, **more: Any) -> Training:
    settings = CycleGANSettings(image_size=16, width=4, blocks=1, layers=1, discriminator_width=4, pool=3)
    random = torch.Generator().manual_seed(0)
    images = {name: torch.randint(0, 256, (10, 3, 16, 16), dtype=torch.uint8, generator=random) for name in "ab"}
    batches, placement = Batches(Split(images), 2, 0), Placement(torch.device("cpu"), channels_last=False)
    recipe = Recipe(discriminator_norm="instance")
    how = {"accelerate": accelerate, **more}
    return Training(CycleGAN(settings, 0), get_loss(loss), recipe, batches, placement, 0, **how)


KINDS: dict[str, Callable[[Any, str], Training]] = {
    "bce": lambda make, pace: make.training("bce", accelerate=pace),
    "wgangp, three updates": lambda make, pace: make.training("wgangp", n_critic=3, accelerate=pace),
    "clipped, RMSprop": lambda make, pace: make.training("wgan", n_critic=2, optimizer="rmsprop", accelerate=pace),
    "lazy": lambda make, pace: make.training("bce+r1:10:every=2+r2:5:every=3", accelerate=pace),
    "lazy, several updates": lambda make, pace: make.training("bce+r1:10:every=4", n_critic=3, accelerate=pace),
    "flipped labels, batch norm": lambda make, pace: make.training("bce:flip=0.3", "batch", accelerate=pace),
    "pairs of logits, spectral norm": lambda make, pace: make.training("rpgan", "spectral", accelerate=pace),
    "a schedule": lambda make, pace: make.training("lsgan", schedule="linear", steps=STEPS, accelerate=pace),
    "random shifts": lambda make, pace: make.training("hinge+cr", accelerate=pace),
    "cyclegan with a pool": lambda make, pace: cyclegan("lsgan", pace),
    "cyclegan, augmented, averaged": lambda make, pace: cyclegan("ragan", pace, augment="diffaugment", ema=0.9),
    "cyclegan without adversary": lambda make, pace: cyclegan("none", pace),
    "augmented": lambda make, pace: make.training("rpgan+r1+cr", n_critic=2, augment="diffaugment", accelerate=pace),
    "augmented, averaged": lambda make, pace: make.training("bce", augment="diffaugment", ema=0.9, accelerate=pace),
    "residual": lambda make, pace: make.training("wgangp", "none", size=32, network="resnet32", accelerate=pace),
    "without norm": lambda make, pace: make.training("rpgan+r1+r2", network="r3gan", accelerate=pace),
    "memory": lambda make, pace: make.training("hinge+lecam", accelerate=pace),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_replayed_updates_are_the_steps_as_they_are(make, kind: str) -> None:
    plain, fast = (KINDS[kind](make, pace) for pace in ("off", "pretended"))
    shown: list[list[dict[str, Tensor]]] = [[], []]
    for index in range(STEPS):
        for training, terms in zip((plain, fast), shown, strict=True):
            terms.append(training.step(index))
    assert_close(shown[1], shown[0], rtol=0, atol=0)  # also: later replays do not write over terms handed out
    states = [network.state_dict() for training in (plain, fast) for network in training.task.networks().values()]
    half = len(states) // 2
    assert_close(states[half:], states[:half], rtol=0, atol=0)
    if plain.averaged is not None:
        assert_close(fast.averaged.state_dict(), plain.averaged.state_dict(), rtol=0, atol=0)
    if "memory" not in kind:
        assert fast.pace.replays > 0


def test_what_is_captured_and_how_often(make) -> None:
    training = make.training("bce+r1:10:every=2", n_critic=3, accelerate="pretended")
    for index in range(STEPS):
        training.step(index)
    # Two kinds (the penalty due or not) with the generators' update, of three graphs, and two without, of two.
    assert len(training.pace.kinds) == 4
    assert training.pace.captures == 2 * 3 + 2 * 2
    assert {updates.seen for updates in training.pace.kinds.values()} == {EAGER_FIRST}
    assert training.pace.why_not is None


def test_a_graph_is_given_the_generators_of_all_that_it_draws_from(make) -> None:
    training = make.training("bce", augment="diffaugment", accelerate="pretended")
    given: list[dict[str, torch.Generator]] = []

    class Registering(CalledAgain):
        def capture(self, function: Callable[[], None], randoms: Any, pool: Any) -> None:
            given.append(dict(randoms))
            super().capture(function, randoms, pool)

    training.pace.graph = lambda: Registering(training.pace)
    for index in range(EAGER_FIRST + 2):
        training.step(index)
    streams = [["penalty/image", "augment/image"], ["augment/image/fake", "augment/image/real"]]
    assert [list(randoms) for randoms in given] == [[], *streams]
    (updates,) = training.pace.kinds.values()
    for phase, randoms in zip(("discriminators", "generators"), given[1:], strict=True):
        for stream, random in randoms.items():
            assert updates.randoms[phase][stream] is random
            assert random.initial_seed() == stream_seed(0, stream, EAGER_FIRST + 1, 0)


def test_a_penalty_with_memory_runs_as_it_is_and_says_so(make) -> None:
    training = make.training("hinge+lecam", accelerate="pretended")
    for index in range(STEPS):
        training.step(index)
    assert training.pace.replays == 0
    assert "keeps something from one update to the next" in training.pace.why_not


def test_a_probe_sees_what_it_sees_without(make) -> None:
    rows = []
    for pace in ("off", "pretended"):
        training = make.training("bce", accelerate=pace)
        probe = SaturationProbe(training.task.generators, training.task.discriminators, training.loss, 6, stride=3)
        training.probe = probe
        with probe:
            for index in range(STEPS):
                training.step(index)
        rows.append(probe.rows)
    assert len(rows[0]) == 2
    assert rows[1] == rows[0]
    assert training.pace.replays > 0


def test_a_loaded_state_is_captured_anew(make) -> None:
    plain, fast = (make.training("bce", accelerate=pace) for pace in ("off", "pretended"))
    for training in (plain, fast):
        for index in range(6):
            training.step(index)
        if training is plain:
            state = copy.deepcopy(training.state_dict())
    other = make.training("bce", seed=1).state_dict()
    fast.load_state_dict(other)
    assert not fast.pace.kinds
    fast.load_state_dict(state)
    for index in range(6, STEPS):
        assert_close(fast.step(index), plain.step(index), rtol=0, atol=0)


def test_the_rate_of_a_captured_step_is_written_into_its_tensor(make) -> None:
    training = make.training("bce", schedule="linear", steps=4)
    places = []
    for optimizer in (training.generator_optimizer, training.discriminator_optimizer):
        optimizer.param_groups[0]["lr"] = torch.tensor(0.0)
        places.append(optimizer.param_groups[0]["lr"])
    training._set_rate(3)
    assert_close([place.item() for place in places], [1e-4, 1e-4])  # 2e-4, halved at the last of four steps


@pytest.mark.parametrize(("ema", "more"), [(0.0, []), (0.9, ["optimisers"])])
def test_the_clock_is_not_called_inside_a_capture(make, ema: float, more: list[str]) -> None:
    calls: list[str] = []
    training = make.training("bce", accelerate="pretended", clock=calls.append, ema=ema)
    for index in range(EAGER_FIRST):
        training.step(index)
    calls.clear()
    training.pace.graph = lambda: Calling(training)
    training.step(EAGER_FIRST)
    assert calls == ["data", "generator", "discriminator", "generator", *more]


class Calling:
    """A graph that runs what it captures while it captures, as CUDA does with the host's side."""

    def __init__(self, training: Training) -> None:
        self.training = training

    def capture(self, function: Callable[[], None], randoms: Any, pool: Any) -> None:
        function()

    def replay(self) -> None:
        pass


def test_auto_is_graphs_on_cuda_and_nothing_elsewhere() -> None:
    assert [resolve_acceleration("auto", device) for device in ("cuda", "cpu", "mps")] == ["graph", "off", "off"]
    assert resolve_acceleration("off", "cuda") == "off"
    with pytest.raises(UsageError, match=r"--accelerate graph: expected a device of cuda, not cpu"):
        resolve_acceleration("graph", "cpu")
    with pytest.raises(UsageError, match="unknown acceleration 'grahp'"):
        resolve_acceleration("grahp", "cuda")


# Those of torch's compiler, which looks at what torch warns of.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
@pytest.mark.parametrize("loss", ["lsgan", "wgangp"])
def test_compiled_networks_give_the_same_step(loss: str) -> None:
    plain, fast = (cyclegan(loss, pace) for pace in ("off", "compile"))
    for index in range(2):
        assert_close(fast.step(index), plain.step(index), rtol=1e-4, atol=1e-5)
    said = fast.pace.why_not
    assert ("cannot be differentiated twice" in said) if loss == "wgangp" else said is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("augment", ["none", "diffaugment"])
@pytest.mark.parametrize("loss", ["bce", "lsgan", "wgangp", "bce+r1:10:every=2"])
def test_on_a_gpu_a_captured_step_equals_an_eager_one(make, loss: str, augment: str) -> None:
    device = torch.device("cuda")
    trainings = []
    for pace in ("off", "graph"):
        settings = make.training(loss)
        batches = Batches(Split({"image": make.images()}), 8, 0, device)
        recipe, placement = Recipe(discriminator_norm="none"), Placement(device)
        trainings.append(
            Training(
                settings.task, get_loss(loss), recipe, batches, placement, 0, accelerate=pace, ema=0.9, augment=augment
            ),
        )
    plain, fast = trainings
    for index in range(2 * EAGER_FIRST):
        plain.step(index)
        fast.step(index)
    for index in range(2 * EAGER_FIRST, 2 * EAGER_FIRST + 4):  # each from a shared state, as small differences grow
        for ours, theirs in zip(fast.task.networks().values(), plain.task.networks().values(), strict=True):
            for place, value in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
                place.copy_(value)
        assert_close(fast.step(index), plain.step(index), rtol=1e-5, atol=1e-5)
    assert fast.pace.why_not is None
    assert isinstance(next(iter(fast.pace.kinds.values())).graphs["fakes"], acceleration.CudaGraph)


@pytest.mark.parametrize("failing", [0, 1, 2, 4])
@pytest.mark.parametrize("augment", ["none", "diffaugment"])
def test_where_a_capture_fails_all_goes_on_as_it_is_and_says_why(make, failing: int, augment: str) -> None:
    plain, fast = (
        make.training("wgangp", n_critic=2, accelerate=pace, augment=augment) for pace in ("off", "pretended")
    )
    captures: list[int] = []

    class Failing(CalledAgain):
        def capture(self, function: Callable[[], None], randoms: Any, pool: Any) -> None:
            captures.append(len(captures))
            if captures[-1] == failing:
                for random in randoms.values():
                    random.manual_seed(99)  # a capture that fails leaves them as they come
                raise RuntimeError("operation not permitted when stream is capturing\nand more")
            super().capture(function, randoms, pool)

    fast.pace.graph = lambda: Failing(fast.pace)
    for index in range(STEPS):
        assert_close(fast.step(index), plain.step(index), rtol=0, atol=0)
    assert len(captures) == failing + 1
    assert fast.pace.why_not == "not captured: operation not permitted when stream is capturing"
