import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.records import SCHEMA
from reports import build as module
from reports.build import main

HEAVY = "[name for name in sys.modules if name.split('.')[0] in ('torch', 'gan_losses')]"
ONE = ("published",)
ROOT = Path(__file__).parents[2]


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def report(run_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "report"
    assert main([str(run_folder), "--out", str(out)]) == 0
    return out


def test_a_report_that_is_built_again_has_the_same_bytes(run_folder, report, tmp_path):
    code = f"import sys, reports.build as b; code = b.main(sys.argv[1:]); print({HEAVY}); sys.exit(code)"
    out = tmp_path / "elsewhere" / "again"
    call = [sys.executable, "-W", "error", "-c", code, str(run_folder), "--out", str(out)]
    env = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    done = subprocess.run(call, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(out / "index.html"), "[]"]
    assert digests(out) == digests(report)


def test_every_link_of_the_page_leads_to_a_file_and_every_file_is_linked(report):
    links = set(re.findall(r"\]\(([^)]+)\)", (report / "report.md").read_text()))
    assert links == set(digests(report)) - {"report.md", "index.html"}


@pytest.mark.slow
def test_a_factorial_report_has_its_section_once_and_the_same_bytes_again(make_run, tmp_path):
    folder = make_run(("bce", "bce+gp", "lsgan", "lsgan+gp"), 1, recipes=("controlled",))
    for name in ("one", "two"):
        assert main([str(folder), "--out", str(tmp_path / name)]) == 0
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert (tmp_path / "one" / "tables" / "factorial.csv").exists()
    assert (tmp_path / "one" / "figures" / "factorial-dcgan-digits-controlled.svg").exists()
    assert (tmp_path / "one" / "report.md").read_text().count("### Losses × penalties") == 2  # a table and a figure


def test_without_combinations_the_page_does_not_speak_of_them(report):
    assert "Losses × penalties" not in (report / "report.md").read_text()


def test_the_page_has_no_absolute_path(report, run_folder):
    for path in report.rglob("*"):
        if path.suffix in (".md", ".csv", ".svg"):
            text = path.read_text()
            assert str(run_folder.parent) not in text
            assert "/home/" not in text
            assert "/tmp/" not in text


def test_the_page_says_what_it_must(report):
    text = (report / "report.md").read_text()
    assert "a discriminator without capacity sits there" in " ".join(text.split())
    assert "`python -m reports.build run`" in text
    assert "## How to read this" in text


def test_the_default_is_a_folder_in_the_run_and_the_path_is_printed(make_run, capsys):
    folder = make_run(("bce",), 1, recipes=ONE)
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "report" / "index.html")
    before = digests(folder / "report")
    (folder / "report" / "tables" / "old.csv").write_text("left over")
    assert main([str(folder)]) == 0
    assert digests(folder / "report") == before
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("variant", [{"failing": True}, {"timed": False}])
def test_poor_runs_have_a_report_too(make_run, variant, capsys):
    folder = make_run(("bce", "lsgan"), 1, **variant, recipes=ONE)
    assert main([str(folder)]) == 0
    text = (folder / "report" / "report.md").read_text()
    assert "No figure." in text


def failure(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def test_a_missing_folder_is_told(tmp_path, capsys):
    assert "is no folder" in failure(capsys, tmp_path / "nothing")


def test_a_folder_without_records_is_told(tmp_path, capsys):
    assert "holds no records" in failure(capsys, tmp_path)


def test_a_newer_schema_is_told(make_run, capsys):
    folder = make_run(("bce",), 1)
    path = next(folder.glob("dcgan/**/record.json"))
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA}', f'"schema": {SCHEMA + 1}'))
    assert "newer" in failure(capsys, folder)


def test_an_out_that_is_a_file_is_told(run_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("precious")
    assert "is a file" in failure(capsys, run_folder, "--out", tmp_path / "file")
    assert "cannot be written" in failure(capsys, run_folder, "--out", tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "precious"


def test_an_out_that_cannot_be_written_is_told(run_folder, tmp_path, capsys, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.tempfile, "mkdtemp", refuse)
    assert "cannot be written (Permission denied)" in failure(capsys, run_folder, "--out", tmp_path / "out")


def test_a_folder_with_other_files_is_not_replaced(run_folder, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("precious")
    assert "holds other files (thesis.tex)" in failure(capsys, run_folder, "--out", tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_a_failure_leaves_the_old_report_whole(make_run, capsys, monkeypatch):
    folder = make_run(("bce",), 1, recipes=ONE)
    assert main([str(folder)]) == 0
    capsys.readouterr()
    before = digests(folder)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "make_document", full)
    assert "No space left" in failure(capsys, folder)
    assert digests(folder) == before
