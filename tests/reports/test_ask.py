import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.ask import main
from reports.packing import pack

ROOT = Path(__file__).parents[2]
CELL = "controlled/bce/seed0"


def asked(capsys, *arguments):
    """(exit code, what was printed, what was complained of)."""
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (("--explain", CELL), "It was trained to its end"),
        (("--compare", "bce", "lsgan"), "Settings: the same but for the loss"),
        (("--compare", CELL, "controlled/lsgan/seed0"), "Two cells are two draws"),
        (("--budget", "10m"), "; 600 s on Test CPU"),
    ],
)
def test_every_question_is_answered(capsys, run_folder, question, words):
    code, out, complaint = asked(capsys, run_folder, *question)
    assert (code, complaint) == (0, "")
    assert words in out


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (("--explain", "bce/seed0"), "is part of 2 cells"),
        (("--explain", "mine"), "no cell's id holds mine; the nearest: dcgan/"),
        (("--compare", "bce", "lsgna"), "lsgna is no loss"),
        (("--compare", "mine", "yours"), "no cell's id holds mine"),
        (("--explain", ""), "; give more of the id."),
        (("--explain", "", "--figure", "x.png"), "; give more of the id."),
        (("--budget", ""), "is no time above 0"),
        (("--compare", "", ""), "; give more of the id."),
        (("--budget", "soon"), "--budget soon is no time"),
        (("--budget", "60", "--figure", "x.png"), "give it with --explain CELL"),
        (("--explain", CELL, "--figure", "x.gif"), "ends in none of .png"),
    ],
)
def test_a_mistake_is_one_sentence_and_code_2(capsys, run_folder, question, words):
    code, out, complaint = asked(capsys, run_folder, *question)
    assert (code, out, complaint.count("\n")) == (2, "", 1)
    assert complaint.startswith("reports.ask: ")
    assert words in complaint


def test_a_folder_that_is_no_run_is_a_mistake(capsys, tmp_path):
    code, _, complaint = asked(capsys, tmp_path, "--budget", "60")
    assert code == 2
    assert "holds no records" in complaint
    assert asked(capsys, tmp_path / "no", "--explain", "x")[0] == 2


def test_no_question_and_two_are_refused(capsys, run_folder):
    for question in ([], ["--budget", "60", "--explain", CELL]):
        with pytest.raises(SystemExit, match="2"):
            main([str(run_folder), *question])
    assert "Traceback" not in capsys.readouterr().err


def test_one_run_given_twice_is_one_run(capsys, run_folder):
    once = asked(capsys, run_folder, "--budget", "60")
    assert asked(capsys, run_folder, run_folder, "--budget", "60") == once


def test_a_packed_run_answers_as_its_folder_does(capsys, make_run, tmp_path):
    folder, packed = make_run(("bce", "lsgan"), 6, recipes=("controlled",)), tmp_path / "run.tar.xz"
    pack(folder, packed)
    _, out, _ = asked(capsys, packed, "--explain", CELL)
    assert f"{packed}/dcgan/digits/controlled/bce/seed0-" in out
    assert out.replace(str(packed), str(folder)) == asked(capsys, folder, "--explain", CELL)[1]


def test_the_figure_is_saved(capsys, run_folder, tmp_path):
    path = tmp_path / "curves.svg"
    code, out, _ = asked(capsys, run_folder, "--explain", CELL, "--figure", path)
    assert code == 0
    assert path.read_bytes().startswith(b"<?xml")
    assert "█" in out


def test_a_terminal_of_ascii_is_served_and_no_torch_is_loaded(run_folder):
    code = (
        "import sys; from reports.ask import main; c = main(sys.argv[1:]); print('torch' in sys.modules); sys.exit(c)"
    )
    call = [sys.executable, "-W", "error", "-c", code, str(run_folder), "--explain", CELL]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONHASHSEED": "3"}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode("ascii").splitlines()
    assert lines[-1] == "False"
    assert any(line.startswith("adversarial_image") and "#" in line for line in lines)


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(run_folder):
    call = [sys.executable, "-m", "reports.ask", str(run_folder), "--compare", "bce", "lsgan"]
    with subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
