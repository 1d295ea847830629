"""The capacity page says what its record says."""

import json
from pathlib import Path

import pytest

from benchmarks import records
from reports.capacity import main

COST = {"seconds": 3.0, "cpu_seconds": 5.0, "peak_bytes": 3e8, "page_bytes": 4e5, "report_bytes": 2e6}
LINE = {"start": 1.0, "each": 0.1, "worst": 0.07}


def one_pass(executor: str, overhead: float) -> dict:
    return {"executor": executor, "workers": 1, "cells": 24, "overhead": overhead}


@pytest.fixture
def record() -> dict:
    spread = {"local": [0.1, 0.08, 0.2], "ray": [0.4, 0.3, 0.6]}
    return {
        "command": "python -m benchmarks.capacity",
        "settings": {"cells": 24, "repeats": 1, "steps": [40, 1500], "long_cells": 12},
        "passes": [one_pass("local", 0.1), one_pass("ray", 0.4)],
        **dict.fromkeys(("overhead", "steady", "up", "speedup", "speedup_warm"), spread),
        "store": {"record": 9000.0, "weights": 53000.0, "files": 7.0},
        "news": 1800.0,
        "report": {"10": COST, "1000": {**COST, "seconds": 28.0}},
        "lines": dict.fromkeys(("seconds", "peak_bytes", "report_bytes"), LINE),
        "limits": [{"what": "a report in a minute", "cells": 1079.4, "why": "50 ms a record"},
                   {"what": "a disk", "cells": None, "why": "nothing"}],
        "environment": {"cores": 2, "processor": "A <Processor>", "torch": "2.13"},
    }  # fmt: skip


def test_every_figure_stands_on_the_page(record, tmp_path) -> None:
    records.write_json(tmp_path / "capacity.json", record)
    assert main([str(tmp_path)]) == 0
    page = (tmp_path / "capacity.md").read_text()
    assert "| ray | 0.400 [0.300, 0.600] |" in page
    assert "| 1,000 | 28.0 | 5.00 | 300 | 0.400 | 2.00 |" in page
    assert "| a report in a minute | 1,079 | 50 ms a record |" in page
    assert "| a disk | never | nothing |" in page
    assert "by more than 7%" in page
    assert (tmp_path / "capacity.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_a_record_is_told_in_a_sentence(tmp_path, capsys) -> None:
    assert main([]) == 2
    assert main([str(tmp_path)]) == 2
    Path(tmp_path / "capacity.json").write_text(json.dumps({"schema": 1}))
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert all(line.startswith("reports.capacity: ") for line in said)
