"""Checks of what a loss says of itself: its repr, its texts, its recipe."""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from gan_losses.conformance.base import Failure, demand
from gan_losses.losses.base import Band, Equilibrium, GANLoss, Recipe
from gan_losses.networks import NORMS
from gan_losses.training import OPTIMIZERS

ARXIV = re.compile(r"arXiv:\d{4}\.\d{4,5}")
WORDS = {"inf": math.inf, "nan": math.nan}


def written(loss: GANLoss) -> str:
    """A frozen dataclass that can be built again from its repr. Meant for constants that the repr, and so the record, hides."""
    parameters = vars(type(loss)).get("__dataclass_params__")
    demand(parameters is not None and parameters.frozen, f"{type(loss).__name__} is no frozen dataclass")
    kinds = {kind.__name__: kind for kind in _kinds(loss)}
    text = repr(loss)
    for kind in kinds.values():
        text = text.replace(f"{kind.__qualname__}(", f"{kind.__name__}(")  # a class within a function or a class
    try:
        again = _built(ast.parse(text, mode="eval").body, kinds)
    except SyntaxError as error:
        raise Failure(f"its repr {text!r} is no expression") from error
    demand(again == loss, f"its repr {text} stands for another loss")
    demand(hash(again) == hash(loss), "two equal losses have two hashes")
    return text


def _kinds(value: Any) -> Iterator[type]:
    """The dataclasses that it is made of."""
    if is_dataclass(value):
        yield type(value)
        for field in fields(value):
            yield from _kinds(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _kinds(part)


def _built(node: ast.expr, kinds: dict[str, type]) -> Any:
    """The value of a repr: constants, tuples, and calls of these classes with keywords."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(_built(part, kinds) for part in node.elts)
    if isinstance(node, ast.Name) and node.id in WORDS:
        return WORDS[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_built(node.operand, kinds)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
        return _called(node, kinds[node.func.id], kinds)
    raise Failure(f"its repr has {ast.unparse(node)!r}, which is no number, text, tuple or part with its fields")


def _called(node: ast.Call, kind: Any, kinds: dict[str, type]) -> Any:
    given = {word.arg: _built(word.value, kinds) for word in node.keywords if word.arg is not None}
    wanted = {field.name for field in fields(kind) if field.init}
    missing = sorted(wanted - set(given))
    demand(not missing, f"its repr leaves out {', '.join(missing)}")
    return kind(**{name: value for name, value in given.items() if name in wanted})


def facts(loss: GANLoss) -> str:
    """Texts are texts, numbers are in their ranges, and the published recipe can be built. Meant for facts nobody reads."""
    for name in ("name", "paper", "summary"):
        text = getattr(loss, name)
        demand(isinstance(text, str) and bool(text.strip()), f"{name} has to be a text, not {text!r}")
    for name in ("pairs_logits", "allows_batch_norm", "saturates", "trains_discriminator"):
        demand(isinstance(getattr(loss, name), bool), f"{name} has to be True or False, not {getattr(loss, name)!r}")
    _in_range("flip", loss.flip, 0, 1)
    _in_range("period", loss.period, 1)
    _in_range("boundary", loss.boundary)
    _in_range("clip", loss.clip, 0)
    demand(loss.clip != 0, "clip has to be above 0")
    demand(loss.target > -math.inf, f"target has to be a number or inf, not {loss.target!r}")
    for kink in loss.kinks:
        _in_range("kinks", kink)
    _check_equilibrium(loss.equilibrium)
    _check_recipe(loss, loss.published)
    return loss.paper if ARXIV.fullmatch(loss.paper) else f"source: {loss.paper}"


def _in_range(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    fits = value is None or (isinstance(value, int | float) and low <= value <= high and math.isfinite(value))
    demand(fits, f"{name} has to be a finite number in [{low:g}, {high:g}], not {value!r}")


def _check_equilibrium(declared: Equilibrium) -> None:
    demand(isinstance(declared, Equilibrium), f"equilibrium has to be an Equilibrium, not {declared!r}")
    for name, band in (("discriminator", declared.discriminator), ("generator", declared.generator)):
        low, high = _ends(band)
        demand(low <= high, f"the equilibrium of the {name} goes from {low:g} to {high:g}; the lower end is first")


def _ends(band: Band) -> tuple[float, float]:
    if band is None:
        return 0.0, 0.0
    return band if isinstance(band, tuple) else (band, band)


def _check_recipe(loss: GANLoss, recipe: Recipe) -> None:
    demand(isinstance(recipe, Recipe), f"published has to be a Recipe, not {recipe!r}")
    _known("its optimizer", recipe.optimizer, OPTIMIZERS)
    if recipe.discriminator_norm is not None:
        _known("its discriminator_norm", recipe.discriminator_norm, NORMS)
    forbidden = recipe.discriminator_norm == "batch" and not loss.allows_batch_norm
    demand(not forbidden, "the published recipe has batch norm, which the loss does not allow")
    _in_range("learning_rate", recipe.learning_rate, 0)
    _in_range("n_critic", recipe.n_critic, 1)
    demand(len(recipe.betas) == 2, f"betas has to be two numbers, not {recipe.betas!r}")
    for beta in recipe.betas:
        _in_range("betas", beta, 0, 1)
    if loss.discriminator_norm is not None:
        _known("discriminator_norm", loss.discriminator_norm, NORMS)
        same = recipe.discriminator_norm == loss.discriminator_norm
        demand(
            same,
            f"the published recipe has the norm {recipe.discriminator_norm}, D has to have {loss.discriminator_norm}",
        )


def _known(what: str, name: str, known: dict[str, Any]) -> None:
    demand(name in known, f"{what} {name!r} is none of {', '.join(known)}")
