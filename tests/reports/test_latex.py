import re
import shutil
import subprocess

import pytest

from reports.build import build
from reports.latex import escaped, table_as_latex
from reports.tables.base import Section, Table, make_frame
from tests.reports.variants import tables_of

HOSTILE = r"\input{x} & 50 % of $a_b^c$ ~ # <q> {[} é 漢 → β"


def test_no_text_means_anything_to_latex() -> None:
    text = escaped(HOSTILE)
    assert text.startswith(r"\textbackslash{}input\{x\} \& 50 \% of \$a\_b\textasciicircum{}c\$")
    assert text.endswith(r"\{{[}\} é ? $\to$ $\beta$")


def test_a_table_is_a_booktabs_table() -> None:
    section = Section("a_b", ["loss", "fid", "word"], [["bce", "9.50 [9, 10]", "yes"], ["x&y", "10.1", "no"]], "50 %")
    lines = table_as_latex(Table("t", "Title", [section], make_frame([{"loss": "bce"}]))).splitlines()
    assert r"\caption{Title: a\_b. 50 \%}" in lines
    assert r"\begin{tabular}{lrl}" in lines
    start = lines.index(r"\toprule")
    assert lines[start + 1 : start + 6] == [
        r"loss & fid & word \\",
        r"\midrule",
        r"bce & 9.50 {[}9, 10{]} & yes \\",
        r"x\&y & 10.1 & no \\",
        r"\bottomrule",
    ]


def test_every_row_of_every_table_has_all_its_columns(run) -> None:
    for table in tables_of(run).values():
        text = table_as_latex(table)
        for environment in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.S):
            rows = [line for line in environment[1].splitlines() if line.endswith(r"\\")]
            assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(environment[0])}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_pdflatex_takes_the_whole_report(run_folder, tmp_path) -> None:
    out = build([run_folder], tmp_path / "out", ("latex",))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (out / "report.pdf").stat().st_size > 50_000
