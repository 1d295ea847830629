"""What a reader may copy: a verdict with its passport, the command of its run, and BibTeX of what it is of."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from reports.asking.words import printable, unmarked
from reports.families import Family
from reports.loading import Json, Run
from reports.numbering import passport_of
from reports.papers import PAPERS, identifiers, year
from reports.passports import entry
from reports.text import local, number
from reports.verdicts import Verdict
from reports.wording import sentence, where

TITLE = "gan-losses: a benchmark suite that compares GAN loss functions"
SPECIAL = {letter: f"\\{letter}" for letter in "&%$#_"}
# Braces by name: BibTeX counts them, even those behind a backslash.
SPECIAL |= {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030c": "v ", "\u0327": "c "}


def bibtex(run: Run, losses: Iterable[str]) -> str:
    """BibTeX: an entry for the suite, and one for each paper that the losses' facts give an arXiv id of.

    Args:
        run: whose records say which version and commit of the suite it was made with, and whose losses.json which papers.
        losses: by name. Penalties that were added to one have no papers in losses.json, and therefore none here.

    Returns:
        Entries with an empty line between them, in the order of the losses; one per paper, whose key is made of its id.
    """
    names = list(dict.fromkeys(losses))
    found: dict[str, list[str]] = {}
    for loss in names:
        for identifier in identifiers(str(_facts(run, loss).get("paper") or "")):
            found.setdefault(identifier, []).append(loss)
    return "\n".join([_suite(run, names), *(_paper(identifier, owners) for identifier, owners in found.items())])


def copied(run: Run, family: Family, verdict: Verdict) -> str:
    """All that a verdict needs beside it where it is quoted, in plain text: sentence, place, passport, command, BibTeX.

    Args:
        run: that the verdict is of.
        family: that it stands in: panel, metric and moment.
        verdict: of two of its losses.

    Returns:
        Lines of text that end in a line break; absolute folders are left out.
    """
    return quoted(run, family, sentence(verdict, where(family)), (verdict.first, verdict.second))


def quoted(run: Run, family: Family, words: str, losses: Iterable[str]) -> str:
    """As `copied`, of any sentence in Markdown on some of a family's losses."""
    margin = f"{number(family.margin)}, {'declared with the run' if family.declared else 'the default, not declared'}"
    place = {"run": run.title, "panel": family.panel.title, "state": family.moment, "margin of equivalence": margin}
    lines = [unmarked(words), "", *_fields(place), "", "Passport:", *_passport(family)]
    lines += ["", f"Command: {command(run)}", "", bibtex(run, losses)]
    return "\n".join(lines)


def command(run: Run) -> str:
    """The command that the run was made with, without the folders of absolute paths."""
    found = run.request.get("command")
    words = " ".join(map(str, found)) if isinstance(found, list) else found
    return printable(local(words or "not recorded"))


def escaped(text: str) -> str:
    r"""Text as BibTeX and LaTeX show it: on one line, special characters and accents spelled out.

    Example:
        >>> print(escaped("Léon & 100 % of a_b}"))
        L{\'e}on \& 100 \% of a\_b\textbraceright{}
    """
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", printable(text)))


def _letter(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 2 and parts[1] in ACCENTS:
        return f"{{\\{ACCENTS[parts[1]]}{parts[0]}}}"
    return SPECIAL.get(letter, letter)


def _facts(run: Run, loss: str) -> Mapping[str, object]:
    return run.losses.get(loss) or run.losses.get(run.parts(loss)[0]) or {}


def _passport(family: Family) -> list[str]:
    own = passport_of(family.panel, family.metric) or {}
    return _fields({name: entry(own, name) for name in own}) or ["not recorded"]


def _fields(values: Mapping[str, str]) -> list[str]:
    return [f"{printable(name)}: {printable(local(value))}" for name, value in values.items()]


def _suite(run: Run, losses: Sequence[str]) -> str:
    versions, commits = (_stated(run, losses, name) for name in ("gan-losses", "commit"))
    fields = {"title": f"{{{escaped(TITLE)}}}"} | ({"version": escaped(", ".join(versions))} if versions else {})
    return _entry(
        "software", "gan-losses", fields | ({"note": escaped(f"commit {', '.join(commits)}")} if commits else {})
    )


def _stated(run: Run, losses: Sequence[str], name: str) -> list[str]:
    """What the environments of the losses' cells say, each once."""
    found = [place.get(name) for loss in losses for place in _environments(run).get(loss, ())]
    return sorted({str(value) for value in found if value})


@lru_cache(maxsize=16)  # every line that can be copied asks for them
def _environments(run: Run) -> dict[str, list[Json]]:
    """The environments of each loss's cells; cells that share theirs have it here once."""
    found: dict[str, dict[int, Json]] = {}
    for cell in run.cells:
        place = cell.record.get("environment") or {}
        found.setdefault(cell.loss, {})[id(place)] = place
    return {loss: list(places.values()) for loss, places in found.items()}


def _paper(identifier: str, losses: Iterable[str]) -> str:
    known = PAPERS.get(identifier)
    names = {"author": escaped(" and ".join(known.authors))} if known else {}
    title = known.title if known else f"arXiv:{identifier}, the paper of {', '.join(losses)}"
    fields = {**names, "title": f"{{{escaped(title)}}}", "year": str(year(identifier))}
    fields |= {"eprint": identifier, "archivePrefix": "arXiv", "url": f"https://arxiv.org/abs/{identifier}"}
    return _entry("misc", f"arxiv-{identifier.replace('/', '-')}", fields)


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])
