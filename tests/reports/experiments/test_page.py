import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.experiments import EXPERIMENTS
from reports.experiments import FIGURES
from reports.experiments.__main__ import main
from reports.experiments.page import make_page

ROOT = Path(__file__).parents[3]


def record(**changed):
    check = {
        "what": "a|b",
        "published": "<1>",
        "ours": 2.5,
        "low": None,
        "high": 2.0,
        "required": True,
        "met": False,
        "note": "an honest word",
    }
    return {
        "experiment": "loss-shapes",
        "summary": "a question",
        "source": "somewhere",
        "reading": "look",
        "command": "python -m benchmarks.experiments loss-shapes",
        "scale": "full",
        "rows": [{"loss": "bce", "value": number} for number in range(45)],
        "checks": [check, {**check, "required": False}],
        "shown": {},
    } | changed


def test_what_was_missed_stands_out_and_names_are_escaped():
    page = make_page([record()])
    assert "| a\\|b | &lt;1&gt; | 2.50 | at most 2.00 | missed | an honest word |" in page
    assert "| a\\|b | &lt;1&gt; | 2.50 | (at most 2.00) | no | an honest word |" in page
    assert "| loss-shapes | full | 0 of 1 | a question |" in page
    assert "5 more rows are in `loss-shapes/table.csv`" in page


def test_every_experiment_has_its_figure():
    assert set(FIGURES) == set(EXPERIMENTS)


def test_a_folder_without_records_is_told_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "holds no record of an experiment" in capsys.readouterr().err


def test_figures_need_no_torch():
    code = "import sys, reports.experiments.__main__; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", FIGURES)
def test_every_experiment_says_what_it_is(name):
    each = EXPERIMENTS[name]
    assert each.name == name
    assert {"short", "full"} <= set(each.scales)
    assert all((each.summary, each.source, each.reading, each.cost))
