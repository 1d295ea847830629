"""Losses crossed with penalties."""

import re
from pathlib import Path

import pytest

from benchmarks.candidates import candidates, examine_own, loss_facts
from gan_losses.errors import UsageError
from gan_losses.losses import LOSSES
from gan_losses.penalties import PENALTIES

MINE = """
from dataclasses import dataclass
from gan_losses import GANLoss


@dataclass(frozen=True)
class Mine(GANLoss):
    name = "mine"
    paper = "none"
    summary = "L_D = f - r; L_G = -f"

    def discriminator(self, real, fake):
        return fake.mean() - real.mean()

    def generator(self, fake, real=None):
        return -fake.mean()
"""


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path / "mine.py"


def names(losses: str, penalties: str = "none") -> list[str]:
    return [facts.name for facts in candidates(losses.split(","), penalties.split(","))]


def test_every_loss_is_crossed_with_every_penalty_the_penalties_varying_fastest() -> None:
    crossed = names("bce,lsgan,hinge", "none,r1,gp:5,r1+r2")
    assert crossed == [f"{loss}{end}" for loss in ("bce", "lsgan", "hinge") for end in ("", "+r1", "+gp:5", "+r1+r2")]


def test_a_combination_that_stands_twice_is_one() -> None:
    assert names("bce,bce+r1", "none,gp") == ["bce", "bce+gp", "bce+r1", "bce+r1+gp"]
    assert names("bce,bce+r1", "none,r1") == ["bce", "bce+r1", "bce+r1+r1"]


@pytest.mark.parametrize(
    ("loss", "penalty", "reason"),
    [
        ("wgangp", "gp", "wgangp+gp has the penalty gp twice"),
        ("r3gan", "r2", "r3gan+r2 has the penalty r2 twice"),
        ("wgan", "clip", "wgan clips weights already"),
    ],
)
def test_a_combination_that_makes_no_sense_carries_the_reason(loss: str, penalty: str, reason: str) -> None:
    alone, crossed = candidates([loss], ["none", penalty])
    assert alone.conflict is None
    assert reason in str(crossed.conflict)
    assert (crossed.name, crossed.base, crossed.penalties) == (f"{loss}+{penalty}", loss, (penalty,))
    with pytest.raises(UsageError, match=re.escape(reason)):
        candidates([f"{loss}+{penalty}"], ["none"])


@pytest.mark.parametrize("penalty", PENALTIES)
def test_every_loss_with_every_penalty_has_facts_or_a_conflict(penalty: str) -> None:
    found = candidates(list(LOSSES), [penalty])
    assert len(found) == len(LOSSES)
    own = {"dragan": {"dragan"}, "gp": {"wgangp"}, "lp": {"wganlp"}, "r1": {"r3gan"}, "r2": {"r3gan"}, "clip": {"wgan"}}
    assert {facts.base for facts in found if facts.conflict} == own.get(penalty, set())
    for facts in found:
        norm = facts.published["discriminator_norm"]
        assert facts.conflict or facts.allows_batch_norm or norm != "batch"


def test_facts_tell_the_parts_and_the_norm() -> None:
    facts = loss_facts("hinge+spectral+r1:5:every=16")
    assert (facts.base, facts.penalties) == ("hinge", ("spectral", "r1:5:every=16"))
    assert facts.discriminator_norm == "spectral"
    assert "R1(weight=5.0, every=16, patches=False)" in facts.definition


def test_a_loss_of_ones_own_is_called_by_its_name_and_spelled_by_its_place(mine) -> None:
    alone, crossed = candidates(["mine.py:Mine"], ["none", "gp"])
    assert (alone.name, crossed.name, crossed.base) == ("mine", "mine+gp", "mine")
    assert crossed.spelling == f"{mine.resolve()}:Mine+gp"
    assert " from mine.py " in crossed.definition


def test_two_losses_of_one_name_are_refused(mine) -> None:
    (mine.parent / "other.py").write_text(MINE.replace("-fake.mean()", "-2 * fake.mean()"))
    with pytest.raises(UsageError, match="two losses are called 'mine'"):
        names("mine.py:Mine,other.py:Mine")
    (mine.parent / "other.py").write_text(MINE.replace('"mine"', '"bce"'))
    with pytest.raises(UsageError, match="is called 'bce', as one of this suite"):
        names("other.py:Mine")


def test_a_recipe_that_cannot_be_built_is_refused(mine) -> None:
    recipe = '    published = Recipe(optimizer="adamm")\n\n    def discriminator'
    mine.write_text(MINE.replace("    def discriminator", recipe).replace("import GANLoss", "import GANLoss, Recipe"))
    with pytest.raises(UsageError, match="its published recipe: unknown optimizer 'adamm': did you mean 'adam'"):
        names("mine.py:Mine")


def test_losses_of_ones_own_are_examined_and_the_suites_are_not(mine, monkeypatch) -> None:
    examine_own(["mine.py:Mine", "mine.py:Mine+r1"])
    mine.write_text(MINE.replace("-fake.mean()", "fake.mean()"))
    with pytest.raises(UsageError, match=r"mine.py:Mine fails the examination: .*slope.*--unexamined"):
        examine_own(["bce", "mine.py:Mine"])
