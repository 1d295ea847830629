"""Losses that live elsewhere: my_loss.py:MyLoss, package.module:MyLoss, and installed entry points.

Every way in which such a loss can be unfit is told in one sentence with the file, the line and the remedy.
"""

import hashlib
import inspect
import os
import re
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from gan_losses.errors import UsageError, nearest
from gan_losses.losses.base import GANLoss, Recipe
from gan_losses.places import DIGEST, load_module, said, where

GROUP = "gan_losses.losses"
OWN = __name__.partition(".")[0]
# Method -> the names of its parameters, in order.
SIGNATURES = {"discriminator": ("real", "fake"), "generator": ("fake", "real"), "penalty": ("update",)}
TEXTS = ("name", "paper", "summary")
NAME = re.compile(r"[^\s+:,/\\|]{1,40}")  # it becomes a folder, and a part of what is typed


def installed() -> dict[str, EntryPoint]:
    """Losses of other installed packages, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def absolute(text: str) -> str:
    """The text with its file's whole path, so that it means the same in another folder."""
    place, colon, rest = text.partition(":")
    return (
        f"{os.path.realpath(place)}{colon}{rest}" if place.endswith(".py") else text
    )  # Path's fails at a loop of links


def find(text: str) -> Callable[..., Any]:
    """The class or function that "file.py:Name" or "module:Name" stands for.

    Raises:
        UsageError: it cannot be imported, or has no such name.
    """
    place, _, rest = text.partition(":")
    name = rest.partition(":")[0]
    module = load_module("loss", text)
    own = {key: value for key, value in vars(module).items() if inspect.isclass(value) and _is_loss(value)}
    known = [key for key, value in own.items() if value.__module__ == module.__name__]
    if not name:
        options = ", ".join(f"{place}:{key}" for key in known) or "it defines none"
        raise UsageError(f"loss {text!r}: say which class of the file is meant: {options}.")
    if not hasattr(module, name):
        close = nearest(name, known)
        hint = f"did you mean {close!r}?" if close else f"its losses: {', '.join(known) or 'none'}."
        raise UsageError(f"loss {text!r}: {place} defines no {name!r}; {hint}")
    return _factory(text, getattr(module, name))


def load(point: EntryPoint) -> Callable[..., Any]:
    """The class or function of an entry point.

    Raises:
        UsageError: it cannot be imported.
    """
    try:
        found = point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"loss {point.name!r}: its entry point {point.value} cannot be loaded ({reason}).") from error
    return _factory(point.name, found)


def _factory(text: str, found: Any) -> Callable[..., Any]:
    if isinstance(found, GANLoss):
        return lambda: found
    if inspect.isclass(found):
        _check_class(text, found)
    elif not callable(found):
        raise UsageError(
            f"loss {text!r} is {type(found).__name__} {found!r:.40}, no subclass of GANLoss; name a class."
        )
    return found  # type: ignore[no-any-return]


def _is_loss(kind: type) -> bool:
    return issubclass(kind, GANLoss)


def _line(thing: Any) -> str:
    """File and line at which a class or function stands."""
    try:
        return f"{Path(inspect.getsourcefile(thing) or '').name}:{inspect.getsourcelines(thing)[1]}"
    except (OSError, TypeError):
        return getattr(thing, "__qualname__", str(thing))


def _check_class(text: str, kind: type) -> None:
    """Whether the class can be made into a loss at all."""
    if not _is_loss(kind):
        raise UsageError(
            f"loss {text!r}: {_line(kind)}: class {kind.__name__} is no loss; make it a subclass of GANLoss."
        )
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        raise UsageError(f"loss {text!r}: {_line(kind)}: {kind.__name__} does not define {', '.join(missing)}; add it.")
    parameters = vars(kind).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        remedy = "put @dataclass(frozen=True) above the class"
        raise UsageError(f"loss {text!r}: {_line(kind)}: {kind.__name__} is no frozen dataclass; {remedy}.")


def made(text: str, build: Callable[[], Any]) -> GANLoss:
    """What `build` makes, if it keeps to the contract's names and signatures.

    Raises:
        UsageError: it does not, or cannot be made; told with file, line and remedy.
    """
    try:
        return _checked(text, build())
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"loss {text!r}: {where(error)}: {said(error)}.") from error


def _checked(text: str, loss: Any) -> GANLoss:
    if not isinstance(loss, GANLoss):
        raise UsageError(f"loss {text!r} makes {type(loss).__name__}, no loss; it has to return a GANLoss.")
    kind = type(loss)
    for method, names in SIGNATURES.items():
        _check_signature(text, getattr(loss, method), method, names)
    for fact in TEXTS:
        value = getattr(loss, fact)
        if not isinstance(value, str) or not value:
            came = "a method" if callable(value) else repr(value)
            remedy = f'write {fact} = "…"'
            raise UsageError(f"loss {text!r}: {_line(kind)}: {fact} has to be a text, not {came}; {remedy}.")
    if not isinstance(loss.published, Recipe):
        raise UsageError(f"loss {text!r}: {_line(kind)}: published has to be a Recipe, not {loss.published!r:.40}.")
    hash(loss), repr(loss)  # records need both; what they raise is told by the caller
    if not NAME.fullmatch(loss.name) or not loss.name.isprintable():
        remedy = "1 to 40 printable characters, no blank and none of + : , / \\ |"
        raise UsageError(f"loss {text!r}: {_line(kind)}: name {loss.name!r:.60} has to be short and plain: {remedy}.")
    return loss


def _check_signature(text: str, method: Any, name: str, names: tuple[str, ...]) -> None:
    if not callable(method):
        raise UsageError(f"loss {text!r}: {name} is {method!r:.40}, no method; write def {name}(self, …).")
    parameters = inspect.signature(method).parameters
    needed = [key for key, value in parameters.items() if value.default is value.empty]
    wanted = f"{name}(self, {', '.join('real=None' if (name, key) == ('generator', 'real') else key for key in names)})"
    required = names[:1] if name == "generator" else names
    if list(parameters)[: len(names)] != list(names) or len(needed) > len(required):
        came = f"{name}({', '.join(['self', *parameters])})"
        raise UsageError(f"loss {text!r}: {_line(method)}: {came} has to be {wanted}.")


def definition(loss: GANLoss) -> str:
    """The loss's repr with all constants, and a digest of each source file outside this package that it comes from.

    Example:
        >>> from gan_losses.losses.cross_entropy import BCE
        >>> definition(BCE())
        'BCE(real_label=1.0, fake_label=0.0, flip=0.0)'
    """
    kinds = [type(loss), *(type(part) for part in vars(loss).values())]
    own = [kind for kind in kinds if kind.__module__.partition(".")[0] not in (OWN, "builtins")]
    return " ".join([repr(loss), *sorted({f"from {_source(kind)}" for kind in own})])


def _source(kind: type) -> str:
    """The name of the file that defines the class, and a digest of it as it was when it was loaded."""
    try:
        file = Path(inspect.getsourcefile(kind) or "")
        found = getattr(sys.modules.get(kind.__module__), DIGEST, None)
        return f"{file.name} {found or hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
    except (OSError, TypeError):
        return kind.__module__
