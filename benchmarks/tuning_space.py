"""The space from which `--tune N` draws the points that recipe `tuned` chooses from: the same N for every loss.

Drawn are independent points of one distribution, and each loss is tried on the same ones (common random numbers). What
the report says of the best of k trials holds for independent trials alone, so the sampler is a plain random one: one that
learns from the trials before it would find better points and void the estimate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.tuning_grid import BETA2, BOUNDS, number_between
from gan_losses.errors import UsageError, unknown_name

SEED = 0  # of the draws
MOST_TRIALS = 1000
MISSING = "--tune needs the package optuna: pip install -e '.[tune]'"
Json = dict[str, Any]


@dataclass(frozen=True)
class Range:
    """All numbers between two.

    Attributes:
        low, high: the ends.
        log: whether the logarithm is uniform, and not the number itself.
    """

    low: float
    high: float
    log: bool = False


Space = Mapping[str, Range | tuple[float, ...]]
# The learning rates of the equal tuning of arXiv:1711.10337's question, a decade around DCGAN's 2e-4 (arXiv:1511.06434), with its
# momentum and without (arXiv:1704.00028); rates act by their ratio, so their logarithm is drawn.
DEFAULT: Space = {
    "learning_rate": Range(5e-5, 5e-4, log=True),
    "beta1": (0.0, 0.5),
    "beta2": (BETA2,),
}
EXAMPLE = "as in learning-rate=5e-5..5e-4 or beta1=0,0.5"


def draw(space: Space, count: int, seed: int = SEED) -> list[Json]:
    """Independent points of a space, by Optuna's random sampler; fewer are the first of more.

    Args:
        space: a range or the values of learning_rate, beta1 and beta2.
        count: of points.
        seed: of the sampler.

    Returns:
        The settings of each point, in the order in which they were drawn; a point may stand there twice.

    Raises:
        UsageError: the package optuna is not installed.

    Example:
        >>> points = draw({"learning_rate": (1e-4,), "beta1": Range(0.0, 0.9), "beta2": (0.9, 0.999)}, 8)
        >>> points[:3] == draw({"learning_rate": (1e-4,), "beta1": Range(0.0, 0.9), "beta2": (0.9, 0.999)}, 3)
        True
        >>> points[0]["learning_rate"], 0.0 <= points[0]["betas"][0] < 0.9, points[0]["betas"][1] in (0.9, 0.999)
        (0.0001, True, True)
    """
    try:
        import optuna
    except ImportError as error:
        raise UsageError(f"{MISSING}.") from error
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
        kinds = {name: _distribution(optuna.distributions, space[name]) for name in DEFAULT}
        found = [study.ask(kinds).params for _ in range(count)]
    finally:
        optuna.logging.set_verbosity(before)
    return [
        {"learning_rate": float(each["learning_rate"]), "betas": [float(each["beta1"]), float(each["beta2"])]}
        for each in found
    ]


def _distribution(kinds: Any, part: Range | tuple[float, ...]) -> Any:
    if isinstance(part, Range):
        return kinds.FloatDistribution(part.low, part.high, log=part.log)
    return kinds.CategoricalDistribution(part)


def sampler() -> str:
    """What draws, in words."""
    import optuna

    return f"RandomSampler of optuna {optuna.__version__}, seed {SEED}"


def read_space(texts: Iterable[str]) -> Space:
    """The space that `--space NAME=LOW..HIGH` and `--space NAME=A,B` texts say; what they leave out is as in `DEFAULT`.

    Raises:
        UsageError: another name, one that stands twice, no range, or a value that Adam cannot have.

    Example:
        >>> read_space(["learning-rate=1e-5..1e-3", "beta1=0.5"])["learning_rate"]
        Range(low=1e-05, high=0.001, log=True)
    """
    found: dict[str, Range | tuple[float, ...]] = {}
    for text in texts:
        name, _, said = text.partition("=")
        key = name.strip().replace("-", "_")
        if key not in DEFAULT:
            raise unknown_name("setting of --space", name.strip(), [each.replace("_", "-") for each in DEFAULT])
        if key in found:
            raise UsageError(f"--space {name.strip()} stands more than once; say all of it at once.")
        found[key] = _range(text, said, key) if ".." in said else _values(text, said, key)
    return {name: found.get(name, part) for name, part in DEFAULT.items()}


def _range(text: str, said: str, key: str) -> Range:
    low, high = (_number(text, end, key) for end in said.split("..", 1))
    if not low < high:
        raise UsageError(f"--space {text}: expected a range from a lower to a higher number, {EXAMPLE}.")
    return Range(low, high, log=key == "learning_rate")


def _values(text: str, said: str, key: str) -> tuple[float, ...]:
    values = tuple(_number(text, part, key) for part in said.split(","))
    if len(set(values)) < len(values):
        raise UsageError(f"--space {text}: a value stands more than once; name each once.")
    return values


def _number(text: str, part: str, key: str) -> float:
    number = number_between(part.strip(), *BOUNDS[key])
    if number is None or number < 0:
        bounds = "above 0 and below 1" if key == "learning_rate" else "of at least 0 and below 1"
        raise UsageError(f"--space {text}: expected numbers {bounds}, {EXAMPLE}.")
    return number


def as_json(space: Space) -> Json:
    """A space as it stands in a record.

    Example:
        >>> as_json({"learning_rate": Range(1e-5, 1e-3, log=True), "beta1": (0.0, 0.5)})
        {'learning_rate': {'low': 1e-05, 'high': 0.001, 'log': True}, 'beta1': [0.0, 0.5]}
    """
    return {
        name: {"low": part.low, "high": part.high, "log": part.log} if isinstance(part, Range) else list(part)
        for name, part in space.items()
    }


def of_json(content: Mapping[str, Any]) -> Space:
    """The space that stands in a record.

    Example:
        >>> of_json(as_json(DEFAULT)) == DEFAULT
        True
    """
    return {name: Range(**part) if isinstance(part, dict) else tuple(part) for name, part in content.items()}
