"""The page on equal tuning says what its records say."""

from pathlib import Path

import numpy as np
import pytest

from reports.aggregate import values
from reports.loading import load
from reports.packing import unpacked
from reports.panels import make_panels
from reports.statistics import log_ratios, sign_flip_interval, sign_flip_p
from reports.tables import best_of
from reports.text import interval, number

PLACE = Path(__file__).parent.parent.parent / "reports/published/tuning"
PAGE = (PLACE / "tuning.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run():
    with unpacked([PLACE / "records.tar.xz"]) as (folder,):
        yield load(folder)


def test_its_table_of_trials_is_the_reports(run) -> None:
    table = best_of.build(run, [])
    assert table is not None
    lines = [line for line in table.markdown.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3
    assert "\n".join(lines) in PAGE


def test_its_comparison_with_the_controlled_recipe_is_that_of_the_judged_seeds(run) -> None:
    panels = {panel.recipe: panel for panel in make_panels(run)}
    for loss in panels["tuned"].losses:
        before, after = (values(panels[recipe], loss, "fid[digits]", "best") for recipe in ("controlled", "tuned"))
        logs = log_ratios([after[seed] for seed in range(6)], [before[seed] for seed in range(6)])
        ends = sign_flip_interval(logs)
        assert ends is not None
        medians = [number(np.median(list(found.values()))) for found in (before, after)]
        ratio = f"{number(float(np.exp(logs.mean())))} {interval(*map(float, np.exp(ends)))}"
        line = f"| {' | '.join([loss, *medians, ratio, number(sign_flip_p(logs))])} |"
        assert line in PAGE


def test_all_losses_chose_the_same_setting(run) -> None:
    (tuned,) = (panel for panel in make_panels(run) if panel.recipe == "tuned")
    (chosen,) = {(number(cell.settings["learning_rate"]), *cell.settings["betas"]) for cell in tuned.cells}
    assert chosen == ("0.000300", 0.5, 0.999)
