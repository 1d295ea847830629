"""CycleGAN from the command line, in its smallest form: the same plan, phases, probes, timing, records and report."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import records
from benchmarks.options import read_options
from benchmarks.run import main
from gan_losses.errors import UsageError

TINY = (
    "--preset smoke --task cyclegan --losses lsgan,wgangp,none --seeds 0-1 --steps 4 --eval-every 2 --log-every 2 "
    "--timing-rounds 2 --device cpu --quiet --features random"
).split()
TERMS = {"discriminator", "adversarial", "cycle", "identity"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cyclegan") / "out"
    assert main([*TINY, "--out", str(out)]) == 0
    return out


def found(run: Path) -> dict[tuple[str, int], dict]:
    cells = [records.read_json(folder / "record.json") for folder in records.find_records(run)]
    return {(cell["cell"]["loss"], cell["cell"]["seed"]): cell for cell in cells}


def test_every_cell_is_recorded_with_both_directions(run) -> None:
    assert set(found(run)) == {(loss, seed) for loss in ("lsgan", "wgangp", "none") for seed in (0, 1)}
    for (loss, _), cell in found(run).items():
        assert cell["status"] == "done"
        metrics = cell["quality"]["best"]["metrics"]
        for domain, other in (("a", "b"), ("b", "a")):
            assert {f"fid[random]@{domain}", f"kid[random]@{domain}", f"true_share@{domain}"} <= set(metrics)
            assert {f"cycle_psnr@{other}", f"lost_rounded@{other}", f"lost_noise8@{other}"} <= set(metrics)
        assert cell["quality"]["passport"]["n_real"] == {"a": 200, "b": 200}
        assert cell["quality"]["selection"] == "lowest kid[random] (mean of the domains) on validation"
        folder = run / cell["id"]
        rows = records.read_curves(folder / "curves.jsonl")
        expected = TERMS if loss != "none" else {"cycle", "identity"}
        expected = expected | ({"penalty"} if loss == "wgangp" else set())
        assert set(rows[-1]["terms"]) == {f"{kind}_{domain}" for kind in expected for domain in "ab"}
        assert ("adversarial_to_cycle" in rows[-1]["saturation"]["generator"]) is (loss != "none")
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        samples = {f"samples/step{step:06d}-{domain}.png" for step in (0, 2, 4) for domain in "ab"}
        maps = {"maps.json", "maps/a.png", "maps/b.png"} if loss != "none" else set()
        assert names == {"record.json", "curves.jsonl", "best.safetensors", "final.safetensors"} | samples | maps


def test_losses_begin_with_the_same_generators(run) -> None:
    for seed in (0, 1):
        first, *others = (
            found(run)[loss, seed]["quality"]["untrained"]["metrics"] for loss in ("lsgan", "wgangp", "none")
        )
        assert all(other == first for other in others)


def test_slope_maps_are_the_losss_derivative_at_each_patch(run) -> None:
    cell = found(run)["lsgan", 0]
    maps = records.read_json(run / cell["id"] / "maps.json")["domains"]["b"]
    logits, slopes = maps["logits"], maps["slopes"]
    assert (len(logits), len(logits[0]), len(logits[0][0])) == (4, 6, 6)
    assert slopes[3][2][1] == pytest.approx(logits[3][2][1] - 1, abs=1e-5)
    assert slopes[0][0][0] == pytest.approx(logits[0][0][0] - 1, abs=1e-5)
    with Image.open(run / cell["id"] / "maps" / "b.png") as picture:
        assert picture.size == (64, 16)


def test_each_domain_has_its_ladder_and_its_real_images(run) -> None:
    assert {path.name for path in (run / "ladders").iterdir()} == {
        "shapes2stripes-16-random-a.json",
        "shapes2stripes-16-random-b.json",
    }
    for domain in "ab":
        ladder = records.read_json(run / "ladders" / f"shapes2stripes-16-random-{domain}.json")
        assert ladder["passport"]["domain"] == domain
    assert {path.name for path in (run / "real").iterdir()} == {"shapes2stripes-16-a.png", "shapes2stripes-16-b.png"}


def test_the_report_speaks_of_both_directions_and_of_the_control(run) -> None:
    page = (run / "report" / "report.md").read_text()
    for text in ("fid[random]@a", "fid[random]@b", "none", "too few for a verdict"):
        assert text in page
    figures = {path.name.partition("-")[0] for path in (run / "report" / "figures").glob("*.png")}
    assert {"curves", "saturation", "samples", "slopes", "tradeoff", "quality", "layers", "cost"} <= figures


def test_dcgan_skips_the_control_with_its_reason(tmp_path) -> None:
    small = "--preset smoke --recipe controlled --seeds 0 --steps 2 --width 4 --latents 4 --timing-rounds 2 --quiet"
    assert main([*small.split(), "--losses", "bce,none", "--device", "cpu", "--out", str(tmp_path)]) == 0
    cells = found(tmp_path)
    assert (cells["bce", 0]["status"], cells["none", 0]["status"]) == ("done", "skipped")
    assert "no term but the adversarial" in cells["none", 0]["reason"]


def test_a_penalty_has_nothing_to_act_on_in_the_control(tmp_path, capsys) -> None:
    arguments = ["--preset", "smoke", "--task", "cyclegan", "--losses", "none+r1", "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "trains no discriminator that r1 could act on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--task cyclegan --data digits", "takes data with the domains a, b"),
        ("--task dcgan --data shapes2stripes", "takes data with the domains image"),
        ("--task cyclegan --data shapes2stripes --crop 2", "leave crops out"),
        ("--task cyclegan --data unpaired:nowhere", "nowhere"),
        ("--task cyclegan --features digits", "features 'digits' take grey images"),
    ],
)
def test_data_that_do_not_fit_are_one_sentence(arguments: str, sentence: str, tmp_path, capsys) -> None:
    assert main(["--preset", "smoke", *arguments.split(), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--task cyclegan --image-size 50", "multiples of 4, as 48 or 52"),
        ("--task cyclegan --pixel l3", "--pixel l3: expected one of l1, l2, huber"),
        ("--task cyclegan --blocks 0", "--blocks 0: expected a whole number of at least 1"),
        ("--task cyclegan --cycle-weight -1", "--cycle-weight -1: expected a number of at least 0"),
        ("--task cyclegan --cycle-weight inf", "expected a number of at least 0"),
        ("--task cyclegan --blocks 2.5", "--blocks 2.5: expected a whole number"),
        ("--task cyclegan --latents 5", "--latents is no setting of task cyclegan"),
        ("--task dcgan --blocks 2", "--blocks is no setting of task dcgan"),
        ("--task cyclegan --sweep cycle-wait=1", "did you mean 'cycle-weight'"),
        ("--task cyclegan --sweep cycle-weight", "expected a setting and its values"),
        ("--task cyclegan --sweep blocks=1,12", "--blocks 12: expected 1 to 9"),
        ("--preset lambda --task dcgan", "preset lambda is for cyclegan"),
        ("--crop -3", "expected a whole number of 0 or more|expected one argument"),
        ("--schedule cosine", "invalid choice"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(arguments: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert "\n" not in str(caught.value)


def test_a_sweep_gives_each_value_its_cells() -> None:
    options = read_options("--preset lambda --sweep pixel=l1,l2 --sweep cycle-weight=1,30".split())
    variants = [(each["pixel"], each["cycle_weight"]) for each in options.variants()]
    assert variants == [("l1", 1.0), ("l1", 30.0), ("l2", 1.0), ("l2", 30.0)]
    assert [each["cycle_weight"] for each in read_options(["--preset", "lambda"]).variants()] == [1.0, 3.0, 10.0, 30.0]
    assert [each["cycle_weight"] for each in read_options(["--task", "cyclegan"]).variants()] == [10.0]


def test_ones_own_folders_are_trained_on_cropped_and_flipped(tmp_path) -> None:
    for number, (name, count) in enumerate((("trainA", 12), ("trainB", 15), ("testA", 3), ("testB", 4))):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(count):
            # Of one colour each they would all become the same picture: instance norm sees no difference.
            Image.effect_noise((30 + index, 24), 20 * (number + 1)).save(tmp_path / "images" / name / f"{index}.png")
    out = tmp_path / "out"
    arguments = [*TINY, "--losses", "lsgan", "--seeds", "0", "--data", f"unpaired:{tmp_path / 'images'}"]
    assert main([*arguments, "--crop", "3", "--flip", "--out", str(out)]) == 0
    (cell,) = found(out).values()
    assert (cell["settings"]["train_size"], cell["settings"]["image_size"], cell["settings"]["flip"]) == (19, 16, True)
    assert cell["quality"]["passport"]["n_real"] == {"a": 3, "b": 4}
    assert cell["quality"]["passport"]["n_fake"] == {"a": 4, "b": 3}
    assert "true_share@b" not in cell["quality"]["best"]["metrics"]
