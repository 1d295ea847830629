"""The step with and without what a run puts around it: the same updates."""

import pytest
import torch
from torch.testing import assert_close

from benchmarks.bare import bare_step, harnessed_step, watched_step
from benchmarks.records import read_curves
from benchmarks.step_cases import step_case
from benchmarks.step_worker import STORED, build

SIZES = {"image_size": 16, "width": 4, "latents": 4, "channels": 1}


@pytest.fixture
def case() -> dict:
    torch.set_num_threads(1)
    return step_case("dcgan", "wgangp", {**SIZES, "n_critic": 2}, 4).as_json()


def test_the_bare_step_trains_on_the_batches_that_the_loader_would_give(case) -> None:
    bare, plain = bare_step(case), build(case).step
    for index in range(STORED):
        assert_close(bare(index), plain(index), rtol=0, atol=0)
    assert set(bare(STORED)) == {"discriminator_image", "penalty_image", "adversarial_image"}


def test_the_whole_loop_writes_its_curves_and_changes_no_number(case, tmp_path) -> None:
    plain, terms = build(case), []
    with harnessed_step(case, tmp_path, 3) as step:
        for index in range(7):
            step(index)
            terms.append(plain.step(index))
    rows = read_curves(tmp_path / "curves.jsonl")
    assert [row["step"] for row in rows] == [3, 6]
    assert rows[0]["discriminator_updates"] == 6
    assert rows[0]["images"] == 24
    expected = torch.stack([each["adversarial_image"] for each in terms[3:6]]).mean().item()
    assert rows[1]["terms"]["adversarial_image"] == pytest.approx(expected, rel=1e-6)
    assert rows[1]["saturation"]["image"]["active_fraction_logit"] == pytest.approx(
        1.0
    )  # wgangp's slopes are all equal


def test_the_watched_step_is_under_a_probe(case) -> None:
    with watched_step(case, 2) as step:
        for index in range(4):
            step(index)
        assert [row["step"] for row in step.__self__.probe.rows] == [2, 4]
