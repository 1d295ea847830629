"""Losses that live elsewhere: my_loss.py:MyLoss, package.module:MyLoss, and installed entry points.

Every way in which such a loss can be unfit is told in one sentence with the file, the line and the remedy.
"""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from gan_losses.errors import UsageError, nearest
from gan_losses.losses.base import GANLoss, Recipe

GROUP = "gan_losses.losses"
DIGEST = "__source_digest__"  # on modules made from a file
OWN = __name__.partition(".")[0]
# Method -> the names of its parameters, in order.
SIGNATURES = {"discriminator": ("real", "fake"), "generator": ("fake", "real"), "penalty": ("update",)}
TEXTS = ("name", "paper", "summary")
NAME = re.compile(r"[^\s+:,/\\|]{1,40}")  # it becomes a folder, and a part of what is typed


def installed() -> dict[str, EntryPoint]:
    """Losses of other installed packages, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def is_custom(text: str) -> bool:
    """Whether the text names a place in a file or module.

    Example:
        >>> is_custom("my_loss.py:MyLoss"), is_custom("package.module:MyLoss:margin=2"), is_custom("lsgan:0.5")
        (True, True, False)
    """
    place, colon, rest = text.partition(":")
    attribute = rest.partition(":")[0]
    module = all(part.isidentifier() for part in place.split("."))
    return place.endswith(".py") or (bool(colon) and module and attribute.isidentifier())


def absolute(text: str) -> str:
    """The text with its file's whole path, so that it means the same in another folder."""
    place, colon, rest = text.partition(":")
    return f"{Path(place).resolve()}{colon}{rest}" if place.endswith(".py") else text


def find(text: str) -> Callable[..., Any]:
    """The class or function that "file.py:Name" or "module:Name" stands for.

    Raises:
        UsageError: it cannot be imported, or has no such name.
    """
    place, _, rest = text.partition(":")
    name = rest.partition(":")[0]
    module = _from_file(text, Path(place)) if place.endswith(".py") else _import(text, place)
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


def _from_file(text: str, path: Path) -> ModuleType:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"loss {text!r}: {path} cannot be read ({error.strerror}); check the path.") from error
    # Named by its content: an edited file is another module, the same file the same classes.
    digest = hashlib.sha256(content).hexdigest()[:8]
    name = f"custom_loss_{hashlib.sha256(bytes(path.resolve())).hexdigest()[:8]}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # for modules that lie beside it
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    setattr(module, DIGEST, digest)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"loss {text!r}: {_where(error, path)}: {_said(error)}; mend the file.") from error
    return module


def _import(text: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            remedy = "install it, or run where it lies, or name its file, as in my_loss.py:MyLoss"
            raise UsageError(f"loss {text!r}: there is no module {error.name!r}; {remedy}.") from error
        raise UsageError(f"loss {text!r}: {_where(error, None)}: {_said(error)}.") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"loss {text!r}: {_where(error, None)}: {_said(error)}.") from error


def _where(error: BaseException, path: Path | None) -> str:
    """File and line: of a syntax error, or of the last line of the user's own that ran."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    own = [frame for frame in frames if path is not None and Path(frame.filename) == path.resolve()]
    frames = [frame for frame in frames if Path(frame.filename) != Path(__file__)]
    if not (own or frames):
        return "its import"
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _said(error: BaseException) -> str:
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    first = words.splitlines()[0] if words else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


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
        raise UsageError(f"loss {text!r}: {_where(error, None)}: {_said(error)}.") from error


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
