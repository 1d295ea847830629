import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import peaks
from benchmarks.limits import Work, floor, flops, least, moved, work
from benchmarks.peaks import Kernel, Peaks, clock_megahertz, kernels, main, measure, streams
from benchmarks.step_cases import StepCase, step_case
from benchmarks.step_worker import build
from gan_losses.timing import PhaseClock
from gan_losses.training import Training

SMALL = {"image_size": 16, "width": 4, "channels": 1}
CPU = torch.device("cpu")


def case(loss: str, **more: object) -> StepCase:
    return step_case("dcgan", loss, {**SMALL, **more}, 4)


def training(loss: str, **more: object) -> Training:
    return build(case(loss, **more).as_json())


def test_a_step_without_nesting_counts_what_torchs_counter_counts() -> None:
    ours, theirs = training("lsgan"), FlopCounterMode(display=False)
    with theirs:
        training("lsgan").step(0)
    assert work(ours)["step"].flops == flops(lambda: training("lsgan").step(0)) == theirs.get_total_flops() > 0


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_precision_changes_the_count_no_more_than_the_windows_at_the_edges_do(precision: str) -> None:
    made = build(step_case("dcgan", "wgangp", SMALL, 4, precision=precision).as_json())
    assert work(made)["step"].flops == pytest.approx(work(training("wgangp"))["step"].flops, rel=0.03)


def test_layers_count_what_is_counted_by_hand() -> None:
    images = torch.zeros(3, 2, 8, 8)
    per_image = 2 * (5 * 2 * 4 * 4) * 4 * 4  # 4 x 4 kernels, 2 channels to 5, 16 places each
    assert flops(lambda: nn.Conv2d(2, 5, 4, 2, 1)(images)) == 3 * per_image
    # Transposed, each of the 8 x 8 inputs meets every weight.
    assert flops(lambda: nn.ConvTranspose2d(2, 5, 4, 2, 1)(images)) == 3 * 2 * (5 * 2 * 4 * 4) * 8 * 8
    assert flops(lambda: nn.Linear(128, 7)(images.flatten(1))) == 3 * 2 * 128 * 7
    with torch.inference_mode():
        assert flops(lambda: nn.Linear(128, 7)(images.flatten(1))) == 3 * 2 * 128 * 7
    assert flops(lambda: images + 1) == 0


def test_a_backward_pass_costs_two_forward_passes_less_the_first_inputs() -> None:
    first, second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)
    images = torch.zeros(3, 2, 8, 8)
    passes = [3 * 2 * a * b * 9 * 64 for a, b in ((2, 4), (4, 6))]
    assert flops(lambda: second(first(images)).sum().backward()) == 2 * passes[0] + 3 * passes[1]


def penalised(critic: nn.Module, images: Tensor) -> None:
    images = images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean().backward(inputs=list(critic.parameters()))


def test_a_gradient_penalty_counts_its_passes_double_backward_included() -> None:
    first, second = nn.Linear(8, 16, bias=False), nn.Linear(16, 1, bias=False)
    critic = nn.Sequential(first, nn.Softplus(), second)
    passes = [2 * 3 * 8 * 16, 2 * 3 * 16 * 1]
    # First layer: forward; to the input; of that, the tangent onwards and the weight's gradient; the weight's once more,
    # through the curvature of softplus. Second: forward; to its input; of that, the weight's gradient alone, as the slope
    # of a sum is constant. The penalty sees no logit, so the second layer's forward pass asks for nothing.
    expected = 5 * passes[0] + 3 * passes[1]
    assert flops(lambda: penalised(critic, torch.randn(3, 8))) == expected


def test_phases_add_up_to_the_step_and_a_penalty_has_its_own() -> None:
    found = work(training("wgangp"))
    step = found.pop("step")
    assert set(found) == {"data", "generator", "discriminator", "penalty", "optimisers"}
    assert step == Work(sum(w.flops for w in found.values()), sum(w.bytes for w in found.values()))
    assert found["penalty"].flops > 0
    assert found["data"].flops == found["optimisers"].flops == 0


def test_counting_puts_the_clock_back() -> None:
    clock = PhaseClock(CPU)
    made = build(case("bce").as_json(), clock)
    work(made)
    assert made.clock is clock
    assert not clock.wall


def test_a_lazy_penalty_counts_by_its_share_of_the_steps() -> None:
    none, always, lazy = (work(training(f"bce{text}"))["step"].flops for text in ("", "+r1", "+r1:every=4"))
    assert lazy == none + (always - none) / 4


