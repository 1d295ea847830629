"""The command from end to end, in its smallest form."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks import records
from benchmarks.run import main
from gan_losses.losses import LOSSES
from gan_losses.metrics import Place
from tests.benchmarks.test_candidates import MINE

ROOT = Path(__file__).parent.parent.parent
TINY = (
    "--preset smoke --losses bce,wgangp --recipe controlled --seeds 0-1 --steps 4 --eval-every 2 --log-every 2 "
    "--width 4 --batch-size 4 --latents 4 --timing-rounds 2 --device cpu --quiet"
).split()


def command(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "benchmarks.run", *arguments]
    return subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False, **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    done = command(*TINY, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"Report: {out / 'report' / 'index.html'}"
    return out


def cells(run: Path) -> list[dict]:
    return [records.read_json(folder / "record.json") for folder in records.find_records(run)]


def test_every_cell_has_its_record_curves_samples_and_weights(run) -> None:
    found = cells(run)
    assert [(cell["cell"]["loss"], cell["cell"]["seed"], cell["status"]) for cell in found] == [
        (loss, seed, "done") for loss in ("bce", "wgangp") for seed in (0, 1)
    ]
    for cell in found:
        folder = run / cell["id"]
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        samples = {f"samples/step{step:06d}.png" for step in (0, 2, 4)}
        assert names == {"record.json", "curves.jsonl", "best.safetensors", "final.safetensors"} | samples
        assert [row["step"] for row in records.read_curves(folder / "curves.jsonl")] == [2, 4]


def test_a_record_says_what_was_measured_and_with_what(run) -> None:
    cell = cells(run)[2]
    quality = cell["quality"]
    assert [row["step"] for row in quality["along"]] == [0, 2, 4]
    assert quality["along"][-1]["images"] == 4 * 4 * cell["settings"]["n_critic"]
    assert quality["best"]["step"] in (0, 2, 4)
    assert (quality["untrained"]["step"], quality["final"]["step"]) == (0, 4)
    assert {"fid[digits]", "kid[digits]", "copy_rate", "share[7]"} <= set(quality["final"]["metrics"])
    assert quality["passport"]["n_fake"] == quality["passport"]["n_real"] == 400
    best = min(quality["along"], key=lambda row: row["metrics"]["kid[digits]"])
    assert quality["best"]["step"] == best["step"]
    assert cell["settings"]["loss_definition"].startswith("Composed(loss=WGAN(")
    assert cell["environment"]["threads"] == 1
    assert cell["memory"]["peak_host_bytes"] > 2**20
    assert cell["memory"]["peak_device_bytes"] is None


def test_losses_share_data_latents_and_initial_generators(run) -> None:
    untrained = {(c["cell"]["loss"], c["cell"]["seed"]): c["quality"]["untrained"]["metrics"] for c in cells(run)}
    for seed in (0, 1):
        assert untrained["bce", seed] == untrained["wgangp", seed]
    assert untrained["bce", 0] != untrained["bce", 1]


def test_the_timing_pass_interleaves_the_losses_in_a_record_of_its_own(run) -> None:
    (path,) = (run / "timing").glob("*.json")
    timing = records.read_json(path)
    assert timing["status"] == "done"
    assert {entry["loss"] for entry in timing["entries"]} == {"bce", "wgangp"}
    for entry in timing["entries"]:
        assert len(entry["wall"]) == timing["rounds"] == 2
        assert entry["device"] is None
        total = [sum(values) for values in zip(*(phase["wall"] for phase in entry["phases"].values()), strict=True)]
        assert total == pytest.approx(entry["wall"])


def test_losses_json_holds_every_loss_and_its_shape(run) -> None:
    losses = {loss["name"]: loss for loss in records.read_json(run / "losses.json")["losses"]}
    assert set(losses) == set(LOSSES)
    shape = losses["bce"]["shape"]
    middle = shape["logit"].index(0.0)
    assert shape["slope"][middle] == pytest.approx(-0.5)
    assert shape["generator"][middle] == pytest.approx(0.693147, abs=1e-6)
    assert shape["real"][middle] == shape["fake"][middle] == 0


def stamps(run: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(run.glob("dcgan/**/*")) if path.is_file()}


def test_a_log_point_has_all_that_early_warnings_are_made_of(run):
    from benchmarks.experiments.early_warning import PREDICTORS, _mean

    for folder in records.find_records(run):
        rows = records.read_curves(folder / "curves.jsonl")
        assert [name for name, each in PREDICTORS.items() if _mean(rows, each.path) is None] == []


def test_the_same_command_again_trains_nothing(run) -> None:
    before = stamps(run)
    timing = [path.stat().st_mtime_ns for path in (run / "timing").iterdir()]
    done = command(*[word for word in TINY if word != "--quiet"], "--out", str(run))
    assert done.returncode == 0
    assert "4 cells, 4 already there" in done.stdout
    assert stamps(run) == before
    assert [path.stat().st_mtime_ns for path in (run / "timing").iterdir()] == timing


def test_only_what_is_missing_is_trained_and_comes_out_equal(run, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    victim = cells(copy)[1]
    shutil.rmtree(copy / victim["id"])
    before = stamps(copy)
    assert main([*TINY, "--out", str(copy)]) == 0
    again = next(cell for cell in cells(copy) if cell["id"] == victim["id"])
    for name in ("settings", "quality", "saturation", "step_digest"):
        assert again[name] == victim[name]
    for name in ("curves.jsonl", "final.safetensors"):
        assert (copy / victim["id"] / name).read_bytes() == (run / victim["id"] / name).read_bytes()
    assert {path: stamp for path, stamp in stamps(copy).items() if path in before} == before


def test_force_trains_again(run, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = stamps(copy)
    assert main([*TINY, "--out", str(copy), "--force"]) == 0
    assert not set(before.values()) & set(stamps(copy).values())


def test_seconds_become_steps_by_the_timing_pass(tmp_path) -> None:
    arguments = "--preset smoke --losses bce --recipe controlled --seeds 0 --seconds 0.05 --width 4".split()
    arguments += "--batch-size 4 --latents 4 --timing-rounds 3 --device cpu --quiet".split()
    assert main([*arguments, "--out", str(tmp_path / "o")]) == 0
    (cell,) = cells(tmp_path / "o")
    (entry,) = records.read_json(next((tmp_path / "o" / "timing").iterdir()))["entries"]
    middle = sorted(entry["wall"])[1]
    assert cell["settings"]["steps"] == max(1, int(0.05 // middle))
    assert main([*arguments, "--out", str(tmp_path / "o")]) == 0
    assert len(cells(tmp_path / "o")) == 1  # the frozen number of steps stands
    assert len(cell["quality"]["along"]) in (2, 3)  # evaluated as often as planned: at 0, 20 and 40 of 40 steps
    arguments[3] = "bce,lsgan"
    assert main([*arguments, "--out", str(tmp_path / "o")]) == 0
    assert [cell["cell"]["loss"] for cell in cells(tmp_path / "o")] == ["bce", "lsgan"]  # bce was not trained again


def test_a_loss_of_ones_own_is_crossed_with_penalties_trained_in_workers_and_trained_again_when_edited(
    tmp_path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    arguments = [*TINY, "--losses", f"bce,{file}:Mine,wgangp", "--penalties", "none,gp,r1:every=2", "--seeds", "0"]
    arguments += ["--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    found = {cell["cell"]["loss"]: cell for cell in cells(tmp_path / "out")}
    order = [f"{loss}{end}" for loss in ("bce", "mine", "wgangp") for end in ("", "+gp", "+r1:every=2")]
    assert records.read_json(tmp_path / "out" / "run.json")["options"]["losses"] == order
    assert {name: cell["status"] for name, cell in found.items()} == {
        name: "skipped" if name == "wgangp+gp" else "done" for name in order
    }
    assert found["wgangp+gp"]["reason"] == "wgangp+gp has the penalty gp twice; name it once."
    assert " from mine.py " in found["mine+gp"]["settings"]["loss_definition"]
    losses = {loss["name"]: loss for loss in records.read_json(tmp_path / "out" / "losses.json")["losses"]}
    assert (losses["mine+gp"]["base"], losses["mine+gp"]["penalties"]) == ("mine", ["gp"])
    assert (losses["wgangp"]["base"], losses["wgangp"]["penalties"]) == ("wgangp", [])
    (timing,) = (tmp_path / "out" / "timing").iterdir()
    periods = {entry["loss"]: entry["period"] for entry in records.read_json(timing)["entries"]}
    assert (periods["bce+gp"], periods["mine+r1:every=2"]) == (1, 2)
    before = {path.name for path in (tmp_path / "out").rglob("seed0-*")}
    file.write_text(MINE.replace("-fake.mean()", "-2 * fake.mean()"))
    assert main(arguments) == 0
    after = {path.name for path in (tmp_path / "out").rglob("seed0-*")}
    assert before < after
    assert len(after - before) == 3  # mine, mine+gp, mine+r1:every=2


def test_a_record_of_anothers_run_has_no_file_of_its_choice_run(run, tmp_path) -> None:
    copy, trap = tmp_path / "copy", tmp_path / "trap.py"
    shutil.copytree(run, copy)
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    for path in copy.rglob("record.json"):
        content = records.read_json(path)
        content["settings"]["loss_spelling"] = f"{trap}:Mine"
        records.write_json(path, content)
    assert main([*TINY, "--losses", "lsgan", "--seeds", "0", "--out", str(copy)]) == 0
    assert not (tmp_path / "sprung").exists()


def test_a_loss_that_fails_the_examination_is_not_trained_unless_asked_for(tmp_path, capsys) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE.replace("-fake.mean()", "fake.mean()"))
    arguments = [*TINY, "--losses", f"{file}:Mine", "--seeds", "0", "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert "fails the examination: slope" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--unexamined"]) == 0


def test_a_diverging_cell_and_a_failing_one_are_records_and_the_others_go_on(tmp_path, monkeypatch) -> None:
    """In one process: the worker's function itself, with losses broken on purpose."""
    from benchmarks import execute
    from benchmarks.plan import Cell
    from gan_losses.data import load_data
    from gan_losses.data.store import save_dataset
    from gan_losses.losses.cross_entropy import BCE

    run_json = {"steps": 4, "seconds": None, "batch_size": 4, "width": 4, "latents": 4, "generator_norm": "batch"}
    settings = {**run_json, "precision": "fp32", "channels_last": True, "device": "cpu", "features": "digits"}
    settings |= {"schedule": "none", "flip": False, "train_size": 16}
    settings |= {"eval_every": 2, "log_every": 2, "optimizer": "adam", "learning_rate": 2e-4, "betas": [0.5, 0.999]}
    settings |= {
        "discriminator_norm": "none",
        "n_critic": 1,
        "image_size": 16,
        "channels": 1,
        "loss_definition": "BCE()",
    }
    cell = Cell("dcgan", "digits", "controlled", "bce", 0, settings)
    save_dataset(load_data("digits", 16), tmp_path / "data")

    def attempt(generator) -> dict:
        monkeypatch.setattr(BCE, "generator", generator)
        (tmp_path / cell.folder / "record.json").unlink(missing_ok=True)
        execute.execute(cell, tmp_path, tmp_path / "data", Place(), None)
        return records.read_json(tmp_path / cell.folder / "record.json")

    diverged = attempt(lambda self, fake, real=None: fake.mean() * float("nan"))
    assert (diverged["status"], diverged["step"]) == ("diverged", 2)
    assert diverged["reason"] == "adversarial_image, discriminator_image no longer finite at step 2" or (
        "adversarial_image" in diverged["reason"]
    )

    def broken(self, fake, real=None):
        raise RuntimeError("out of luck\nsecond line")

    failed = attempt(broken)
    assert (failed["status"], failed["reason"]) == ("failed", "RuntimeError: out of luck")
    assert "second line" in (tmp_path / cell.folder / "traceback.txt").read_text()
    assert "quality" not in failed


