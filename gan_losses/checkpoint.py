"""Everything a training needs to go on, bit for bit: its own state, its probe's, the global random streams; as bytes and back."""

import io
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_losses.random import stream_seed
from gan_losses.training import Training

State = dict[str, Any]
PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device)


class UnstorableError(Exception):
    """A state holds something that cannot be read back without running code; the message says what and where."""


def capture(training: Training) -> State:
    """The state between two steps. It shares memory with the training: make bytes of it before the next step.

    Our own random numbers are keyed by the step and need no state. Those of torch, numpy and Python are kept for losses of
    the user's own that draw from them.
    """
    probe = {} if training.probe is None else {"probe": training.probe.state_dict()}
    return {"training": training.state_dict(), "random": random_states(training.placement.device), **probe}


def restore(training: Training, state: Mapping[str, Any]) -> None:
    """Bring a training that was built alike to where `capture` was called."""
    training.load_state_dict(state["training"])
    if training.probe is not None:
        training.probe.load_state_dict(state["probe"])
    set_random_states(state["random"], training.placement.device)


def to_bytes(state: State) -> bytes:
    """A state of tensors, numbers, texts, lists, tuples and dicts as bytes.

    Raises:
        UnstorableError: it holds anything else.
    """
    _check(state, "")
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def from_bytes(content: bytes) -> State:
    """What `to_bytes` was given, on the CPU. Runs no code that the bytes bring along.

    Raises:
        ValueError: they are something else.

    Example:
        >>> from_bytes(to_bytes({"step": 3, "weights": [torch.ones(2)]}))
        {'step': 3, 'weights': [tensor([1., 1.])]}
    """
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds
        raise ValueError(f"no state of a training: {type(error).__name__}") from error
    if not isinstance(state, dict):
        raise ValueError("no state of a training")  # noqa: TRY004, one kind for whatever is wrong with the bytes
    return state


def seed_globals(seed: int) -> None:
    """Set the random streams of torch, numpy and Python, which only losses of a user's own may draw from, by the cell's seed."""
    torch.manual_seed(stream_seed(seed, "global/torch"))
    np.random.seed(stream_seed(seed, "global/numpy") % 2**32)  # noqa: NPY002, the very stream that others may draw from
    random.seed(stream_seed(seed, "global/python"))


def random_states(device: torch.device) -> State:
    """The states of the global random streams."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002, likewise
    cuda = {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
    numpy_state = (name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest)
    return {"torch": torch.get_rng_state(), "numpy": numpy_state, "python": random.getstate(), **cuda}


def set_random_states(states: Mapping[str, Any], device: torch.device) -> None:
    """Go on where `random_states` was called."""
    torch.set_rng_state(states["torch"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002, likewise
    random.setstate(states["python"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def _check(value: Any, path: str) -> None:
    if isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections"):
        for name, item in value.items():
            _check(item, f"{path}/{name}")
    elif type(value) in (list, tuple, torch.Size):
        for index, item in enumerate(value):
            _check(item, f"{path}/{index}")
    elif not (type(value) in PLAIN or type(value) in (Tensor, torch.nn.Parameter)):
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise UnstorableError(f"{path.strip('/')} is a {kind}; only tensors, numbers and texts can be kept")
