"""The steps that are guarded by default, as data: small enough that a check takes less than a minute."""

from collections.abc import Sequence
from typing import Any

from benchmarks.step_cases import StepCase, step_case
from gan_losses.errors import UsageError, unknown_name

# Device -> task -> its losses, sizes and batch. A step takes 3 to 15 ms: of one thread on a CPU; on a GPU at the sizes that
# are trained there.
GUARDED: dict[str, dict[str, dict[str, Any]]] = {
    "cpu": {
        "dcgan": {
            "losses": ("bce", "lsgan", "wgangp"),
            "sizes": {"image_size": 16, "width": 16, "latents": 16, "channels": 1},
            "batch_size": 16,
        },
        "cyclegan": {
            "losses": ("bce", "lsgan"),
            "sizes": {"image_size": 16, "width": 8, "blocks": 1, "layers": 1, "discriminator_width": 8, "channels": 1},
            "batch_size": 1,
        },
    },
    "cuda": {
        "dcgan": {
            "losses": ("bce", "lsgan", "wgangp"),
            "sizes": {"image_size": 64, "width": 64, "latents": 100, "channels": 3},
            "batch_size": 64,
        },
        "cyclegan": {
            "losses": ("bce", "lsgan"),
            "sizes": {"image_size": 128, "width": 32, "blocks": 6, "layers": 3, "channels": 3},
            "batch_size": 1,
        },
    },
}
RECIPE = "controlled"


def guarded_cases(tasks: Sequence[str] = (), losses: Sequence[str] = (), device: str = "cpu") -> list[StepCase]:
    """The steps that a check measures.

    Args:
        tasks: only these; all where empty.
        losses: these, of every task; each task's own where empty.
        device: "cpu" or "cuda".

    Raises:
        UsageError: no such task or loss, or one that stands twice.

    Example:
        >>> [case.name for case in guarded_cases(["cyclegan"])]
        ['cyclegan/bce', 'cyclegan/lsgan']
    """
    known = GUARDED[device]
    for option, names in (("tasks", tasks), ("losses", losses)):
        if len(set(names)) < len(names):
            raise UsageError(f"--{option} {','.join(names)}: a name stands more than once; name each once.")
    for name in tasks:
        if name not in known:
            raise unknown_name("task", name, known)
    cases = [
        step_case(task, loss, known[task]["sizes"], known[task]["batch_size"], RECIPE, device=device)
        for task in tasks or known
        for loss in losses or known[task]["losses"]
    ]
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise UsageError(f"--losses {','.join(losses)}: two of them are the same loss; name each once.")
    return cases
