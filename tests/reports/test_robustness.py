"""Whatever stands in the files of a run, a report is made, or one sentence says why not."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.records import RecordError
from reports import figures
from reports.build import OutputError, build
from reports.figures import slopes
from reports.loading import load
from reports.panels import make_panels
from tests.reports import translations

HOSTILE = "a|b<script>*d*`e`\n# $f_ [x](http://y) ../../z \ud800 " + 300 * "n"
REPLACEMENTS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 2**63, 10**400, -1e308, 1e-320, float("nan"), float("inf"), 0.5]),
    st.sampled_from(["", "x", HOSTILE, "../../x", "-", "NaN"]),
    st.sampled_from([[], {}, [None], [[]], {"": None}, {"a": {"b": {"c": [1, "x"]}}}, ["x", 1], {HOSTILE: 1.0}]),
    st.just(json.loads("[" * 200 + "]" * 200)),
)
KINDS = ("record", "curves", "timing", "ladder", "losses", "run", "maps")


def files(run: Path) -> dict[str, Path]:
    """One file of every kind."""
    found = {"run": run / "run.json", "losses": run / "losses.json"}
    patterns = {
        "record": "*/*/*/*/seed*/record.json",
        "curves": "*/*/*/*/seed*/curves.jsonl",
        "maps": "*/*/*/*/seed*/maps.json",
    }
    patterns |= {"timing": "timing/*.json", "ladder": "ladders/*.json"}
    return found | {kind: path for kind, pattern in patterns.items() for path in sorted(run.glob(pattern))[:1]}


def places(value, path=()):
    """The path of every entry of a JSON value; of long lists the first three entries and the last."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    items = list(items)
    for name, item in items if len(items) < 30 else [*items[:3], items[-1]]:
        yield (*path, name)
        yield from places(item, (*path, name))


def mutate(content, place, value, drop):
    """Drop an entry, or put another value there."""
    for name in place[:-1]:
        content = content[name]
    if drop:
        del content[place[-1]]
    else:
        content[place[-1]] = value


def read(path: Path):
    """Without its seal, so that what is changed reaches the code."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return {name: value for name, value in json.loads(path.read_text()).items() if name != "sha256"}


def write(path: Path, content) -> None:
    rows = content if isinstance(content, list) else [content]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def check_mutations(run: Path, data, count: int) -> None:
    """Change a file in some places, build, and put it back."""
    path = files(run)[data.draw(st.sampled_from([kind for kind in KINDS if kind in files(run)]))]
    before = path.read_bytes()
    content = read(path)
    for _ in range(count):
        known = list(places(content))
        if known:
            value = deepcopy(data.draw(REPLACEMENTS))
            mutate(content, data.draw(st.sampled_from(known)), value, data.draw(st.booleans()))
    write(path, content)
    try:
        page = page_or_sentence(run)
    finally:
        path.write_bytes(before)
    assert "<script>" not in page
    assert "\n# $f" not in page


def page_or_sentence(run: Path) -> str:
    """The page, or the one sentence that says why there is none."""
    try:
        return (build([run], run.parent / "out") / "report.md").read_text()
    except (RecordError, OutputError) as error:
        return str(error)


@pytest.fixture(scope="module")
def small(write, tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("mutated") / "run", ("bce", "bce+gp"), 1, recipes=("controlled",))


@pytest.fixture(scope="module")
def small_translations(tmp_path_factory) -> Path:
    return translations.write_run(tmp_path_factory.mktemp("mutated") / "run", ("bce", "wgangp"), 1, (10.0,))


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@pytest.mark.parametrize("kind", ["small", "small_translations"])
def test_no_content_of_a_file_breaks_the_tables_and_the_page(kind, request, without_figures, data):
    check_mutations(request.getfixturevalue(kind), data, data.draw(st.integers(1, 2)))


@given(st.data())
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_content_of_a_file_breaks_the_figures(small, data):
    check_mutations(small, data, 1)


def test_a_picture_under_a_hostile_name_or_of_no_form_is_left_out(make_run):
    folder = make_run(("bce",), 1, recipes=("controlled",), timed=False)
    samples = next(folder.glob("dcgan/**/samples"))
    (samples / "stepx.png").write_bytes(b"x")
    (samples / "step000999-a](x)\n.png").write_bytes(b"x")
    (samples / "step001000.png").mkdir()
    text = (build([folder], folder / "report") / "report.md").read_text()
    assert "a](x)" not in text
    assert "samples-dcgan-digits-controlled.png" in text


def test_maps_do_not_lead_to_pictures_elsewhere(make_translations):
    folder = make_translations(("bce",), 1, (10,))
    path = next(folder.glob("**/maps.json"))
    content = json.loads(path.read_text())
    inner = content["domains"]["b"]
    path.with_name("secret.png").write_bytes((path.parent / "maps" / "b.png").read_bytes())
    path.write_text(json.dumps({"schema": 1, "domains": {"../secret": inner}}))
    run = load(folder)
    assert list(slopes.draw(run, make_panels(run))) == []
    path.write_text(json.dumps({"schema": 1, "domains": {"b": inner}}))
    assert len(list(slopes.draw(run, make_panels(run)))) == 1


def test_names_longer_than_a_file_systems_get_a_report(make_run):
    folder = make_run((80 * "x",), 1, recipes=(70 * "r",), timed=False)
    folder = folder.rename(folder.with_name(100 * "n"))
    assert figures.file_name(200 * "a") != figures.file_name(201 * "a")
    assert build([folder], folder / "report").exists()
