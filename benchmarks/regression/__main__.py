"""The guard against slower steps.

python -m benchmarks.regression check                  against the stored baseline of this device
python -m benchmarks.regression check --against REV    against another revision, both measured side by side
python -m benchmarks.regression update                 measure and store this device's baseline
python -m benchmarks.regression show                   print what is stored
python -m benchmarks.regression selftest               examine the check itself

Phases that are less than a tenth of the step are shown, not judged.
Exit code: 0 nothing regressed, 1 a regression, 2 a mistake in the call.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.regression import baselines, checks, selftest, showing, trees
from benchmarks.regression.options import make_parser
from gan_losses.command_line import run_command


def main(arguments: Sequence[str] | None = None, folder: Path = baselines.FOLDER, root: Path = trees.ROOT) -> int:
    """The command line.

    Args:
        arguments: without the program's name.
        folder: of the baselines.
        root: of the repository that `--against` names a revision of.
    """

    def command() -> int:
        options = make_parser().parse_args(arguments)
        commands: dict[str, Callable[[], int]] = {
            "check": lambda: checks.check(options, folder, root),
            "update": lambda: checks.update(options, folder),
            "show": lambda: showing.show(folder),
            "selftest": lambda: selftest.selftest(options),
        }
        return commands[options.command]()

    return run_command("benchmarks.regression", command)


if __name__ == "__main__":
    sys.exit(main())
