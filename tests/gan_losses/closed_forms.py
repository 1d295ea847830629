"""All losses in plain Python: values, and slopes derived by hand. No torch, nothing of the suite."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Formula = Callable[[float], float]
Term = tuple[Formula, Formula]  # a function of one logit, and its derivative
Slopes = tuple[list[float], list[float]]  # by each real and by each fake logit, times the number of such logits


def sp(t: float) -> float:
    return max(t, 0.0) + math.log1p(math.exp(-abs(t)))


def sigma(t: float) -> float:
    return 1 / (1 + math.exp(-t)) if t > 0 else math.exp(t) / (1 + math.exp(t))


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


class ClosedForm(Protocol):
    def discriminator(self, real: list[float], fake: list[float]) -> float: ...
    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes: ...
    def generator(self, real: list[float], fake: list[float]) -> float: ...
    def generator_slopes(self, real: list[float], fake: list[float]) -> Slopes: ...


@dataclass(frozen=True)
class Pointwise:
    """L_D = mean φ_r(r) + mean φ_f(f), L_G = mean φ_g(f)."""

    on_real: Term
    on_fake: Term
    of_generator: Term

    def discriminator(self, real: list[float], fake: list[float]) -> float:
        return mean([self.on_real[0](r) for r in real]) + mean([self.on_fake[0](f) for f in fake])

    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        return [self.on_real[1](r) for r in real], [self.on_fake[1](f) for f in fake]

    def generator(self, real: list[float], fake: list[float]) -> float:
        return mean([self.of_generator[0](f) for f in fake])

    def generator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        return [0.0 for _ in real], [self.of_generator[1](f) for f in fake]


class Symmetric(ABC):
    """A relativistic loss, whose generator plays the discriminator's game with real and fake swapped."""

    @abstractmethod
    def discriminator(self, real: list[float], fake: list[float]) -> float: ...
    @abstractmethod
    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes: ...

    def generator(self, real: list[float], fake: list[float]) -> float:
        return self.discriminator(fake, real)

    def generator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        by_fake, by_real = self.discriminator_slopes(fake, real)
        return by_real, by_fake


class Paired(Symmetric):
    """L_D = mean sp(f_i - r_i)."""

    def discriminator(self, real: list[float], fake: list[float]) -> float:
        return mean([sp(f - r) for r, f in zip(real, fake, strict=True)])

    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        rise = [sigma(f - r) for r, f in zip(real, fake, strict=True)]
        return [-slope for slope in rise], rise


class Average(Symmetric):
    """L_D = mean sp(f̄ - r) + mean sp(f - r̄): each logit stands in one half by itself, in the other within its mean."""

    def discriminator(self, real: list[float], fake: list[float]) -> float:
        return mean([sp(mean(fake) - r) for r in real]) + mean([sp(f - mean(real)) for f in fake])

    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        reals, fakes = [sigma(mean(fake) - r) for r in real], [sigma(f - mean(real)) for f in fake]
        return [-slope - mean(fakes) for slope in reals], [slope + mean(reals) for slope in fakes]


class AverageSquares(Symmetric):
    """L_D = mean (r - f̄ - 1)² + mean (f - r̄ + 1)²."""

    def discriminator(self, real: list[float], fake: list[float]) -> float:
        reals, fakes = self._errors(real, fake)
        return mean([error**2 for error in reals]) + mean([error**2 for error in fakes])

    def discriminator_slopes(self, real: list[float], fake: list[float]) -> Slopes:
        reals, fakes = self._errors(real, fake)
        return [2 * error - 2 * mean(fakes) for error in reals], [2 * error - 2 * mean(reals) for error in fakes]

    def _errors(self, real: list[float], fake: list[float]) -> Slopes:
        return [r - mean(fake) - 1 for r in real], [f - mean(real) + 1 for f in fake]


def labelled(y: float) -> Term:
    return lambda t: y * sp(-t) + (1 - y) * sp(t), lambda t: (1 - y) * sigma(t) - y * sigma(-t)


def square(label: float) -> Term:
    return lambda t: (t - label) ** 2 / 2, lambda t: t - label


UP: Term = (lambda t: t, lambda t: 1.0)
DOWN: Term = (lambda t: -t, lambda t: -1.0)
NON_SATURATING: Term = (lambda f: sp(-f), lambda f: -sigma(-f))
SATURATING: Term = (lambda f: -sp(f), lambda f: -sigma(f))

