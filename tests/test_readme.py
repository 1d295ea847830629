"""What the README says is run: its Python, its commands' options, its pictures."""

import re
from pathlib import Path

from benchmarks.options import read_options

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_python_block_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_every_run_command_has_options_that_exist() -> None:
    commands = re.findall(r"python -m benchmarks\.run([^`|\n]*)", README)
    assert len(commands) >= 2
    for command in commands:
        read_options(command.split())


def test_pictures_and_links_are_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_first_screen_holds_the_two_set_up_commands() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m benchmarks.run --losses bce,lsgan,wgangp")
    assert commands[1].endswith("tox")
