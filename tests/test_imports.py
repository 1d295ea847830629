"""Who may import whom: the house's directions, walked in the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("gan_losses", "benchmarks", "reports")
# A module (longest prefix wins) -> what of ours it may import.
ALLOWED = {
    "gan_losses": ("gan_losses",),
    "gan_losses.errors": (),
    "gan_losses.random": (),
    "gan_losses.allocator": (),
    "gan_losses._torchvision": (),
    "gan_losses.spelling": ("gan_losses.errors",),
    "gan_losses.few_channels": (),
    "gan_losses.regular": ("gan_losses.errors",),
    "gan_losses.command_line": ("gan_losses.errors",),
    "gan_losses.places": ("gan_losses.errors", "gan_losses.regular"),
    "gan_losses.averaging": ("gan_losses.errors",),
    "gan_losses.augmentation": (),
    "gan_losses.penalties": (
        "gan_losses.penalties",
        "gan_losses.few_channels",
        "gan_losses.errors",
        "gan_losses.spelling",
    ),
    "gan_losses.losses": (
        "gan_losses.losses",
        "gan_losses.penalties",
        "gan_losses.errors",
        "gan_losses.spelling",
        "gan_losses.places",
    ),
    "gan_losses.networks": ("gan_losses.networks", "gan_losses.few_channels", "gan_losses.random"),
    "gan_losses.data": (
        "gan_losses.data",
        "gan_losses.random",
        "gan_losses.errors",
        "gan_losses.regular",
        "gan_losses._torchvision",
    ),
    "gan_losses.metrics": (
        "gan_losses.metrics",
        "gan_losses.data.base",
        "gan_losses.data.places",
        "gan_losses.places",
        "gan_losses.random",
        "gan_losses.errors",
        "gan_losses.regular",
        "gan_losses.saturation",
        "gan_losses._torchvision",
    ),
    "gan_losses.metrics.shapes": ("gan_losses.metrics", "gan_losses.data.shapes", "gan_losses.errors"),
    "gan_losses.metrics.truth": (
        "gan_losses.metrics",
        "gan_losses.data.truth",
        "gan_losses.data.truth_drawing",
    ),
    "gan_losses.metrics.truth_reading": (
        "gan_losses.metrics",
        "gan_losses.data.base",
        "gan_losses.data.truth",
        "gan_losses.data.truth_drawing",
    ),
    "gan_losses.metrics.factors": ("gan_losses.metrics", "gan_losses.data.truth", "gan_losses.errors"),
    "gan_losses.metrics.stacked": ("gan_losses.metrics", "gan_losses.data.stacked", "gan_losses.errors"),
    "gan_losses.metrics.weights": (
        "gan_losses.metrics",
        "gan_losses.data.default_root",
        "gan_losses.data.fetch",
        "gan_losses.data.places",
        "gan_losses.errors",
        "gan_losses.places",
        "gan_losses.regular",
    ),
    "gan_losses.metrics.train_shapes": ("gan_losses.metrics", "gan_losses.data", "gan_losses.random"),
    "gan_losses.metrics.train_truth": ("gan_losses.metrics", "gan_losses.data", "gan_losses.random"),
    "gan_losses.metrics.train_digits": ("gan_losses.metrics", "gan_losses.data", "gan_losses.random"),
    "gan_losses.timing": (),
    "gan_losses.schedule": (),
    "gan_losses.acceleration": ("gan_losses.errors", "gan_losses.random", "gan_losses.timing", "gan_losses.training"),
    "gan_losses.saturation": (),
    "gan_losses.observer": (
        "gan_losses.saturation",
        "gan_losses.losses.base",
        "gan_losses.penalties",
        "gan_losses.random",
    ),
    "gan_losses.probes": ("gan_losses.saturation", "gan_losses.observer", "gan_losses.losses.base"),
    "gan_losses.tasks": ("gan_losses.tasks", "gan_losses.networks", "gan_losses.errors"),
    "gan_losses.training": (
        "gan_losses.averaging",
        "gan_losses.augmentation",
        "gan_losses.acceleration",
        "gan_losses.errors",
        "gan_losses.data.base",
        "gan_losses.losses.base",
        "gan_losses.penalties",
        "gan_losses.tasks.base",
        "gan_losses.probes",
        "gan_losses.timing",
        "gan_losses.random",
        "gan_losses.schedule",
    ),
    "gan_losses.checkpoint": ("gan_losses.random", "gan_losses.training"),
    "gan_losses.sampling": (
        "gan_losses.errors",
        "gan_losses.data.base",
        "gan_losses.tasks.base",
        "gan_losses.training",
        "gan_losses.random",
        "gan_losses._torchvision",
    ),
    "benchmarks": ("benchmarks", "gan_losses"),
    "benchmarks.records": (),
    "benchmarks.summary": (),
    "benchmarks.cell_folder": ("benchmarks.records",),
    "benchmarks.channel": (),
    "benchmarks.health": (),
    "benchmarks.lock": (),
    "benchmarks.sealed": ("benchmarks.records",),
    "benchmarks.signals": (),
    "benchmarks.plan": ("benchmarks.records",),
    # What examines the verdicts themselves has to call them.
    "benchmarks.experiments": ("benchmarks", "gan_losses", "reports.statistics", "reports.verdicts"),
    # What multiplies the published reference has to unpack it.
    "benchmarks.capacity": ("benchmarks", "gan_losses", "reports.packing"),
    "reports": ("reports", "benchmarks.records"),
}


def modules() -> dict[str, Path]:
    found = {}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in OURS}


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("module", modules())
def test_imports_go_in_the_houses_directions(module: str) -> None:
    if module == "gan_losses":
        return
    rule = ALLOWED[max((prefix for prefix in ALLOWED if under(module, prefix)), key=len)]
    wrong = [name for name in imported(modules()[module]) if not any(under(name, allowed) for allowed in rule)]
    assert not wrong, f"{module} must not import {wrong}"


@pytest.mark.parametrize(
    "module",
    [
        *("benchmarks.records", "benchmarks.plan", "benchmarks.verify", "benchmarks.summary", "reports.build"),
        "benchmarks.executors.ray_node",  # with all that a node runs beside the cells' own processes
    ],
)
def test_records_plans_and_reports_leave_torch_out(module: str) -> None:
    code = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_no_branch_on_a_losss_or_tasks_name() -> None:
    names = {"bce", "minimax", "lsgan", "wgan", "wgangp", "none", "dcgan", "cyclegan"}
    for path in modules().values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.Match):
                constants = {inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant)}
                assert not constants & names, f"{path}:{node.lineno} branches on a name"
