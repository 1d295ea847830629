"""The settings that each task has of its own: their options, their values, and several values of one."""

from dataclasses import asdict
from typing import Any

from gan_losses.errors import UsageError, unknown_name
from gan_losses.tasks import TASKS
from gan_losses.tasks.base import options_of, parse_setting

MOST = 1_000_000  # of a setting that is a whole number


def add_settings(group: Any) -> None:
    """Give a group of a parser an option for every setting of any task; one that is not given stays None."""
    for name, (each, tasks) in _task_settings().items():
        help_text = each.metadata["text"] + ("" if len(tasks) == len(TASKS) else f" ({', '.join(tasks)})")
        choices = "|".join(each.metadata["choices"])
        group.add_argument(f"--{name.replace('_', '-')}", metavar=choices or "N", help=help_text)


def _task_settings() -> dict[str, tuple[Any, list[str]]]:
    """Every setting of any task: its field, and the tasks that have it."""
    found: dict[str, tuple[Any, list[str]]] = {}
    for task, kind in TASKS.items():
        for name, each in options_of(kind.settings).items():
            found.setdefault(name, (each, []))[1].append(task)
    return found


def settings_of(values: dict[str, Any]) -> dict[str, Any]:
    """The settings of the task `values["task"]`: its paper's, with those among the values in their place.

    Raises:
        UsageError: a setting of another task, or a value that cannot be.
    """
    task = values["task"]
    own, paper = options_of(TASKS[task].settings), asdict(TASKS[task].settings())
    for name in _task_settings():
        if name in values and name not in own:
            raise UsageError(f"--{name.replace('_', '-')} is no setting of task {task}; leave it out.")
    settings = {name: _setting(each, values[name]) for name, each in own.items() if name in values}
    TASKS[task].check({**paper, **settings})
    # The data decide the channels, the recipe the discriminator's norm.
    return {
        name: value for name, value in {**paper, **settings}.items() if name not in ("channels", "discriminator_norm")
    }


def _setting(each: Any, text: str) -> Any:
    """A setting of the type that it has; whole numbers so large are none that networks could have."""
    value = parse_setting(each, text)
    if isinstance(value, int) and value > MOST:
        raise UsageError(f"--{each.name.replace('_', '-')} {value}: expected a whole number of at most {MOST:,}.")
    return value


def sweep_of(values: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Setting -> its values, from `NAME=A,B` texts.

    Raises:
        UsageError: no such setting, or a value that it cannot have.
    """
    task = TASKS[values["task"]]
    known = {name: each for name, each in options_of(task.settings).items() if name != "image_size"}
    found: dict[str, tuple[Any, ...]] = {}
    for text, several in map(_assignment, values["sweep"]):
        name = text.replace("-", "_")
        if name not in known:
            raise unknown_name("setting to sweep", text, [other.replace("_", "-") for other in known])
        found[name] = tuple(dict.fromkeys(_setting(known[name], value) for value in several))
        for value in found[name]:
            task.check({**asdict(task.settings()), **values["settings"], name: value})
    return found


def _assignment(text: str) -> tuple[str, list[str]]:
    name, equals, several = text.partition("=")
    parts = [value.strip() for value in several.split(",") if value.strip()]
    if not equals or not parts:
        raise UsageError(f"--sweep {text}: expected a setting and its values, as in cycle-weight=1,3,10.")
    return name.strip(), parts
