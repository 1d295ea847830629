"""A synthetic run with two domains: all files of the schema, with values made from formulas, no training."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imsave

from benchmarks import records

Json = dict[str, Any]
DOMAINS = ("a", "b")
LOSSES = ("bce", "lsgan", "wgangp", "none")
CONTROL = "none"  # trains no discriminator
WEIGHTS = (1, 3, 10, 30)
SIZE, STEPS = 32, 400
PASSPORT = {
    "extractor": "shapes",
    "domain": "a, b",
    "n_real": {"a": 200, "b": 180},
    "n_fake": {"a": 200, "b": 180},
    "kid_estimator": {"a": "unbiased, n 200", "b": "unbiased, n 180"},
    "image_size": SIZE,
    "data_digest": "s1",
    "split": "test",
}
LEVEL = {"bce": 12.0, "bce+gp": 10.0, "lsgan": 9.0, "wgangp": 15.0, "none": 80.0}
FLOOR = {"a": 1.5, "b": 2.5}


def wobble(*key: object) -> float:
    """A number in [-1, 1] that depends on the key alone."""
    return int(records.digest({"key": key}), 16) / 2**31 - 1


def distance(loss: str, seed: int, weight: float, domain: str, share: float = 1.0) -> float:
    level = LEVEL.get(loss, 11.0) * (1.3 if domain == "b" else 1.0) * (1 + 0.15 * math.log10(weight))
    return level * (1 + 0.1 * wobble(loss, seed, weight, domain)) + 60 * math.exp(-5 * share)


def true_share(loss: str, seed: int, weight: float) -> float:
    if loss == CONTROL:
        return 1.0 + 0.02 * wobble("true", seed)
    return (
        0.3
        + 0.2 * abs(math.log10(weight) - 1)
        + LEVEL.get(loss, 11.0) / 100
        + 0.05 * wobble("true", loss, seed, weight)
    )


def along(loss: str, seed: int, weight: float, share: float) -> Json:
    found: Json = {}
    for domain in DOMAINS:
        value = distance(loss, seed, weight, domain, share)
        found |= {f"fid[shapes]@{domain}": value, f"kid[shapes]@{domain}": value / 100 - 0.05}
        found[f"copy_rate@{domain}"] = 0.01
    return found


def metrics(loss: str, seed: int, weight: float, share: float = 1.0, truth: bool = True) -> Json:
    found = along(loss, seed, weight, share)
    for domain in DOMAINS:
        psnr = 25 + 5 * math.log10(weight) + wobble("psnr", loss, seed, domain)
        found |= {f"cycle_psnr@{domain}": psnr, f"cycle_ssim@{domain}": psnr / 50, f"identity_l1@{domain}": 0.05}
        found |= {f"lost_rounded@{domain}": 0.1, f"lost_noise2@{domain}": 1.5, f"lost_noise8@{domain}": 6.0}
        if truth:
            error = true_share(loss, seed, weight) if share > 0.5 else 1.6
            found |= {f"true_l1@{domain}": error / 10, f"true_ssim@{domain}": 1 - error / 2}
            found |= {f"true_share@{domain}": error, f"outside_l1@{domain}": 0.02, f"kept@{domain}": 1 - error / 3}
    return found


def quality(loss: str, seed: int, weight: float, truth: bool) -> Json:
    on_the_way = [
        {"step": step, "discriminator_updates": step, "images": 4 * step, "metrics": along(loss, seed, weight, share)}
        for step in range(0, STEPS + 1, 100)
        for share in [step / STEPS]
    ]
    best = metrics(loss, seed, weight, 1.0, truth)
    return {
        "passport": PASSPORT,
        "selection": "lowest kid[shapes] (mean of the domains) on validation",
        "selection_metric": "kid[shapes]",
        "best": {"step": STEPS, "metrics": best},
        "final": {"step": STEPS, "metrics": {name: 1.1 * value for name, value in best.items()}},
        "untrained": {"step": 0, "metrics": metrics(loss, seed, weight, 0.0, truth)},
        "along": on_the_way,
    }


def curve_row(loss: str, seed: int, weight: float, step: int) -> Json:
    decay, noise = math.exp(-step / 200), wobble(loss, seed, weight, step)
    terms, saturation, layers = {}, {}, {}
    for domain in DOMAINS:
        if loss != CONTROL:
            terms[f"discriminator_{domain}"] = 0.5 + 0.8 * decay + 0.05 * noise
            terms[f"adversarial_{domain}"] = 0.7 + 0.4 * (1 - decay) + 0.1 * noise
            if loss == "wgangp":
                terms[f"penalty_{domain}"] = 0.5 * decay
            saturation[domain] = critic(loss, noise, decay)
            layers[domain] = {f"layers.{place}.0.weight": 10 ** (-place / 4 + 0.2 * noise) for place in range(5)}
        terms |= {f"cycle_{domain}": 0.4 * decay + 0.1, f"identity_{domain}": 0.2 * decay + 0.05}
    adversarial = None if loss == CONTROL else 0.1 + 0.05 * abs(noise)
    saturation["generator"] = {
        "gradient_norm": 0.5,
        "update_ratio": 10 ** (-3 + 0.3 * noise),
        "stalled_share": 0.0,
        "gradient_norm_adversarial": 0.0 if adversarial is None else adversarial,
        "gradient_norm_cycle": 0.1 * weight * (0.3 + decay),
        "gradient_norm_identity": 0.03 * weight * (0.3 + decay),
        "adversarial_to_cycle": None if adversarial is None else adversarial / (0.1 * weight * (0.3 + decay)),
    }
    names = [f"layers.{place}.{inner}.weight" for place in range(12) for inner in (0, 1)]
    layers["generator"] = {
        f"{domain}.{name}": 10 ** (-place / 12 + 0.1 * noise) for domain in DOMAINS for place, name in enumerate(names)
    }
    counts = {"step": step, "discriminator_updates": step, "images": 4 * step}
    return {**counts, "terms": terms, "saturation": saturation, "layers": layers}


def critic(loss: str, noise: float, decay: float) -> Json:
    slope = -0.3 - (0 if loss == "wgangp" else 1 - decay) + 0.05 * noise
    return {
        "active_fraction_logit": 0.9 + 0.05 * noise,
        "log_slope": slope,
        "log_discriminator_slope": -1 + 0.1 * noise,
        "log_gradient": slope - 1 + 0.1 * noise,
        "signal": 0.4 * decay + 0.1 * noise,
        "accuracy": 0.9 + 0.05 * noise,
        "gradient_norm_ratio": 10 ** (0.5 * noise - 0.5),
        **{f"{kind}_logit_{part}": at + 0.1 * noise for kind, at in (("real", 1), ("fake", -1)) for part in ("mean",)},
        **{f"{kind}_logit_std": 0.5 for kind in ("real", "fake")},
        **{f"slope_q{q:02d}": 10**slope * (0.2 + q / 100) for q in (5, 25, 50, 75, 95)},
        **{f"gradient_q{q:02d}": 10 ** (slope - 1) * (0.2 + q / 100) for q in (5, 25, 50, 75, 95)},
    }


def pictures(count: int, key: str) -> np.ndarray:
    """Square scenes with a disc in each, [count, SIZE, SIZE, 3] in [0, 1]."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    found = []
    for place in range(count):
        x, y, r = (16 + 6 * wobble(key, place, 0), 16 + 6 * wobble(key, place, 1), 8 + 2 * wobble(key, place, 2))
        disc = ((rows - y) ** 2 + (columns - x) ** 2 < r**2)[..., None]
        found.append(np.where(disc, [0.9, 0.2 + 0.05 * (place % 10), 0.2], [0.25, 0.3, 0.4]))
    return np.array(found)


