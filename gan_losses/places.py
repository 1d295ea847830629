"""Code that lives elsewhere: modules by name or by file, and what went wrong in them in one sentence."""

import hashlib
import importlib
import importlib.util
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from gan_losses.errors import UsageError
from gan_losses.regular import read_regular

MOST_BYTES = 64 << 20  # of a module
LONGEST = 300  # characters of an error
DIGEST = "__source_digest__"  # on modules made from a file
MOVED: dict[
    str, str
] = {}  # a file as it is spelled -> where it lies in this process, on another machine than the user's


def is_place(text: str) -> bool:
    """Whether the text names a place in a file or module.

    Example:
        >>> is_place("my_loss.py:MyLoss"), is_place("package.module:MyLoss:margin=2"), is_place("lsgan:0.5")
        (True, True, False)
    """
    place, colon, rest = text.partition(":")
    attribute = rest.partition(":")[0]
    module = all(part.isidentifier() for part in place.split("."))
    return place.endswith(".py") or (bool(colon) and module and attribute.isidentifier())


def load_module(kind: str, text: str) -> ModuleType:
    """The module of "file.py:Name" or "package.module:Name".

    A file's module is named by its path and content: an edited file is another module, the same file the same classes.

    Args:
        kind: of thing that is looked for, "loss" or "features", for the sentence.
        text: the place.

    Raises:
        UsageError: it cannot be found or imported; told with file, line and remedy.
    """
    place = text.partition(":")[0]
    if place.endswith(".py"):
        return _from_file(kind, text, Path(MOVED.get(place, place)))
    return _import(kind, text, place)


def where(error: BaseException, path: Path | None = None) -> str:
    """File and line: of a syntax error, or of the last line that ran, of `path` if one of it did."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    own = [frame for frame in frames if path is not None and Path(frame.filename) == path.resolve()]
    frames = [frame for frame in frames if Path(frame.filename) != Path(__file__)]
    if not (own or frames):
        return "its import"
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def said(error: BaseException) -> str:
    """The kind of an error and its first line.

    Example:
        >>> said(ValueError("no such thing"))
        'ValueError: no such thing'
    """
    try:
        words = str(error.msg if isinstance(error, SyntaxError) else error).splitlines()
    except Exception:  # a user's own error may fail to tell what it is
        words = []
    first = "".join(each if each.isprintable() else " " for each in words[0][:LONGEST]) if words else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _from_file(kind: str, text: str, path: Path) -> ModuleType:
    try:
        content = read_regular(path, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{kind} {text!r}: {path} cannot be read ({error.strerror}); check the path.") from error
    digest = hashlib.sha256(content).hexdigest()[:8]
    name = f"custom_{kind}_{hashlib.sha256(bytes(path.resolve())).hexdigest()[:8]}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # for modules that lie beside it
    loader = SourceFileLoader(name, str(path.resolve()))  # said, since a link may lead to a file without the suffix
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    setattr(module, DIGEST, digest)
    try:
        # The very bytes that were hashed: an import might take older ones, compiled within the same second.
        exec(compile(content, str(path.resolve()), "exec"), vars(module))
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"{kind} {text!r}: {where(error, path)}: {said(error)}; mend the file.") from error
    return module


def _import(kind: str, text: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            remedy = f"install it, or run where it lies, or name its file, as in my_{kind}.py:Name"
            raise UsageError(f"{kind} {text!r}: there is no module {error.name!r}; {remedy}.") from error
        raise UsageError(f"{kind} {text!r}: {where(error)}: {said(error)}.") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{kind} {text!r}: {where(error)}: {said(error)}.") from error
