import json
import re
from dataclasses import replace

import pytest

from reports.citing import bibtex, command, copied, escaped
from reports.families import family
from reports.loading import load
from reports.panels import make_panels
from reports.papers import PAPERS, identifiers
from reports.wording import sentence

ENTRY = re.compile(r"@(\w+)\{([^,\s]+),\n((?:  [A-Za-z]+ = \{.*\},\n)+)\}\n")


def entries(text):
    """The entries of a BibTeX text as (kind, key, {field: value}): nothing may be left over."""
    found = [
        (kind, key, dict(re.findall(r"  ([A-Za-z]+) = \{(.*)\},\n", body))) for kind, key, body in ENTRY.findall(text)
    ]
    assert ENTRY.sub("", text).strip() == ""
    return found


def balanced(text):
    """Whether the braces close each other as BibTeX counts them: a backslash protects none."""
    depth = 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0


def with_papers(run, **papers):
    return replace(run, losses={name: {**run.losses.get("bce", {}), "paper": paper} for name, paper in papers.items()})


def test_each_paper_has_one_entry_and_the_suite_one(run):
    cited = with_papers(run, bce="arXiv:1406.2661", minimax="arXiv:1406.2661", lsgan="arXiv:1611.04076")
    found = entries(bibtex(cited, ["bce", "minimax", "lsgan", "bce"]))
    assert [(kind, key) for kind, key, _ in found] == [
        ("software", "gan-losses"),
        ("misc", "arxiv-1406.2661"),
        ("misc", "arxiv-1611.04076"),
    ]
    assert found[1][2]["author"].startswith("Ian J. Goodfellow and Jean Pouget-Abadie and ")
    assert (found[2][2]["year"], found[2][2]["eprint"]) == ("2016", "1611.04076")


def test_a_paper_that_is_not_known_is_cited_by_its_id_and_no_paper_not_at_all(run):
    cited = with_papers(run, mine="my notes, arXiv:2401.00001v2", control="a control")
    (_, _, fields), *rest = entries(bibtex(cited, ["mine", "control"]))[1:]
    assert not rest
    assert fields["title"] == "{arXiv:2401.00001, the paper of mine}"
    assert fields["url"] == "https://arxiv.org/abs/2401.00001"


def test_penalties_that_were_added_to_a_loss_leave_it_its_paper(run):
    cited = with_papers(run, bce="arXiv:1406.2661")
    assert [key for _, key, _ in entries(bibtex(cited, ["bce+gp"]))] == ["gan-losses", "arxiv-1406.2661"]


def test_the_suites_entry_says_which_version_and_commit_the_losses_cells_were_made_with(run):
    def of(cell):
        environment = {"gan-losses": "0.1.0", "commit": "abc" if cell.loss == "bce" else "def_1"}
        return replace(cell, record={**cell.record, "environment": environment})

    stated = replace(run, cells=tuple(map(of, run.cells)))
    assert entries(bibtex(stated, ["bce"]))[0][2] | {"title": ""} == {
        "title": "",
        "version": "0.1.0",
        "note": "commit abc",
    }
    assert entries(bibtex(stated, ["bce", "lsgan"]))[0][2]["note"] == r"commit abc, def\_1"
    assert set(entries(bibtex(run, ["bce"]))[0][2]) == {"title"}


@pytest.mark.parametrize("name", ["}", "{{", "a\\", "x}, y = {z", "50 % & $1_000 # ~^", "line\nbreak\x1b[31m"])
def test_no_name_breaks_out_of_its_entry(run, name):
    cited = with_papers(run, **{name: "arXiv:2401.00001"})
    text = bibtex(cited, [name])
    assert balanced(text)
    assert "\x1b" not in text
    assert len(entries(text)) == 2


def test_special_characters_are_spelled_as_latex_has_them():
    assert escaped("50 % & $1_000 #2") == r"50 \% \& \$1\_000 \#2"
    assert escaped("Léon, Go\u0308del, \u010dech") == r"L{\'e}on, G{\"o}del, {\v c}ech"
    assert escaped("\\~^") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}"


def test_every_known_paper_has_an_id_that_can_be_found_and_whole_names():
    for identifier, paper in PAPERS.items():
        assert identifiers(f"arXiv:{identifier}") == [identifier]
        assert all(len(name.split()) >= 2 and " and " not in name for name in paper.authors)
        assert len(set(paper.authors)) == len(paper.authors)


def test_what_is_copied_holds_the_sentence_the_passport_the_command_and_the_papers(run):
    cited = with_papers(run, bce="arXiv:1406.2661", lsgan="arXiv:1611.04076", wgangp="arXiv:1704.00028")
    panel = make_panels(cited)[0]
    judged = family(cited, panel, "fid[digits]", "best")
    text = copied(cited, judged, judged.verdicts[0])
    first, *lines = text.splitlines()
    assert first == sentence(judged.verdicts[0], " on fid[digits]")
    for line in ("panel: dcgan on digits, recipe controlled", "extractor: digits", "n_fake: 360", "split: test"):
        assert line in lines
    assert [line for line in lines if line.startswith("Command: ")] == ["Command: python -m benchmarks.run --out …/run"]
    assert [key for _, key, _ in entries(text[text.index("@software") :])[1:]] == [
        "arxiv-1406.2661",
        "arxiv-1611.04076",
    ]


def test_markdown_of_a_verdict_is_undone_and_paths_stay_out(make_run):
    folder = make_run(("bce", "my_loss.py:*Mine*<b>"), 6, recipes=("controlled",))
    own = load(folder)
    judged = family(own, make_panels(own)[0], "fid[digits]", "best")
    text = copied(own, judged, judged.verdicts[0])
    assert "my_loss.py:*Mine*<b>" in text.splitlines()[0]
    assert str(folder.parent) not in text


def test_commands_of_all_shapes_are_shown(run):
    def shown(**request):
        return command(replace(run, request=request))

    assert shown(command=["python", "-m", "x"]) == "python -m x"
    assert shown(command="a --out /tmp/x/y; b") == "a --out …/y; b"
    assert shown() == shown(command=None) == "not recorded"


def test_the_same_text_comes_again(run):
    panel = make_panels(run)[1]
    judged = family(run, panel, "fid[digits]", "final")
    assert json.dumps(copied(run, judged, judged.verdicts[-1])) == json.dumps(copied(run, judged, judged.verdicts[-1]))
    assert "state: final" in copied(run, judged, judged.verdicts[-1])
