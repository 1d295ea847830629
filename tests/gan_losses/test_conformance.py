"""The examination passes what is right, and fails what is wrong by the check that is meant for it."""

import re
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from gan_losses.conformance import CHECKS, Outcome, check_loss, examine
from gan_losses.conformance.__main__ import main, of_many
from gan_losses.conformance.purity import READS, _NoReads
from gan_losses.losses import BCE, LOSSES, Equilibrium, GANLoss, RpGAN, get_loss
from gan_losses.losses.divergences import total_variation
from gan_losses.penalties import PENALTIES, R1
from tests.gan_losses.wrong_losses import WRONG, EpsilonInTheLogarithm, SigmoidThenLogarithm

COMPOSED = (
    *(f"bce+{penalty}" for penalty in PENALTIES),
    *(f"{name}:saturating=no" for name in ("kl", "reverse-kl", "pearson", "hellinger", "jensen-shannon")),
    "bce+r1:10:every=16",
    "bce:0.9",
    "bce:0.9:0.1:0.2",
    "minimax:0.8:flip=0.7",
    "lsgan:0.1:0.9:0.5",
    "lsgan:-3:50:2:0.3",
    "wgan:0.05+cr+lecam",
    "hinge+spectral+r2",
    "ragan+lp+cr",
)
# What a mistake brings along, beside the check meant for it; ... stands for whatever it may be.
CONSEQUENCES = {
    "SigmoidThenLogarithm": {"precision"},
    "GeneratorWithTheLabelsOfTheDiscriminator": {"alive"},
    "DetachedMeans": {"gradgradcheck"},
    "NotFrozen": {"state"},
    "BoundaryOfAnotherLoss": {"order"},
    "WeightsFromTheGlobalGenerator": {"penalty-patches"},
    "NotAScalar": ...,
    "HiddenRunningMean": ...,
    "NoisyLabels": ...,
}


def failed(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.check: outcome.figure for outcome in outcomes if outcome.status == "failed"}


@pytest.mark.parametrize("text", [*LOSSES, *COMPOSED])
def test_what_is_right_passes(text: str) -> None:
    check_loss(get_loss(text))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_fails_the_check_meant_for_it_and_no_other(name: str) -> None:
    check, loss = WRONG[name]
    consequences = CONSEQUENCES.get(name, set())
    found = set(failed(examine(loss)))
    assert check in found
    assert consequences is ... or found == {check, *consequences}


def test_the_assertion_names_every_failed_check_with_its_figure() -> None:
    with pytest.raises(AssertionError) as raised:
        check_loss(SigmoidThenLogarithm())
    assert str(raised.value).splitlines() == [
        "wrong fails 2 of 23 checks",
        "    finite: L_D is inf at r = -60, f = 17.5 in float32",
        "    precision: L_D is off by 0.0007 in float32 at f = 12",
    ]


def test_every_check_fails_something() -> None:
    assert {check for check, _ in WRONG.values()} == set(CHECKS)
    assert all(check.__doc__ and "Meant for" in check.__doc__ for check in CHECKS.values())


class Own(GANLoss):
    name, paper, summary = "own", "none", "as the field writes it"

    def discriminator(self, real, fake):
        return BCE().discriminator(real, fake)

    def generator(self, fake, real=None):
        return BCE().generator(fake)


class HalfTanh(Own):
    """f-GAN's total variation: bounded, so that D* is infinite and D saturates, too."""

    saturates, boundary = True, 0.0

    def discriminator(self, real, fake):
        return (fake.tanh().mean() - real.tanh().mean()) / 2

    def generator(self, fake, real=None):
        return -fake.tanh().mean() / 2

    def optimum(self, real, fake):
        return torch.inf * torch.sign(real - fake)

    def optimal_loss(self, real, fake):
        return -total_variation(real, fake)


class RelativisticHinge(Own):
    pairs_logits, kinks, equilibrium = True, (-1.0, 1.0), Equilibrium(2.0, 2.0)

    def discriminator(self, real, fake):
        return (1 - (real - fake.mean())).relu().mean() + (1 + (fake - real.mean())).relu().mean()

    def generator(self, fake, real=None):
        return self.discriminator(fake, real)


class PairedExponential(Own):
    """Finite in float32 only where differences are kept within ±60."""

    pairs_logits = True

    def discriminator(self, real, fake):
        return (fake - real).exp().mean()

    def generator(self, fake, real=None):
        return (real - fake).exp().mean()


