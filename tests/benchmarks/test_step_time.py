import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from benchmarks import records
from benchmarks.cells import build_task
from benchmarks.plan import LossFacts, make_plan
from benchmarks.step_time import interleave, main, median_steps, needed_rounds, read_timing, step_period, variants
from benchmarks.textbook import TextbookGAN, steps
from tests.benchmarks.conftest import DCGAN, DIGITS, PUBLISHED, SHARED


def test_rounds_interleave_the_losses_and_turn_round() -> None:
    calls: list[str] = []
    told: list[int] = []
    interleave([lambda index, name=name: calls.append(f"{name}{index}") for name in "AB"], 3, told.append)
    assert calls == ["A0", "B0", "B1", "A1", "A2", "B2"]
    assert told == [1, 2, 3]


def test_seeds_and_lengths_share_one_timing(cells) -> None:
    assert len(cells) == 8
    kept = variants([*cells, *(cell.with_steps(99) for cell in cells)])
    assert [(cell.recipe, cell.loss) for cell in kept] == list(dict.fromkeys((c.recipe, c.loss) for c in cells))


def test_a_timing_record_is_taken_only_when_whole(cells, tmp_path) -> None:
    path = tmp_path / "t.json"
    assert read_timing(path, cells) is None
    entries = [{"recipe": cell.recipe, "digest": cell.step_digest} for cell in variants(cells)]
    records.write_json(path, {"status": "done", "rounds": 5, "entries": entries})
    assert read_timing(path, cells, rounds=5) is not None
    assert read_timing(path, cells, rounds=6) is None
    path.write_text('{"schema": 1, "entries": [{}]}')
    assert read_timing(path, cells) is None
    records.write_json(path, {"status": "done", "rounds": 5, "entries": entries[1:]})
    assert read_timing(path, cells) is None
    records.write_json(path, {"status": "failed", "rounds": 5, "entries": entries})
    assert read_timing(path, cells) is None


def test_the_median_step_is_device_time_where_there_is_one() -> None:
    entry = {"recipe": "published", "digest": "x", "wall": [3.0, 1.0, 2.0], "device": None, "period": 1}
    gpu = {**entry, "digest": "y", "device": [0.1, 0.3, 0.2]}
    assert median_steps({"entries": [entry, gpu]}) == {("published", "x"): 2.0, ("published", "y"): 0.2}


def test_a_lazy_penalty_repeats_after_as_many_steps_as_hold_whole_intervals_of_updates() -> None:
    def period(name: str, n_critic: int) -> int:
        facts = [LossFacts(name, name, {**PUBLISHED, "n_critic": n_critic})]
        return step_period(make_plan(DCGAN, "published", [0], [SHARED], facts, DIGITS).cells[0])

    assert period("bce+r1", 1) == 1
    assert period("bce+r1:every=16", 1) == 16
    assert period("bce+r1:every=16", 5) == 16
    assert period("bce+r1:every=16", 4) == 4
    assert period("bce+r1:every=4+gp:every=6", 1) == 12


def test_a_lazy_penalty_is_timed_over_two_periods_at_least() -> None:
    facts = [LossFacts("bce+r1:every=16", "…", {**PUBLISHED, "n_critic": 1})]
    lazy = make_plan(DCGAN, "published", [0], [SHARED], facts, DIGITS).cells
    assert [needed_rounds(lazy, rounds) for rounds in (5, 40)] == [32, 40]


def test_the_typical_step_of_a_lazy_penalty_counts_the_dear_steps_by_their_share() -> None:
    entry = {"recipe": "r", "digest": "x", "wall": [5.0, 1.0, 1.0, 1.0] * 3, "device": None, "period": 4}
    assert median_steps({"entries": [entry]}) == {("r", "x"): 2.0}


@pytest.mark.parametrize("what", [["--probes"], ["--against", "textbook"]])
def test_the_comparisons_print_a_line_per_loss(what, capsys) -> None:
    small = "--losses bce,wgangp --image-size 16 --width 4 --batch-size 4 --rounds 4 --threads 1".split()
    assert main([*what, *small]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "dcgan, image size 16, width 4, latents 100, batch 4, fp32" in lines[0]
    assert {line.split()[0] for line in lines[1:]} == {"bce", "wgangp"}


def test_cyclegan_has_its_own_yardstick(capsys) -> None:
    small = "--task cyclegan --losses lsgan --image-size 16 --width 4 --blocks 1 --layers 1 --discriminator-width 4"
    assert main([*small.split(), "--against", "textbook", "--rounds", "4", "--threads", "1"]) == 0
    title, line = capsys.readouterr().out.splitlines()
    assert "cyclegan, image size 16, width 4, blocks 1" in title
    assert line.split()[0] == "lsgan"
    assert main(["--against", "textbook", "--task", "cyclegan", "--latents", "4"]) == 2
    assert "--latents is no setting of task cyclegan" in capsys.readouterr().err


def test_a_loss_without_a_textbook_step_is_a_sentence(capsys) -> None:
    assert main(["--against", "textbook", "--losses", "minimax"]) == 2
    assert "unknown textbook loss" in capsys.readouterr().err


def test_the_textbooks_losses_are_the_formulas() -> None:
    facts = [LossFacts("bce", "BCE()", {**PUBLISHED, "discriminator_norm": "none"})]
    (cell,) = make_plan(DCGAN, "published", [0], [SHARED], facts, DIGITS).cells
    real, latents = torch.rand(2, 1, 16, 16) * 2 - 1, torch.randn(2, 4)
    task = build_task(cell)
    with torch.no_grad():
        logits = task.discriminators["image"](real)
        fakes = task.discriminators["image"](task.generators["image"](latents))
    expected = F.softplus(-logits).mean() + F.softplus(fakes).mean()
    gan = TextbookGAN(task.generators["image"], task.discriminators["image"], 1e-4, (0.0, 0.9))
    assert_close(gan.bce(real, latents)["discriminator"], expected.item(), rtol=1e-4, atol=1e-6)
    assert set(steps(gan)) == {"bce", "lsgan", "wgangp"}
    assert set(steps(gan)["wgangp"](real, latents)) == {"generator"}
