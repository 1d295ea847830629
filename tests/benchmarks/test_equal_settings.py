import pytest

from benchmarks.grounds import load_grounds
from benchmarks.options import read_options
from benchmarks.run import main
from gan_losses.metrics import Place

ASKED = ["--data", "digits", "--losses", "bce,hinge+spectral,wgangp", "--seeds", "0", "--steps", "1"]


def cells(*arguments):
    (ground,) = load_grounds(read_options([*ASKED, *arguments]), "cpu", Place())
    return {(cell.recipe, cell.loss): cell.settings for cell in ground.plan.cells}


def test_what_is_asked_for_all_losses_holds_where_all_is_equal_and_nowhere_else():
    plain = cells("--recipe", "both")
    found = cells("--recipe", "both", "--n-critic", "3", "--discriminator-norm", "none")
    for key, settings in found.items():
        if key[0] == "published":
            assert settings == plain[key]
        else:
            assert settings["n_critic"] == 3
            norm = "spectral" if "spectral" in key[1] else "none"  # it is the loss's own
            assert settings == {**plain[key], "n_critic": 3, "discriminator_norm": norm}


def test_nothing_asked_changes_nothing():
    settings = cells("--recipe", "controlled")["controlled", "bce"]
    assert (settings["n_critic"], settings["discriminator_norm"]) == (1, "group")


def test_a_norm_that_mixes_samples_skips_the_losses_that_forbid_it():
    assert set(cells("--recipe", "controlled", "--discriminator-norm", "batch")) == {
        ("controlled", "bce"),
        ("controlled", "hinge+spectral"),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recipe", "published", "--n-critic", "2"], "--n-critic is for the recipes controlled and tuned"),
        (["--recipe", "sngan", "--discriminator-norm", "none"], "--discriminator-norm is for the recipes"),
        (["--recipe", "controlled", "--n-critic", "0"], "expected a positive whole number"),
        (["--recipe", "controlled", "--n-critic", "1001"], "expected a whole number of at most 1000"),
        (["--recipe", "controlled", "--discriminator-norm", "bath"], "invalid choice: 'bath'"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(arguments, words, capsys, tmp_path):
    assert main([*ASKED, *arguments, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