class PairedWithAnOptimum(Own):
    """Its optimum holds up to a constant."""

    pairs_logits = True

    def discriminator(self, real, fake):
        return RpGAN().discriminator(real, fake)

    def generator(self, fake, real=None):
        return RpGAN().generator(fake, real)

    def optimum(self, real, fake):
        return torch.log(real / fake)


class UnevenMargins(Own):
    """Its band's ends are on no grid."""

    margin: float = 0.3
    other: tuple[float, ...] = (-torch.inf, 1.0)
    kinks, boundary, equilibrium = (-0.3, 0.3), 0.0, Equilibrium(0.6, (-0.3, 0.3))

    def discriminator(self, real, fake):
        return (self.margin - real).relu().mean() + (torch.tensor(self.margin) + fake).relu().mean()

    def generator(self, fake, real=None):
        return -fake.mean()

    def optimum(self, real, fake):
        return self.margin * torch.sign(real - fake)


class OwnPenalty(Own):
    """In the loss itself, with noise of its own, and a term on logits."""

    def penalty(self, update):
        noise = torch.randn(
            update.real.shape, generator=update.random, device=update.random.device, dtype=update.real.dtype
        )
        moved = update.real_logits - update.discriminator(update.real + 0.1 * noise)
        return R1(3.0)(update) + moved.square().mean() + 1e-3 * update.real_logits.square().mean()


class Control(Own):
    trains_discriminator = False

    def discriminator(self, real, fake):
        return 0 * (real.mean() + fake.mean())

    def generator(self, fake, real=None):
        return 0 * fake.mean()


@pytest.mark.parametrize(
    "kind",
    [
        HalfTanh,
        RelativisticHinge,
        PairedExponential,
        PairedWithAnOptimum,
        UnevenMargins,
        OwnPenalty,
        Control,
    ],
)
def test_what_is_right_in_another_way_passes(kind: type[GANLoss]) -> None:
    check_loss(dataclass(frozen=True)(kind)())


def test_figures_say_what_was_measured() -> None:
    figures = {outcome.check: outcome.figure for outcome in examine(get_loss("hinge+r1"))}
    assert figures["order"] == "∂L_D/∂r = -1, ∂L_D/∂f = 1"
    assert figures["alive"] == "the slope at f = -60 is 1 of that at -1"
    assert figures["equilibrium"] == "L_D 2, L_G [-1, 1], at D = [-1, 1]"
    assert figures["optimum"] == "no optimum declared"
    assert figures["facts"] == "arXiv:1705.02894"
    assert figures["penalty-draws"] == "no draws that count"


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("bce", "real and fake in any order"),
        ("rpgan", "pairs in any order"),
        ("ragan", "real and fake in any order, each by itself"),
    ],
)
def test_the_figure_says_whether_logits_are_paired_by_place(text: str, figure: str) -> None:
    figures = {outcome.check: outcome.figure for outcome in examine(get_loss(text), quick=True)}
    assert figures["permutation"] == figure


def test_an_error_within_a_loss_fails_the_checks_that_meet_it() -> None:
    @dataclass(frozen=True)
    class Broken(Own):
        def generator(self, fake, real=None):
            raise KeyError("nothing there")

    found = failed(examine(Broken()))
    assert found["mean"] == "KeyError: 'nothing there'"
    assert not {"repr", "facts"} & set(found)


def test_the_quick_examination_leaves_out_training_alone() -> None:
    full, quick = examine(get_loss("bce")), examine(get_loss("bce"), quick=True)
    assert [outcome.check for outcome in quick] == [outcome.check for outcome in full] == list(CHECKS)
    differing = {outcome.check for outcome, other in zip(full, quick, strict=True) if outcome != other}
    assert differing == {"optimum", "divergence"}
    assert {outcome.status for outcome in quick if outcome.check in differing} == {"skipped"}


def test_an_examination_leaves_the_global_generators_alone() -> None:
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002, it is what is watched
    expected = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    first, second = examine(WRONG["NoisyLabels"][1]), examine(get_loss("wgangp"))
    assert torch.equal(torch.get_rng_state(), expected[0])
    assert np.array_equal(np.random.get_state()[1], expected[1])  # noqa: NPY002
    assert examine(WRONG["NoisyLabels"][1]) == first
    assert examine(get_loss("wgangp")) == second


