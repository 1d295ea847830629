import pytest
import torch
from torch.testing import assert_close

from benchmarks.loss_cost import main, ours, work
from benchmarks.plain_formulas import PAIRED, PLAIN
from gan_losses.losses import LOSSES, Composed, get_loss


def test_every_loss_without_penalties_has_a_plain_formula() -> None:
    assert set(PLAIN) == {name for name in LOSSES if not isinstance(get_loss(name), Composed)}
    assert set(PAIRED) == {name for name in PLAIN if get_loss(name).pairs_logits}


@pytest.mark.parametrize("name", PLAIN)
def test_the_plain_formula_is_the_same_loss(name: str) -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.rand(2, 8, 1, 3, 3, generator=random, dtype=torch.float64) * 3 - 1.5
    for mine, plain in zip(ours(name), PLAIN[name], strict=True):
        assert_close(mine(real, fake), plain(real, fake))


def test_both_losses_are_differentiated(monkeypatch) -> None:
    calls = []
    pair = tuple(lambda r, f, k=k: calls.append(k) or (k * f + r).sum() for k in (1.0, 2.0))
    work(pair, torch.ones(2), torch.ones(2))()
    assert calls == [1.0, 2.0]


def test_the_command_prints_a_line_for_every_loss(capsys) -> None:
    assert main("--batch-size 2 --patches 2 --rounds 1".split()) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "(2, 1, 2, 2)" in head
    assert [line.split()[0] for line in lines] == list(PLAIN)
