"""Options of executors: what only one has is refused for the other, each slip in one sentence."""

import importlib.util

import pytest

from benchmarks.executors.registry import EXECUTORS
from benchmarks.options import read_options
from benchmarks.run import main
from gan_losses.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--executor", "rya"], "unknown executor 'rya': did you mean 'ray'?"),
        (["--address", "auto"], "--address is for --executor ray: add that, or leave --address out."),
        (["--gpus-per-cell", "0.5"], "--gpus-per-cell is for --executor ray"),
        (["--storage", "streamed", "--executor", "local"], "--storage is for --executor ray"),
        (["--node-retries", "5"], "--node-retries is for --executor ray"),
        (["--executor", "ray", "--gpus-per-cell", "0"], "expected a positive number"),
        (["--executor", "ray", "--cpus-per-cell", "0.5"], "whole number"),
        (["--executor", "ray", "--storage", "mine"], "invalid choice"),
        (["--executor", "ray", "--node-retries", "-1"], "0 or more"),
    ],
)
def test_slips_are_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as told:
        read_options(["--losses", "bce", *arguments])
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_cells_run_here_unless_said_otherwise() -> None:
    options = read_options(["--losses", "bce"])
    assert options.executor == "local"
    for executor in EXECUTORS.values():
        assert {name: getattr(options, name) for name in executor.takes} == dict(executor.takes)


def test_ray_is_asked_for_in_a_sentence_where_it_is_missing(monkeypatch, capsys, tmp_path) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "ray" else found(name, *more))
    assert main(["--losses", "bce", "--executor", "ray", "--out", str(tmp_path)]) == 2
    assert "--executor ray needs the package ray: pip install -e '.[ray]'." in capsys.readouterr().err


def test_a_part_of_several_gpus_is_refused_before_any_cluster_is_asked(capsys, tmp_path) -> None:
    assert main(["--losses", "bce", "--executor", "ray", "--gpus-per-cell", "1.5", "--out", str(tmp_path)]) == 2
    assert "expected a part of one GPU or whole ones, as in 0.5 or 2" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_where_no_cluster_answers_it_is_said_at_once(address: str, capsys, tmp_path) -> None:
    assert main(["--losses", "bce", "--executor", "ray", "--address", address, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"--address {address}: no cluster answers (" in said
    assert len(said.splitlines()) == 1
