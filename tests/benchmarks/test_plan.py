from dataclasses import replace

import pytest

from benchmarks.plan import BOTH, PANELS, LossFacts, TaskFacts, make_plan, recipe_names
from tests.benchmarks.conftest import DCGAN, DIGITS, PUBLISHED, SHARED

BCE = LossFacts("bce", "BCE()", {**PUBLISHED, "n_critic": 1, "discriminator_norm": "batch"})
WGANGP = LossFacts("wgangp", "Composed()", PUBLISHED, allows_batch_norm=False)


def plan(*facts: LossFacts, recipe: str = BOTH, seeds: tuple[int, ...] = (0, 1)):
    return make_plan(DCGAN, recipe, seeds, [SHARED], facts, DIGITS)


def test_every_loss_is_crossed_with_every_recipe_and_seed() -> None:
    cells = plan(BCE, WGANGP).cells
    assert {(c.recipe, c.loss, c.seed) for c in cells} == {
        (recipe, loss, seed) for recipe in PANELS for loss in ("bce", "wgangp") for seed in (0, 1)
    }
    assert len(cells) == 8


def test_controlled_cells_differ_in_nothing_but_the_loss() -> None:
    first, second = (cell.settings for cell in plan(BCE, WGANGP, recipe="controlled", seeds=(0,)).cells)
    assert {name for name in first if first[name] != second[name]} == {"loss_definition"}


def test_controlled_discriminators_do_not_mix_samples() -> None:
    cell = plan(BCE, recipe="controlled").cells[0]
    assert cell.settings["discriminator_norm"] in ("group", "none")
    assert cell.settings["n_critic"] == 1


def test_published_cells_have_their_papers_recipe() -> None:
    settings = {cell.loss: cell.settings for cell in plan(BCE, WGANGP, recipe="published").cells}
    assert all(settings["wgangp"][name] == value for name, value in PUBLISHED.items())


def test_batch_norm_under_a_per_sample_penalty_is_skipped_with_the_reason() -> None:
    mixed = replace(WGANGP, published={**PUBLISHED, "discriminator_norm": "batch"})
    result = plan(mixed, seeds=(0,))
    assert [cell.recipe for cell in result.cells] == ["controlled"]
    ((cell, reason),) = result.skipped
    assert cell.recipe == "published"
    assert "mixes samples" in reason


def test_a_loss_with_a_conflict_is_skipped_with_its_reason() -> None:
    result = plan(BCE, replace(WGANGP, name="wgangp+gp", conflict="it has gp twice"), recipe="controlled", seeds=(0,))
    assert [cell.loss for cell in result.cells] == ["bce"]
    assert [(cell.loss, reason) for cell, reason in result.skipped] == [("wgangp+gp", "it has gp twice")]
    assert [facts.name for facts in result.facts] == ["bce", "wgangp+gp"]


def test_a_norm_that_is_the_losss_regulariser_stands_in_the_controlled_recipe_too() -> None:
    spectral = replace(BCE, name="bce+spectral", discriminator_norm="spectral")
    norms = [cell.settings["discriminator_norm"] for cell in plan(BCE, spectral, recipe="controlled", seeds=(0,)).cells]
    assert norms == ["group", "spectral"]


def test_where_a_loss_lies_is_not_part_of_a_cells_identity_but_what_it_is() -> None:
    here, there, edited = (
        plan(facts, recipe="controlled", seeds=(0,)).cells[0]
        for facts in (
            replace(BCE, name="mine", spelling="/here/mine.py:Mine"),
            replace(BCE, name="mine", spelling="/there/mine.py:Mine"),
            replace(BCE, name="mine", spelling="/here/mine.py:Mine", definition="BCE() from mine.py 1234"),
        )
    )
    assert (here.folder, here.step_digest) == (there.folder, there.step_digest)
    assert here.spelling == "/here/mine.py:Mine"
    assert here.folder != edited.folder
    assert here.step_digest != edited.step_digest


def test_a_loss_without_a_norm_of_its_own_gets_the_tasks() -> None:
    free = replace(BCE, published={**BCE.published, "discriminator_norm": None})
    bound = replace(free, name="bce+gp", allows_batch_norm=False)
    cyclegan = TaskFacts("cyclegan", "instance", "instance", channels_last=False)
    norms = {
        (task.name, cell.loss, cell.recipe): cell.settings["discriminator_norm"]
        for task in (DCGAN, cyclegan)
        for cell in make_plan(task, BOTH, [0], [SHARED], [free, bound, WGANGP], DIGITS).cells
    }
    assert {key[1]: norm for key, norm in norms.items() if key[0] == "dcgan" and key[2] == "published"} == {
        "bce": "batch",
        "bce+gp": "layer",
        "wgangp": "layer",
    }
    assert {norm for key, norm in norms.items() if key[0] == "dcgan" and key[2] == "controlled"} == {"group"}
    assert {key[1]: norm for key, norm in norms.items() if key[0] == "cyclegan" and key[2] == "published"} == {
        "bce": "instance",
        "bce+gp": "instance",
        "wgangp": "layer",
    }


