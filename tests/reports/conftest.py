"""A synthetic run: all files of the schema, with values made from formulas, no training."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imsave

from benchmarks import records
from reports import build
from reports.loading import Run, load
from tests.reports import translations

Json = dict[str, Any]
LOSSES = ("bce", "lsgan", "wgangp")
FAULTS = {"collapsed": "collapse", "stalled": "stall", "diverged": "not finite"}
LAZY = "r1:10:every=4"
CROSSED = ("bce", f"bce+{LAZY}", "bce+gp", "lsgan", f"lsgan+{LAZY}", "lsgan+gp", f"hinge+{LAZY}", "hinge+gp", "wgangp")
RECIPES = ("controlled", "published")
EFFECT = {"r1": 0.7, "gp": 1.3}
LEVEL = {"bce": 12.0, "lsgan": 9.0, "wgangp": 15.0}
BATCH, EVERY, ROUNDS = 64, 50, 20
PASSPORT = {"extractor": "digits", "n_real": 360, "n_fake": 360, "image_size": 16, "data_digest": "d1", "split": "test"}
Maker = Callable[..., Path]


def wobble(*key: object) -> float:
    """A number in [-1, 1] that depends on the key alone."""
    return int(records.digest({"key": key}), 16) / 2**31 - 1


def every(loss: str) -> int:
    """The period of a loss with a lazy penalty, as its name spells it."""
    found = re.search(r"every=(\d+)", loss)
    return int(found[1]) if found else 1


def n_critic(recipe: str, loss: str) -> int:
    return 5 if recipe == "published" and loss == "wgangp" else 1


def score(loss: str, recipe: str, seed: int, share: float) -> float:
    """The synthetic Fréchet distance after a share of the training."""
    base, _, penalty = loss.partition("+")
    level = LEVEL.get(base, 11.0) * EFFECT.get(penalty.partition(":")[0], 1.0) * (1.2 if recipe == "published" else 1.0)
    return level * (1 + 0.15 * wobble("fid", loss, seed)) + 80 * math.exp(-5 * share)


def metrics(value: float) -> Json:
    shares = {f"share[{index}]": 0.1 + (0.01 if index % 2 else -0.01) for index in range(10)}
    return {"fid[digits]": value, "kid[digits]": value / 100 - 0.11, "copy_rate": 0.01, **shares}


def settings(recipe: str, loss: str, steps: int) -> Json:
    return {
        "steps": steps,
        "batch_size": BATCH,
        "image_size": 16,
        "channels": 1,
        "n_critic": n_critic(recipe, loss),
        "optimizer": "adam",
        "learning_rate": 1e-4 if loss == "wgangp" and recipe == "published" else 2e-4,
        "betas": [0.5, 0.999],
        "features": "digits",
        "data_digest": "d1",
        "loss_definition": loss,
        "device": "cpu",
    }


def counts(recipe: str, loss: str, step: int) -> Json:
    updates = step * n_critic(recipe, loss)
    return {"step": step, "discriminator_updates": updates, "images": updates * BATCH}


def curve_row(recipe: str, loss: str, seed: int, step: int) -> Json:
    decay, noise = math.exp(-step / 300), wobble(loss, seed, step)
    terms = {"discriminator_image": 1.39 - 0.5 * (1 - decay) + 0.05 * noise, "adversarial_image": 0.7 + 0.4 * noise}
    if loss == "wgangp":
        terms |= {"discriminator_image": -8 * decay + 0.3 * noise, "adversarial_image": 2 + noise, "penalty_image": 0.5}
    if "+" in loss:
        terms["penalty_image"] = 0.0 if step % (25 * every(loss)) else 0.1
    slope = -0.3 - (1 - decay) * (0 if loss == "wgangp" else 1) + 0.05 * noise
    domain = {
        "active_fraction_logit": 1.0 if loss == "wgangp" else 0.9 - 0.4 * (1 - decay) + 0.03 * noise,
        "active_fraction_image": 0.8 + 0.05 * noise,
        "log_slope": slope,
        "log_discriminator_slope": -1 + 0.1 * noise,
        "log_gradient": slope - 1 + 0.1 * noise,
        "signal": 0.4 * decay + 0.1 * noise,
        "gradient_norm": 1.0 + 0.1 * noise,
        "gradient_norm_ratio": 10 ** (0.5 * noise - 0.5),
        "accuracy": 0.9 + 0.05 * noise,
        "overfitting": 0.2 + 0.1 * noise,
        "lipschitz_mean": 1 + 0.2 * noise if step % 100 == 0 else None,
        "zero_share": 0.0,
        **{f"{kind}_logit_{part}": value + 0.1 * noise for kind, part, value in LOGITS},
        **{f"slope_q{q:02d}": 10**slope * (0.2 + q / 100) for q in (5, 25, 50, 75, 95)},
        **{f"gradient_q{q:02d}": 10 ** (slope - 1) * (0.2 + q / 100) for q in (5, 25, 50, 75, 95)},
    }
    generator = {"gradient_norm": 0.5, "update_ratio": 10 ** (-3 + 0.3 * noise), "stalled_share": 0.0}
    layer = {f"layers.{index}.weight": 10 ** (-index / 3 + 0.2 * noise) for index in range(5)}
    saturation = {"image": domain, "generator": generator}
    layers = {"generator": layer, "image": layer}
    return {**counts(recipe, loss, step), "terms": terms, "saturation": saturation, "layers": layers}


LOGITS = (("real", "mean", 1.0), ("real", "std", 0.8), ("fake", "mean", -1.0), ("fake", "std", 0.6))


def picture(path: Path, *key: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(abs(int(1e6 * wobble(*key))))
    imsave(path, random.random((8 * 18, 8 * 18)), cmap="gray", vmin=0, vmax=1)


def quality(recipe: str, loss: str, seed: int, steps: int) -> Json:
    along = [
        {**counts(recipe, loss, step), "metrics": metrics(score(loss, recipe, seed, step / steps))}
        for step in range(0, steps + 1, EVERY)
    ]
    best = score(loss, recipe, seed, 1.0)
    return {
        "passport": PASSPORT,
        "selection": "lowest kid[digits] on validation",
        "selection_metric": "kid[digits]",
        "best": {"step": steps, "metrics": metrics(best)},
        "final": {"step": steps, "metrics": metrics(1.1 * best)},
        "untrained": {"step": 0, "metrics": metrics(100.0 + seed)},
        "along": along,
    }


def write_cell(
    run: Path, recipe: str, loss: str, seed: int, status: str = "done", *, steps: int = 500, data: str = "digits"
) -> Path:
    own = settings(recipe, loss, steps)
    names = [records.slug(name) for name in ("dcgan", data, recipe, loss)]
    identity = "/".join([*names, f"seed{seed}-{records.digest(own)}"])
    folder = run / identity
    reached = {"diverged": steps // 2, "failed": 0}.get(status, steps)
    reasons = {"diverged": "adversarial_image no longer finite", "failed": "OSError: no /home/me/x/y.png"}
    rows = [curve_row(recipe, loss, seed, step) for step in range(25, reached + 1, 25)]
    record: Json = {
        "id": identity,
        "status": status,
        "reason": reasons.get(status),
        "step": reached,
        "cell": {"task": "dcgan", "data": data, "recipe": recipe, "loss": loss, "seed": seed},
        "settings": own,
        "memory": {"peak_host_bytes": 300 * 2**20, "peak_device_bytes": None},
        "environment": {"device": "Test CPU"},
        "time": {"started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:01:00+00:00", "seconds": 60.0},
    }
    if rows:
        both = {name: {"early": value, "late": 0.5} for name, value in rows[0]["saturation"]["image"].items()}
        record["saturation"] = {"image": {**both, "decades_lost": {"early": 0.0, "late": 0.7}}}
        picture(folder / "samples" / f"step{reached:06d}.png", loss, seed)
    if status in FAULTS:
        record["fault"] = {"kind": FAULTS[status], "step": reached - 10, "cause": f"{FAULTS[status]}, as the test asks"}
    if status in records.SCORED:
        record["quality"] = quality(recipe, loss, seed, steps)
    folder.mkdir(parents=True, exist_ok=True)
    records.write_json(folder / "record.json", record)
    (folder / "curves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def write_timing(run: Path, losses: tuple[str, ...] = LOSSES) -> None:
    entries = []
    for recipe in RECIPES:
        for loss in losses:
            updates = n_critic(recipe, loss)
            factor = 0.010 * (1.5 if loss == "wgangp" else 1.0)
            period = every(loss)
            parts = {"data": 0.1, "discriminator": 0.5 * updates, "generator": 0.3, "optimisers": 0.1}
            # Every `period`-th step is dearer by half, with a penalty; the machine drifts alike for all losses.
            dear = [1.5 if "+" in loss and (index + 1) % period == 0 else 1.0 for index in range(ROUNDS)]
            drift = [(1 + 0.2 * wobble("round", index)) * dear[index] for index in range(ROUNDS)]
            phases = {
                name: {"wall": [factor * share * d for d in drift], "device": None} for name, share in parts.items()
            }
            wall = [factor * sum(parts.values()) * d for d in drift]
            names = {"task": "dcgan", "data": "digits", "recipe": recipe, "loss": loss, "digest": "x"}
            sizes = {"n_critic": updates, "batch_size": BATCH, "peak_device_bytes": None}
            sizes |= {"period": period} if period > 1 else {}
            entries.append({**names, **sizes, "wall": wall, "device": None, "phases": phases})
    device = {"name": "Test CPU", "kind": "cpu", "fingerprint": "test-cpu"}
    content = {"status": "done", "reason": None, "device": device, "threads": 2, "rounds": ROUNDS, "warmup": 5}
    records.write_json(run / "timing" / "test-cpu.json", {**content, "environment": {}, "entries": entries})


def write_facts(run: Path, losses: tuple[str, ...] = LOSSES) -> None:
    """losses.json: the three losses with shapes of their own, one of pairs, and those of the run made from these."""
    logit = [step / 10 for step in range(-100, 101)]
    softplus = [math.log1p(math.exp(-abs(f))) + max(f, 0) for f in logit]
    shapes: Json = {
        "bce": {"real": softplus[::-1], "fake": softplus, "generator": softplus[::-1]},
        "lsgan": {"real": [(f - 1) ** 2 / 2 for f in logit], "fake": [f * f / 2 for f in logit]},
        "wgangp": {"real": [-f for f in logit], "fake": logit, "generator": [-f for f in logit]},
    }
    shapes["bce"]["slope"] = [1 / (1 + math.exp(f)) for f in logit]
    shapes["lsgan"] |= {"generator": shapes["lsgan"]["real"], "slope": [abs(f - 1) for f in logit]}
    shapes["wgangp"]["slope"] = [1.0] * len(logit)
    rest = {"bce": (2 * math.log(2), math.log(2)), "lsgan": (0.25, [0.1, 0.2]), "wgangp": (0.0, None)}
    facts = [
        {
            "name": name,
            "paper": "arXiv:0",
            "summary": "",
            "fields": {},
            "equilibrium": dict(zip(("discriminator", "generator"), rest[name], strict=True)),
            "shape": {"logit": logit, **shapes[name]},
        }
        for name in LOSSES
    ]
    pairs = {**facts[0], "name": "rpgan", "shape": {"logit": logit, "real": None, "fake": None, "generator": None}}
    known = {str(fact["name"]): {**fact, "base": fact["name"], "penalties": []} for fact in [*facts, pairs]}
    for loss in losses:
        base, *penalties = loss.split("+")
        own = {"name": loss, "base": base, "penalties": penalties}
        known[loss] = {**(known.get(base) or known["bce"]), **own}
    records.write_json(run / "losses.json", {"losses": list(known.values())})


def write_ladder(run: Path) -> None:
    rows = [("real against real", 1.2), ("real without one class", 4.0), ("copycat", 1.3), ("noise", 300.0)]
    content = [
        {"name": name, "n": 360, "metrics": {"fid[digits]": {"mean": value, "spread": 0.1 * value}}}
        for name, value in rows
    ]
    records.write_json(
        run / "ladders" / "digits-16-digits.json", {"data": "digits", "passport": PASSPORT, "rows": content}
    )


def write_run(
    run: Path,
    losses: tuple[str, ...] = LOSSES,
    seeds: int = 8,
    *,
    statuses: dict[tuple[str, str, int], str] | None = None,
    failing: bool = False,
    timed: bool = True,
    recipes: tuple[str, ...] = RECIPES,
) -> Path:
    """Write a run; `statuses` says which (recipe, loss, seed) are not done, skipped ones stand in run.json alone."""
    ends = statuses or {}
    run.mkdir(parents=True, exist_ok=True)
    skipped = [("published", "r3gan", 0), *(key for key, status in ends.items() if status == "skipped")]
    for recipe in recipes:
        for loss in losses:
            for seed in range(seeds):
                if (recipe, loss, seed) not in skipped:
                    write_cell(run, recipe, loss, seed, "failed" if failing else ends.get((recipe, loss, seed), "done"))
    request = {"command": f"python -m benchmarks.run --out {run}", "options": {"losses": list(losses)}, "cells": []}
    keys = [dict(zip(("recipe", "loss", "seed"), key, strict=True), task="dcgan", data="digits") for key in skipped]
    reason = "batch norm mixes samples"
    records.write_json(run / "run.json", {**request, "skipped": [{"cell": key, "reason": reason} for key in keys]})
    if timed:
        write_timing(run, losses)
    write_facts(run, losses)
    write_ladder(run)
    picture(run / "real" / "digits-16.png", "real")
    return run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 losses × 2 recipes × 8 seeds, one diverged, one failed, one loss skipped. Not to be written into."""
    statuses = {("controlled", "lsgan", 7): "diverged", ("published", "bce", 2): "failed"}
    return write_run(tmp_path_factory.mktemp("synthetic") / "run", statuses=statuses)