def test_a_step_that_fails_costs_its_loss_the_timing_and_nobody_else(tmp_path, monkeypatch) -> None:
    from benchmarks import step_time
    from benchmarks.plan import LossFacts, make_plan
    from gan_losses.data import load_data
    from gan_losses.data.store import save_dataset
    from gan_losses.losses.least_squares import LSGAN
    from tests.benchmarks.conftest import DCGAN, DIGITS, PUBLISHED, SHARED

    def broken(self, real, fake):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(LSGAN, "discriminator", broken)
    save_dataset(load_data("digits", 16), tmp_path / "d.safetensors")
    facts = [LossFacts(name, name, PUBLISHED) for name in ("bce", "lsgan")]
    planned = make_plan(DCGAN, "controlled", [0], [SHARED], facts, DIGITS).cells
    sent: list[dict] = []
    step_time.time_steps(sent.append, planned, tmp_path / "d.safetensors", 2)
    assert [entry["loss"] for entry in sent[-1]["entries"]] == ["bce"]
    assert [(entry["loss"], entry["reason"]) for entry in sent[-1]["failed"]] == [
        ("lsgan", "RuntimeError: out of luck")
    ]


def test_the_output_of_a_run_is_no_data(tmp_path, capsys) -> None:
    for number in range(12):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(tmp_path / f"{number}.png")
    arguments = [*TINY, "--losses", "bce", "--seeds", "0", "--data", f"images:{tmp_path}"]
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    assert "is the folder of the images" in capsys.readouterr().err
    for _ in range(2):
        assert main([*arguments, "--out", str(tmp_path / "run")]) == 0
    assert len(cells(tmp_path / "run")) == 1


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "one").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "one" / "a.png")
    (tmp_path / "file").write_text("")
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "run.json").write_text(json.dumps({"schema": 999}))
    cases = {
        ("--losses", "lsgna"): "did you mean 'lsgan'",
        ("--data", "images:" + str(tmp_path / "nowhere")): "nowhere",
        ("--data", "images:" + str(tmp_path / "empty")): "empty",
        ("--data", "images:" + str(tmp_path / "one")): "10",
        ("--data", "images"): "images",
        ("--out", str(tmp_path / "file")): "is a file",
        ("--out", str(tmp_path / "newer")): "newer than",
        ("--device", "tpu"): "expected auto, cpu, cuda or mps",
        ("--device", "cpu:1"): "expected auto, cpu, cuda or mps",
        ("--seeds", "0-99999999"): "at most",
        ("--image-size", "48"): "takes one of",
        ("--steps", "0"): "positive",
    }
    if not torch.cuda.is_available():
        cases["--device", "cuda"] = "sees no such device"
    for arguments, sentence in cases.items():
        assert main([*TINY, "--out", str(tmp_path / "out"), *arguments]) == 2
        error = capsys.readouterr().err
        assert sentence in error
        assert error.startswith("benchmarks.run: ")
        assert error.count("\n") == 1
        assert "Traceback" not in error


def test_list_explains_everything_and_dry_run_trains_nothing(tmp_path, capsys) -> None:
    assert main(["--list"]) == 0
    text = capsys.readouterr().out
    for name in (*LOSSES, "controlled", "published", "dcgan", "digits", "images", "random", "quick", "smoke"):
        assert name in text
    out = tmp_path / "out"
    assert main([*TINY, "--out", str(out), "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert text.count("4 steps") == 4
    assert "about" in text
    assert not out.exists()


def test_help_reads_well() -> None:
    done = command("--help")
    assert done.returncode == 0
    for option in ("--losses", "--task", "--data", "--features", "--image-size", "--width", "--batch-size", "--steps",
                   "--seconds", "--seeds", "--recipe", "--preset", "--device", "--precision", "--workers", "--out",
                   "--force", "--quiet", "--list", "--dry-run"):  # fmt: skip
        assert option in done.stdout