def grid(path: Path, rows: int, columns: int, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.pad(pictures(rows * columns, key), ((0, 0), (1, 1), (1, 1), (0, 0)))
    height = cells.shape[1]
    whole = cells.reshape(rows, columns, height, height, 3).swapaxes(1, 2).reshape(rows * height, columns * height, 3)
    imsave(path, whole)


def write_maps(folder: Path, loss: str, domains: tuple[str, ...] = DOMAINS, side: int = 6, count: int = 5) -> None:
    logits = np.random.default_rng(len(loss)).normal(size=(count, side, side)) * 3
    slopes = {"lsgan": logits - 1, "wgangp": -np.ones_like(logits)}.get(loss, -1 / (1 + np.exp(logits)))
    own = {"logits": logits.tolist(), "slopes": slopes.tolist()}
    records.write_json(folder / "maps.json", {"step": STEPS, "domains": dict.fromkeys(domains, own)})
    (folder / "maps").mkdir(exist_ok=True)
    for domain in domains:
        imsave(folder / "maps" / f"{domain}.png", np.concatenate(list(pictures(count, f"{loss}{domain}")), axis=1))


def write_cell(
    run: Path, loss: str, seed: int, weight: float = 10, *, truth: bool = True, recipe: str = "controlled"
) -> Path:
    settings = {
        **{"steps": STEPS, "batch_size": 4, "image_size": SIZE, "channels": 3, "n_critic": 1, "optimizer": "adam"},
        **{"learning_rate": 2e-4, "features": "shapes", "data_digest": "s1", "device": "cpu", "cycle_weight": weight},
        **{"identity_weight": 0.5, "pixel": "l1", "blocks": 6, "pool": 50, "decay": 0.5, "loss_definition": loss},
        "loss": {"target": 1.0} if loss == "lsgan" else {},
    }
    identity = "/".join(["cyclegan", "shapes", recipe, records.slug(loss), f"seed{seed}-{records.digest(settings)}"])
    folder = run / identity
    rows = [curve_row(loss, seed, weight, step) for step in range(25, STEPS + 1, 25)]
    early, late = rows[1]["saturation"], rows[-1]["saturation"]
    saturation = {
        network: {name: {"early": early[network][name], "late": late[network][name]} for name in early[network]}
        for network in early
    }
    content = {
        **{"id": identity, "status": "done", "reason": None, "step": STEPS},
        "cell": {"task": "cyclegan", "data": "shapes", "recipe": recipe, "loss": loss, "seed": seed},
        **{"settings": settings, "saturation": saturation, "memory": {"peak_host_bytes": 300 * 2**20}},
        **{"environment": {"device": "Test CPU"}, "quality": quality(loss, seed, weight, truth)},
        "time": {"started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:01:00+00:00", "seconds": 60.0},
    }
    folder.mkdir(parents=True, exist_ok=True)
    records.write_json(folder / "record.json", content)
    (folder / "curves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for domain in DOMAINS:
        grid(folder / "samples" / f"step{STEPS:06d}-{domain}.png", 4, 8 if truth else 6, f"{loss}{seed}{domain}")
    if loss != CONTROL:
        write_maps(folder, loss)
    return folder


def write_ladders(run: Path) -> None:
    for domain in DOMAINS:
        passport = {**PASSPORT, "domain": domain, "kid_estimator": PASSPORT["kid_estimator"][domain]}
        passport |= {"n_real": PASSPORT["n_real"][domain], "n_fake": PASSPORT["n_fake"][domain]}
        names = {"real against real": 1.0, "copycat": 1.1, "noise": 100.0}
        rows = [
            {"name": name, "n": 180, "metrics": {"fid[shapes]": {"mean": FLOOR[domain] * by, "spread": 0.1}}}
            for name, by in names.items()
        ]
        path = run / "ladders" / f"shapes-{SIZE}-shapes-{domain}.json"
        records.write_json(path, {"data": "shapes", "passport": passport, "rows": rows})


def write_facts(run: Path, losses: tuple[str, ...]) -> None:
    """losses.json: bce and wgangp with shapes of their own, a control whose generator's loss is 0, the others like bce."""
    logit = [step / 10 for step in range(-100, 101)]
    softplus = [math.log1p(math.exp(-abs(f))) + max(f, 0) for f in logit]
    nothing = [0.0] * len(logit)
    bce = {"real": softplus[::-1], "fake": softplus, "generator": softplus[::-1]}
    shapes: Json = {CONTROL: {"real": None, "fake": None, "generator": nothing, "slope": nothing}}
    shapes["wgangp"] = {"real": [-f for f in logit], "fake": logit, "generator": [-f for f in logit]}
    shapes["wgangp"]["slope"] = [1.0] * len(logit)
    facts = [
        {
            **{
                "name": loss,
                "base": loss.partition("+")[0],
                "penalties": loss.split("+")[1:],
                "paper": "",
                "summary": "",
                "definition": "",
            },
            "equilibrium": {"discriminator": None, "generator": None},
            "shape": {"logit": logit, **shapes.get(loss, {**bce, "slope": [1 / (1 + math.exp(f)) for f in logit]})},
        }
        for loss in losses
    ]
    records.write_json(run / "losses.json", {"losses": facts})


def write_run(
    run: Path,
    losses: tuple[str, ...] = LOSSES,
    seeds: int = 2,
    weights: tuple[float, ...] = WEIGHTS,
    *,
    truth: bool = True,
) -> Path:
    """Every loss at every weight, with all files but a timing record."""
    for weight in weights:
        for loss in losses:
            for seed in range(seeds):
                write_cell(run, loss, seed, weight, truth=truth)
    records.write_json(run / "run.json", {"command": "python -m benchmarks.run", "options": {"losses": list(losses)}})
    write_facts(run, losses)
    write_ladders(run)
    for domain in DOMAINS:
        grid(run / "real" / f"shapes-{SIZE}-{domain}.png", 4, 8, f"real{domain}")
    return run