@pytest.mark.parametrize("n_critic", [1, 3])
def test_bytes_are_those_of_weights_gradients_state_and_batch(n_critic: int) -> None:
    made = training("bce", n_critic=n_critic)
    made.step(0)
    sizes = {
        name: 4 * sum(weight.numel() for weight in weights)
        for name, weights in (("generator", made.generator_weights), ("discriminator", made.discriminator_weights))
    }
    tensors = sum(len(weights) for weights in (made.generator_weights, n_critic * list(made.discriminator_weights)))
    updated = sizes["generator"] + n_critic * sizes["discriminator"]
    found = moved(made)
    assert found["data"] == n_critic * 4 * 4 * 16 * 16
    assert (found["generator"], found["discriminator"]) == (sizes["generator"], n_critic * sizes["discriminator"])
    # Adam: parameter, two moments read and written, gradient read, and the number of the step, a float for each tensor.
    assert found["optimisers"] == 7 * updated + 2 * 4 * tensors


def test_the_floor_is_the_slower_of_computing_and_moving() -> None:
    step = case("bce").as_json()
    amount = work(training("bce"))["step"]
    slow = floor(step, Peaks(1e6, 1e15, ""))
    assert slow == {"seconds": amount.flops / 1e6, "flops": amount.flops, "bytes": amount.bytes, "bound": "compute"}
    starved = least(amount, Peaks(1e15, 1e6, ""))
    assert (starved["seconds"], starved["bound"]) == (amount.bytes / 1e6, "memory")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_each_kernel_does_what_it_says(precision: str) -> None:
    for kernel in kernels(CPU, precision):
        call = kernel.make(1)
        assert flops(call) == kernel.amount, kernel.name
        result = call()
        assert result.dtype == {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]  # type: ignore[attr-defined]


def test_the_best_kernel_makes_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {10: 0.5, 60: 1.0, 8: 2.0}  # by amount
    made = {
        amount: Kernel(f"kernel {amount}", amount, lambda batch, amount=amount: lambda: amount) for amount in seconds
    }
    monkeypatch.setattr(peaks, "kernels", lambda device, precision: [made[10], made[60]])
    monkeypatch.setattr(peaks, "streams", lambda device: [made[8]])
    monkeypatch.setattr(peaks, "_fastest", lambda call, device, limit: seconds[call()])
    found = measure(CPU)
    assert (found.flops_per_second, found.bytes_per_second) == (60 * peaks.FIRST_BATCH, 4 * peaks.FIRST_BATCH)
    assert found.how == "fp32 kernel 60; kernel 8 of large arrays"


def test_a_call_that_is_too_short_gets_a_larger_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    kernel = Kernel("grows", 3, lambda batch: lambda: batches.append(batch))
    monkeypatch.setattr(peaks, "_fastest", lambda call, device, limit: batches[-1] * peaks.LEAST / 64)
    assert peaks._rate(kernel, CPU, 0.0) == pytest.approx(3 * 64 / peaks.LEAST)
    assert batches == [8, 16, 32, 64]


def test_measuring_leaves_torchs_settings_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(peaks, "_best", lambda *rest: (seen.append(torch.get_num_threads()), 1.0))
    before = torch.get_num_threads(), torch.backends.cudnn.benchmark
    measure(CPU, threads=before[0] + 1)
    assert seen == [before[0] + 1] * 2
    assert (torch.get_num_threads(), torch.backends.cudnn.benchmark) == before


def test_streams_read_and_write_every_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "STREAMED", 8)
    copy, change = (kernel.make(2)() for kernel in streams(CPU))
    assert copy.tolist() == change.tolist() == [1.0] * 16  # type: ignore[attr-defined]
    assert {kernel.amount for kernel in streams(CPU)} == {2 * 8 * 4}


def test_the_clock_is_a_frequency_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = clock_megahertz(CPU)
    assert found is None or found > 0
    monkeypatch.setattr(peaks.psutil, "cpu_freq", lambda: None)
    assert clock_megahertz(CPU) is None
    monkeypatch.setattr(torch.cuda, "clock_rate", lambda device: 1980)
    assert clock_megahertz(torch.device("cuda")) == 1980.0


def test_a_gpu_that_does_not_tell_its_clock_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(device: object) -> int:
        raise ModuleNotFoundError("pynvml")

    monkeypatch.setattr(torch.cuda, "clock_rate", missing)
    assert clock_megahertz(torch.device("cuda")) is None


def test_the_command_prints_both_peaks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = []
    monkeypatch.setattr(peaks, "measure", lambda *given: asked.append(given) or Peaks(2.5e11, 3.25e10, "a; b"))
    assert main("--device cpu --precision bf16 --threads 2".split()) == 0
    assert asked == [(CPU, "bf16", 2)]
    assert capsys.readouterr().out.splitlines() == [
        "cpu, bf16, 2 threads: a; b",
        "  0.250 TFLOP/s",
        "  32.5 GB/s",
    ]
    assert main(["--device", "tpu"]) == 2
    assert "expected auto, cpu, cuda or mps" in capsys.readouterr().err
