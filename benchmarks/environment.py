"""Facts of machine, device, libraries and commit that stand with every record."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks.records import digest, slug
from gan_losses.errors import UsageError

LIBRARIES = ("torch", "torchvision", "torchmetrics", "numpy", "gan-losses")


def available_cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's model name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def resolve_device(name: str) -> torch.device:
    """The device of that name; "auto" is CUDA, else Apple's, else the processor.

    Raises:
        UsageError: the device is not there.
    """
    present = _present()
    if name == "auto":
        return torch.device(next(kind for kind, there in present.items() if there))
    if name not in present:
        raise UsageError(f"--device {name}: expected auto, cpu, cuda or mps (CUDA_VISIBLE_DEVICES chooses the GPU).")
    if not present[name]:
        raise UsageError(f"--device {name}: torch {torch.__version__} sees no such device here; use --device cpu.")
    return torch.device(name)


def _present() -> dict[str, bool]:
    return {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}


def at_hand(name: str) -> torch.device:
    """The device of that name, or the processor where only other machines of a run have it.

    Example:
        >>> at_hand("cpu")
        device(type='cpu')
    """
    return torch.device(name if _present().get(name) else "cpu")


def device_facts(device: torch.device, threads: int) -> dict[str, Any]:
    """Name, kind and a file-name-safe fingerprint of what steps run on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    detail = {"name": name, "threads": threads, "cores": available_cores(), "torch": torch.__version__}
    return {"name": name, "kind": device.type, "fingerprint": f"{slug(name.replace(' ', '-'))}-{digest(detail)}"}


def commit() -> str | None:
    """The checkout's commit, with "+changes" where it is not clean; None outside a checkout."""
    root = Path(__file__).parent.parent
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+changes" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    call = ["git", "-C", str(root), *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()


def environment(device: torch.device, commit_id: str | None = None) -> dict[str, Any]:
    """What a record says of where it was made."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": available_cores(),
        "threads": torch.get_num_threads(),
        "device": device_facts(device, torch.get_num_threads())["name"],
        "cuda": torch.version.cuda,
        "commit": commit_id,
        **{library: _version(library) for library in LIBRARIES},
    }


def peak_host_bytes() -> int | None:
    """The most memory this process has held so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return getattr(psutil.Process().memory_info(), "peak_wset", None)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _version(library: str) -> str | None:
    try:
        return version(library)
    except ModuleNotFoundError:  # PackageNotFoundError: run from a bare checkout
        return None
