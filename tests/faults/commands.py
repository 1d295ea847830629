"""The commands that are hit: small ones that keep what a training must not forget."""

SHARED = [
    "--preset smoke --recipe controlled --seeds 0,1 --eval-every 40 --log-every 20 --checkpoint-every 0.2",
    "--timing-rounds 2 --workers 2",
]
COMMANDS = {
    # Averaged weights, a penalty that draws random numbers, several updates of D.
    "averaged": "--losses bce,wgangp --steps 240 --ema 0.9",
    # Image pools, a schedule, flips, patch maps.
    "cyclegan": "--task cyclegan --losses lsgan --steps 120",
    # A penalty with a memory, and augmentation.
    "memory": "--losses bce+lecam,rpgan --steps 300 --augment diffaugment --schedule linear",
    # For the ordinary tests.
    "short": "--losses bce --steps 120 --ema 0.9 --checkpoint-every 0.05",
}
HIT = ("averaged", "cyclegan", "memory")


def arguments(name: str) -> list[str]:
    """The options of a command but for its output folder."""
    return [*" ".join(SHARED).split(), *COMMANDS[name].split()]