@pytest.mark.parametrize("name", sorted(set(READS) - {"__index__", "__array__"}))
def test_reading_a_value_is_seen_however_it_is_done(name: str) -> None:
    with _NoReads(), pytest.raises(Exception, match=rf"reads a tensor's value \({name}\)"):
        getattr(torch.ones(()), name)()


def test_the_command_shows_a_row_per_check(capsys) -> None:
    assert main(["bce+r1:10", "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["check", "result", "figure"]
    assert [line.split()[0] for line in lines[1:]] == list(CHECKS)
    assert lines[6] == "order            passed   ∂L_D/∂r = -0.5, ∂L_D/∂f = 0.5"


def test_the_command_shows_a_row_per_loss(capsys) -> None:
    assert main(["bce", "wgangp:0.1", "--markdown"]) == 0
    page = capsys.readouterr().out.split("\n\n")
    assert page[::2] == ["## The examination of the losses", "## What was found", "## The checks"]
    table, found, explained = page[1::2]
    assert "| bce | never uphill in [-60, 60] |" in found
    assert "| L_D 1.38629, L_G 0.6931, at D = 0 |" in found
    assert table.splitlines() == [
        "| loss | passed | failed | skipped | failed checks | why skipped |",
        "|---|---|---|---|---|---|",
        "| bce | 19 | 0 | 4 | none | no penalty (4) |",
        "| wgangp:0.1 | 21 | 0 | 2 | none | no optimum declared (1), no divergence declared (1) |",
    ]
    assert [line.split(" | ")[0] for line in explained.splitlines()[2:]] == [f"| {name}" for name in CHECKS]


def test_the_table_names_what_failed() -> None:
    _, rows = of_many({"one": examine(EpsilonInTheLogarithm(), quick=True), "two": examine(WRONG["NoPaper"][1])})
    assert rows[0][:4] == ("one", "15", "1", "7")
    assert re.fullmatch(
        r"alive: saturates without saying so: the slope at f = -60 is 1.2e-18 of that at -1", rows[0][4]
    )
    assert rows[1][4] == "facts: paper has to be a text, not None"


MY_LOSS = """
from dataclasses import dataclass
import torch
from gan_losses.losses import GANLoss

@dataclass(frozen=True)
class Mine(GANLoss):
    epsilon: float = 0.0
    name, paper, summary = "mine", "none", "L_D = sp(-r) + sp(f); L_G = -log(σ(f) + ε)"

    def discriminator(self, real, fake):
        return torch.nn.functional.softplus(-real).mean() + torch.nn.functional.softplus(fake).mean()

    def generator(self, fake, real=None):
        return -torch.log(torch.sigmoid(fake) + self.epsilon).mean()
"""


def test_the_exit_code_tells_passed_from_failed_and_from_a_users_mistake(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_loss.py").write_text(MY_LOSS)
    assert main(["my_loss.py:Mine", "bce", "--quick"]) == 0
    assert main(["my_loss.py:Mine:1e-8", "bce", "--quick"]) == 1
    assert "alive: saturates without saying so" in capsys.readouterr().out
    for arguments, said in [
        (["lsgna"], "unknown loss 'lsgna': did you mean 'lsgan'?"),
        (["bce+nothing"], "unknown penalty 'nothing'"),
        (["my_loss.py:Yours"], "my_loss.py defines no 'Yours'"),
        (["--fast"], "unrecognized arguments: --fast"),
    ]:
        assert main(arguments) == 2
        shown = capsys.readouterr()
        assert said in shown.err
        assert shown.err.startswith("gan_losses.conformance: ")
        assert shown.err.count("\n") == 1
        assert not shown.out


@pytest.mark.parametrize("arguments", [[], ["--all"]])
def test_without_a_name_all_losses_are_examined(arguments: list[str], capsys, monkeypatch) -> None:
    monkeypatch.setattr("gan_losses.conformance.__main__.examine", lambda loss, quick: [Outcome("mean", "passed", "1")])
    assert main(arguments) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(LOSSES)


def test_the_module_runs() -> None:
    call = [sys.executable, "-m", "gan_losses.conformance", "hinge", "--quick"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert "L_D 2, L_G [-1, 1], at D = [-1, 1]" in done.stdout
    assert not done.stderr
