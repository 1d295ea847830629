"""Every table of a synthetic run in every format, held against files that were read by eye when they were made."""

import os
from pathlib import Path

import pytest

from reports.latex import table_as_latex
from tests.reports.variants import tables_of

GOLDEN = Path(__file__).parent / "golden"
RENEW = "GAN_LOSSES_RENEW_GOLDEN"  # set: write the files anew, then read the difference before you commit it


@pytest.fixture(scope="module")
def written(run):
    found = {}
    for table in tables_of(run).values():
        found[f"{table.name}.csv"] = table.csv()
        found[f"{table.name}.md"] = f"{table.note}\n\n{table.markdown}"
    for name in ("quality", "cost"):
        found[f"{name}.tex"] = table_as_latex(tables_of(run)[name])
    return found


def test_the_tables_are_those_that_were_read(written) -> None:
    if os.environ.get(RENEW):
        GOLDEN.mkdir(exist_ok=True)
        for path in GOLDEN.iterdir():
            path.unlink()
        for name, text in written.items():
            (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")
    known = {path.name: path.read_text(encoding="utf-8") for path in sorted(GOLDEN.iterdir())}
    assert set(written) == set(known)
    for name, text in written.items():
        assert text == known[name], f"{name}: {RENEW}=1 pytest {Path(__file__).name} writes it anew"