def test_networks_without_norm_are_given_none_and_refuse_one_that_is_needed() -> None:
    spectral = {**BCE.published, "discriminator_norm": "spectral"}
    hinge = replace(BCE, name="hinge", published=spectral)
    bound = replace(hinge, name="hinge+spectral", discriminator_norm="spectral")
    bare = TaskFacts("dcgan", "none", "none", norms=("none",))
    made = make_plan(bare, BOTH, [0], [SHARED], [BCE, WGANGP, hinge, bound], DIGITS)
    assert {(cell.loss, cell.settings["discriminator_norm"]) for cell in made.cells} == {
        ("bce", "none"),
        ("wgangp", "none"),
        ("hinge", "none"),
    }
    assert len(made.cells) == 6
    assert [(cell.loss, "needs spectral norm" in reason) for cell, reason in made.skipped] == [
        ("hinge+spectral", True)
    ] * 2


def test_facts_of_the_task_may_depend_on_what_is_swept() -> None:
    variants = [{**SHARED, "network": name} for name in ("plain", "bare")]
    facts = {"plain": DCGAN, "bare": TaskFacts("dcgan", "none", "none", norms=("none",))}
    made = make_plan(lambda settings: facts[settings["network"]], "controlled", [0], variants, [BCE], DIGITS)
    assert {cell.settings["network"]: cell.settings["discriminator_norm"] for cell in made.cells} == {
        "plain": "group",
        "bare": "none",
    }


def test_the_sngan_lines_recipe_is_the_same_for_all_but_the_norm_that_is_a_losss_own() -> None:
    spectral = replace(BCE, name="hinge+spectral", discriminator_norm="spectral")
    cells = plan(WGANGP, spectral, recipe="sngan", seeds=(0,)).cells
    assert {cell.loss: cell.settings["discriminator_norm"] for cell in cells} == {
        "wgangp": "none",
        "hinge+spectral": "spectral",
    }
    for cell in cells:
        found = {name: cell.settings[name] for name in ("learning_rate", "betas", "n_critic", "optimizer")}
        assert found == {"learning_rate": 2e-4, "betas": [0.0, 0.9], "n_critic": 5, "optimizer": "adam"}


def test_a_control_without_an_adversary_is_skipped_where_nothing_else_would_train() -> None:
    none = replace(BCE, name="none", trains_discriminator=False)
    made = make_plan(DCGAN, "controlled", [0], [SHARED], [BCE, none], DIGITS)
    assert [cell.loss for cell in made.cells] == ["bce"]
    assert "no term but the adversarial" in made.skipped[0][1]
    alone = make_plan(TaskFacts("cyclegan", trains_alone=True), "controlled", [0], [SHARED], [none], DIGITS)
    assert [cell.loss for cell in alone.cells] == ["none"]


def test_what_is_swept_becomes_cells_of_their_own_that_are_timed_once() -> None:
    variants = [{**SHARED, "cycle_weight": weight} for weight in (1.0, 3.0)]
    cells = make_plan(DCGAN, "controlled", [0, 1], variants, [BCE], DIGITS).cells
    assert [cell.settings["cycle_weight"] for cell in cells] == [1.0, 3.0, 1.0, 3.0]
    assert len({cell.folder for cell in cells}) == 4
    assert len({cell.step_digest for cell in cells}) == 1


def test_the_longest_cells_of_a_seed_come_first() -> None:
    order = [(cell.seed, cell.settings["n_critic"]) for cell in plan(BCE, WGANGP).cells]
    assert order == sorted(order, key=lambda pair: (pair[0], -pair[1]))


def test_a_folder_is_the_cells_name_and_digest() -> None:
    cell = plan(BCE, recipe="controlled").cells[0]
    assert cell.folder.startswith("dcgan/digits/controlled/bce/seed0-")
    assert cell.folder != cell.with_steps(5).folder
    assert cell.with_steps(5).settings["steps"] == 5


@pytest.mark.parametrize(
    ("name", "value", "same"), [("steps", 9, True), ("width", 9, False), ("precision", "bf16", False)]
)
def test_a_steps_digest_forgets_only_what_a_steps_time_does_not_depend_on(name: str, value: object, same: bool) -> None:
    cell = plan(BCE).cells[0]
    other = replace(cell, settings={**cell.settings, name: value})
    assert (cell.step_digest == other.step_digest) is same
    assert cell.step_digest == replace(cell, seed=7).step_digest


def test_both_stands_for_all_recipes() -> None:
    assert recipe_names(BOTH) == ["controlled", "published"]
    assert recipe_names("published") == ["published"]