@pytest.fixture(scope="session")
def run(run_folder: Path) -> Run:
    """The same, loaded."""
    return load(run_folder)


@pytest.fixture(scope="session")
def crossed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Losses × penalties with holes: lsgan+gp skipped, hinge never alone, wgangp with no penalty, one cell diverged."""
    statuses = {("controlled", "lsgan+gp", seed): "skipped" for seed in range(7)}
    statuses |= {("controlled", "bce+gp", 6): "diverged"}
    folder = tmp_path_factory.mktemp("crossed") / "run"
    return write_run(folder, CROSSED, 7, statuses=statuses, recipes=("controlled",))


@pytest.fixture(scope="session")
def crossed(crossed_folder: Path) -> Run:
    """The same, loaded."""
    return load(crossed_folder)


@pytest.fixture(scope="session")
def write() -> Maker:
    """Writes a run into a folder: write(folder, losses, seeds, …)."""
    return write_run


@pytest.fixture
def make_run(tmp_path: Path) -> Maker:
    """Writes a variant of the run: make_run(losses, seeds, statuses=…, failing=…, timed=…)."""
    return lambda *args, **options: write_run(tmp_path / "run", *args, **options)


@pytest.fixture
def make_cell() -> Maker:
    """Writes one more cell: make_cell(run, recipe, loss, seed, status, steps=…, data=…)."""
    return write_cell


@pytest.fixture(scope="session")
def swept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two domains: 3 losses and a control × 4 weights of the cycle × 2 seeds. Not to be written into."""
    return translations.write_run(tmp_path_factory.mktemp("swept") / "run")


@pytest.fixture(scope="session")
def swept(swept_folder: Path) -> Run:
    """The same, loaded."""
    return load(swept_folder)


@pytest.fixture
def make_translations(tmp_path: Path) -> Maker:
    """Writes a variant of that run: make_translations(losses, seeds, weights, truth=…)."""
    return lambda *args, **options: translations.write_run(tmp_path / "run", *args, **options)


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds of reports draw nothing, which takes most of their time."""

    def save_nothing(run: Run, panels: object, folder: Path, *how: object) -> list[object]:
        folder.mkdir()
        return []

    monkeypatch.setattr(build, "save_figures", save_nothing)
