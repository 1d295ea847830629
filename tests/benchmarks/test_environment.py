import json
import subprocess
from pathlib import Path

import pytest
import torch

from benchmarks import environment
from gan_losses.errors import UsageError


def test_facts_are_plain_json() -> None:
    facts = environment.environment(torch.device("cpu"), "abc")
    assert json.loads(json.dumps(facts)) == facts
    assert facts["torch"] == torch.__version__
    assert facts["threads"] == torch.get_num_threads()


def test_a_fingerprint_tells_devices_and_threads_apart() -> None:
    one, two = (environment.device_facts(torch.device("cpu"), threads)["fingerprint"] for threads in (1, 2))
    assert one != two
    assert "/" not in one
    assert " " not in one


@pytest.mark.parametrize("name", ["tpu", "gpu", "cpu2"])
def test_unknown_devices_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="expected auto, cpu, cuda or mps"):
        environment.resolve_device(name)


def test_auto_takes_the_processor_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert environment.resolve_device("auto").type == "cpu"
    with pytest.raises(UsageError, match="sees no such device"):
        environment.resolve_device("cuda")


def test_the_commit_is_that_of_the_checkout_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object, **options: object) -> None:
        raise subprocess.CalledProcessError(128, "git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert environment.commit() is None
