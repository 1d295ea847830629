from benchmarks.records import read_json, write_json
from reports.factorial import factorial
from reports.loading import NONE, load
from reports.panels import make_panels

LAZY = "r1:10:every=4"


def test_a_cross_has_the_bases_that_stand_with_several_penalties(crossed):
    cross = factorial(crossed, make_panels(crossed)[0])
    assert cross.bases == ("bce", "lsgan", "hinge")  # wgangp stands with none alone
    assert cross.penalties == (NONE, LAZY, "gp")
    assert cross.losses["lsgan", "gp"] == "lsgan+gp"  # skipped, and a part of the cross all the same
    assert [cross.alone(base) for base in cross.bases] == ["bce", "lsgan", None]
    assert ("hinge", NONE) not in cross.losses


def test_without_two_lists_of_penalties_of_one_base_nothing_is_crossed(make_run):
    run = load(make_run(("bce", "lsgan+gp", "hinge+r1"), 1))
    assert [factorial(run, panel) for panel in make_panels(run)] == [None, None]


def test_no_penalties_stand_first_whatever_the_order_asked_for(make_run):
    run = load(make_run(("bce+gp", "bce+r1", "bce"), 1))
    assert factorial(run, make_panels(run)[0]).penalties == (NONE, "gp", "r1")


def test_losses_json_says_what_a_loss_is_made_of(make_run):
    folder = make_run(("bce", "a+b+gp"), 1)
    facts = read_json(folder / "losses.json")
    for fact in facts["losses"]:
        if fact["name"] == "a+b+gp":
            fact |= {"base": "a+b", "penalties": ["gp"]}
    write_json(folder / "losses.json", facts)
    assert load(folder).parts("a+b+gp") == ("a+b", "gp")


def test_losses_without_facts_are_taken_apart_by_their_names(make_run):
    folder = make_run(("bce", "bce+gp"), 1)
    facts = read_json(folder / "losses.json")["losses"]
    old = [{name: value for name, value in fact.items() if name not in ("base", "penalties")} for fact in facts]
    write_json(folder / "losses.json", {"losses": old})
    assert load(folder).parts("bce+gp") == ("bce", "gp")
    (folder / "losses.json").unlink()
    assert load(folder).parts("bce+r1+r2") == ("bce", "r1+r2")
    assert load(folder).parts("bce") == ("bce", NONE)
