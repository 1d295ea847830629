import os
import tempfile

import pytest

from benchmarks.plan import Cell, DataFacts, LossFacts, TaskFacts, make_plan

PUBLISHED = {
    "optimizer": "adam",
    "learning_rate": 1e-4,
    "betas": [0.0, 0.9],
    "discriminator_norm": "layer",
    "n_critic": 5,
}
SHARED = {
    "steps": 4,
    "seconds": None,
    "batch_size": 4,
    "width": 4,
    "latents": 4,
    "generator_norm": "batch",
    "precision": "fp32",
    "schedule": "none",
    "flip": False,
    "train_size": 16,
    "device": "cpu",
    "features": "digits",
    "eval_every": 2,
    "log_every": 2,
}
DCGAN = TaskFacts("dcgan")
DIGITS = DataFacts("digits", "5109e8921c80fbc0", 1, 16, "digits")


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _own_lock(tmp_path_factory) -> None:
    """A lock file of the tests' own: they measure nothing, and must not wait for a run on the same machine."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(tmp_path_factory.mktemp("lock"))


@pytest.fixture
def cells() -> list[Cell]:
    facts = [LossFacts("bce", "BCE()", {**PUBLISHED, "n_critic": 1}), LossFacts("wgangp", "…", PUBLISHED, False)]
    return list(make_plan(DCGAN, "both", [0, 1], [SHARED], facts, DIGITS).cells)
