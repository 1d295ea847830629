from xml.etree import ElementTree

from benchmarks.regression.judge import NEW, STEP, Quantity, Verdict, judge
from benchmarks.regression.outputs import Measured, cells, headline, junit, markdown, table

HOW = Measured("revision main (0123456789)", "a <machine>", 30, 4, 0.002, 0.03, 1, "2.13.0")
BASE = tuple(1e-3 * (1 + block / 100) for block in range(20))


def verdicts() -> list[Verdict]:
    quantities = [
        Quantity("dcgan/a|b <@you> #1", "step", STEP, BASE, tuple(1.1 * seconds for seconds in BASE)),
        Quantity("dcgan/bce", "step", STEP, BASE, BASE),
        Quantity("dcgan/bce", "data", "phase", BASE, BASE, share=0.01),
        Quantity("dcgan/gone", "step", STEP, BASE, ()),
    ]
    return [*judge(quantities), Verdict(Quantity("dcgan/young", "step", STEP, (), ()), NEW)]


def test_a_row_tells_both_times_the_ratio_its_interval_and_the_verdict() -> None:
    rows = [cells(verdict) for verdict in verdicts()]
    assert rows[0][1:] == ("step", "1.100 ms", "1.210 ms", "1.100", "1.100 … 1.100", "2e-06", "regressed")
    assert rows[3][1:] == ("step", "1.100 ms", "–", "", "", "", "missing")
    assert rows[4][1:] == ("step", "–", "–", "", "", "", "new")
    lines = table(rows)
    assert len(lines) == 6
    assert len({line.index(row[1]) for line, row in zip(lines[1:], rows, strict=True) if row[0] != "dcgan/bce"}) == 1


def test_the_headline_counts_every_verdict() -> None:
    assert headline(verdicts()) == "REGRESSION: 1 regressed, 1 same, 1 not judged, 1 missing, 1 new."
    assert headline(verdicts()[1:3]) == "No regression: 1 same, 1 not judged."
    assert headline(verdicts()[3:4]).startswith("REGRESSION")


def test_markdown_tells_outcome_table_and_method_and_escapes_names() -> None:
    text = markdown(verdicts(), HOW)
    lines = text.splitlines()
    assert lines[0].startswith("**Step time. REGRESSION")
    row = next(line for line in lines if "dcgan/a" in line)
    assert r"dcgan/a\|b &lt;&#64;you&gt; &#35;1" in row
    assert "@you" not in text
    assert "<machine>" not in text
    assert row.replace(r"\|", "").count("|") == 9
    assert row.endswith("| **regressed** |")
    assert "30 interleaved blocks of each case, 4 more rejected" in text
    assert text.index("Shown, not judged") < text.index("| data |")


def test_junit_is_xml_with_a_failure_for_each_thing_that_fails() -> None:
    broken = Verdict(Quantity("dcgan/\x00\x1b[31m", "step", STEP, (), ()), NEW)
    suite = ElementTree.fromstring(junit([*verdicts(), broken], HOW))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "2",
        "errors": "0",
        "skipped": "3",
    }
    failed = [case.get("classname") for case in suite if case.find("failure") is not None]
    assert failed == ["dcgan/a|b <@you> #1", "dcgan/gone"]
    failure = suite[0].find("failure")
    assert failure is not None
    assert "1.100" in failure.get("message", "")
    assert [case.get("name") for case in suite if case.find("skipped") is not None] == ["data", "step", "step"]


def test_a_contention_that_nobody_tells_is_left_out() -> None:
    told, silent = (HOW.__class__(**{**vars(HOW), "contention": share}) for share in (0.012, float("nan")))
    assert "(in the others 1.2 %)" in told.sentence()
    assert "nan" not in silent.sentence()
