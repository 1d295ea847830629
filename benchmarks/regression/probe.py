"""Run as a script in a process of its own: which steps can another tree's `gan_losses` build?

python probe.py TREE STEP_WORKER < cases.json    prints {case's name: "" or why it cannot be built}
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any


def answers(worker: Path, cases: list[dict[str, Any]]) -> dict[str, str]:
    """Case's name -> the error of building it, empty where there is none."""
    found = importlib.util.spec_from_file_location("step_worker", worker)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    result = {}
    for case in cases:
        try:
            module.build(case)
            result[case["name"]] = ""
        except Exception as error:  # whatever the other tree raises, it cannot build this step
            result[case["name"]] = f"{type(error).__name__}: {error}"
    return result


def main() -> None:
    """The other tree's packages go before all others, those beside this file included."""
    tree, worker = sys.argv[1:]
    sys.path[0] = tree
    # An installed checkout's finder would give its own modules where the tree lacks some.
    sys.meta_path[:] = [
        each for each in sys.meta_path if not getattr(each, "__module__", "").startswith("__editable__")
    ]
    print(json.dumps(answers(Path(worker), json.load(sys.stdin))))


if __name__ == "__main__":
    main()