BCE = Pointwise(labelled(1), labelled(0), NON_SATURATING)
LEAST_SQUARES = Pointwise(square(1), square(0), square(1))
CENTRED_SQUARES = Pointwise(square(1), square(-1), square(0))
WASSERSTEIN = Pointwise(DOWN, UP, DOWN)

# What f-GAN's two generators differ in: -f*(g(t)), and -g(t).
KL_FAKE: Term = (lambda f: math.exp(f - 1), lambda f: math.exp(f - 1))
REVERSE_KL_REAL: Term = (lambda r: math.exp(-r), lambda r: -math.exp(-r))
REVERSE_KL_FAKE: Term = (lambda f: f - 1, lambda f: 1.0)
PEARSON_FAKE: Term = (
    lambda f: f**2 / 4 + f if f > -2 else -1.0,
    lambda f: f / 2 + 1 if f > -2 else 0.0,
)
HELLINGER_REAL: Term = (lambda r: math.exp(-r) - 1, lambda r: -math.exp(-r))
HELLINGER_FAKE: Term = (lambda f: math.exp(f) - 1, lambda f: math.exp(f))
SHANNON_REAL: Term = (lambda r: sp(-r) - math.log(2), lambda r: -sigma(-r))
SHANNON_FAKE: Term = (lambda f: sp(f) - math.log(2), lambda f: sigma(f))


def negative(term: Term) -> Term:
    return lambda t: -term[0](t), lambda t: -term[1](t)


# What the user types -> its closed form. At a kink the slope is that of the flat side, as of torch's relu.
CLOSED_FORMS: dict[str, ClosedForm] = {
    "bce": BCE,
    "bce:0.9": Pointwise(labelled(0.9), labelled(0), NON_SATURATING),
    "bce:real_label=0.9:fake_label=0.2": Pointwise(labelled(0.9), labelled(0.2), NON_SATURATING),
    "minimax": Pointwise(labelled(1), labelled(0), SATURATING),
    "minimax:0.8:0.1": Pointwise(labelled(0.8), labelled(0.1), SATURATING),
    "lsgan": LEAST_SQUARES,
    "lsgan:0.1:0.9:0.5": Pointwise(square(0.9), square(0.1), square(0.5)),
    "lsgan:-1:1:0": CENTRED_SQUARES,
    "lsgan-pearson": CENTRED_SQUARES,
    "wgan": WASSERSTEIN,
    "wgangp": WASSERSTEIN,
    "wganlp": WASSERSTEIN,
    "hinge": Pointwise(
        (lambda r: max(0.0, 1 - r), lambda r: -1.0 if r < 1 else 0.0),
        (lambda f: max(0.0, 1 + f), lambda f: 1.0 if f > -1 else 0.0),
        DOWN,
    ),
    "dragan": BCE,
    "kl": Pointwise(DOWN, KL_FAKE, negative(KL_FAKE)),
    "kl:saturating=no": Pointwise(DOWN, KL_FAKE, DOWN),
    "reverse-kl": Pointwise(REVERSE_KL_REAL, REVERSE_KL_FAKE, negative(REVERSE_KL_FAKE)),
    "reverse-kl:saturating=no": Pointwise(REVERSE_KL_REAL, REVERSE_KL_FAKE, REVERSE_KL_REAL),
    "pearson": Pointwise(DOWN, PEARSON_FAKE, negative(PEARSON_FAKE)),
    "pearson:saturating=no": Pointwise(DOWN, PEARSON_FAKE, DOWN),
    "hellinger": Pointwise(HELLINGER_REAL, HELLINGER_FAKE, negative(HELLINGER_FAKE)),
    "hellinger:saturating=no": Pointwise(HELLINGER_REAL, HELLINGER_FAKE, HELLINGER_REAL),
    "jensen-shannon": Pointwise(SHANNON_REAL, SHANNON_FAKE, negative(SHANNON_FAKE)),
    "jensen-shannon:saturating=no": Pointwise(SHANNON_REAL, SHANNON_FAKE, SHANNON_REAL),
    "rpgan": Paired(),
    "r3gan": Paired(),
    "ragan": Average(),
    "ralsgan": AverageSquares(),
}
PAIRED = ("rpgan", "r3gan")  # as many real as fake logits
RELATIVISTIC = (*PAIRED, "ragan", "ralsgan")
