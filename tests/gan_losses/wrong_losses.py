"""Losses and penalties that are wrong on purpose, the field's mistakes among them, each with the check meant for it."""

import random
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from gan_losses.losses import BCE, LSGAN, Composed, Equilibrium, GANLoss, RaGAN, Recipe, RpGAN
from gan_losses.losses.divergences import jensen_shannon
from gan_losses.penalties import Penalty, input_gradient, interpolate

WRONG: dict[str, tuple[str, GANLoss]] = {}


def fails(check, **options):
    """Make a frozen dataclass of the class, and register an instance under its name: a penalty joined to `bce`."""

    def register(kind):
        made = dataclass(**{"frozen": True, **options})(kind)()
        WRONG[kind.__name__] = (check, made if isinstance(made, GANLoss) else Composed(BCE(), (made,)))
        return type(made)

    return register


class Wrong(GANLoss):
    """Cross-entropy, of which each one below spoils a part."""

    name, paper, summary = "wrong", "none", "wrong on purpose"

    def discriminator(self, real, fake):
        return BCE().discriminator(real, fake)

    def generator(self, fake, real=None):
        return BCE().generator(fake)


@fails("finite")
class SigmoidThenLogarithm(Wrong):
    def discriminator(self, real, fake):
        return -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()


@fails("precision")
class SigmoidThenLogarithmWithAnEpsilon(Wrong):
    def discriminator(self, real, fake):
        return -torch.log(torch.sigmoid(real) + 1e-30).mean() - torch.log(1 - torch.sigmoid(fake) + 1e-30).mean()


@fails("shapes")
class PatchesSummed(Wrong):
    def generator(self, fake, real=None):
        return F.softplus(-fake).sum() / len(fake)


@fails("shapes")
class LabelsOfOneShape(Wrong):
    def discriminator(self, real, fake):
        ones = torch.ones(len(real), 1, dtype=real.dtype, device=real.device)
        return F.binary_cross_entropy_with_logits(real, ones) + F.softplus(fake).mean()


@fails("shapes")
class DifferencesThatBroadcast(Wrong):
    pairs_logits = True

    def discriminator(self, real, fake):
        return F.softplus(fake.reshape(-1, 1) - real).mean()

    def generator(self, fake, real=None):
        return RpGAN().generator(fake, real)


@fails("shapes")
class NotAScalar(Wrong):
    def generator(self, fake, real=None):
        return F.softplus(-fake)


@fails("mean")
class SumInsteadOfMean(Wrong):
    def discriminator(self, real, fake):
        return F.softplus(-real).sum() + F.softplus(fake).sum()


@fails("permutation")
class PairsWithoutSayingSo(Wrong):
    def discriminator(self, real, fake):
        return RpGAN().discriminator(real, fake)


@fails("permutation")
class FirstLogitCountsTwice(Wrong):
    pairs_logits = True

    def discriminator(self, real, fake):
        return super().discriminator(real, fake) - real.flatten()[0]


@fails("order")
class RealAndFakeSwapped(Wrong):
    def discriminator(self, real, fake):
        return super().discriminator(fake, real)


@fails("slope")
class GeneratorWithTheLabelsOfTheDiscriminator(Wrong):
    def generator(self, fake, real=None):
        return F.softplus(fake).mean()


@fails("slope")
class TargetNotDeclared(Wrong):
    def generator(self, fake, real=None):
        return LSGAN().generator(fake)


@fails("alive")
class EpsilonInTheLogarithm(Wrong):
    def generator(self, fake, real=None):
        return -torch.log(torch.sigmoid(fake) + 1e-8).mean()


@fails("alive")
class LeastSquaresBehindASigmoid(Wrong):
    def discriminator(self, real, fake):
        return LSGAN().discriminator(torch.sigmoid(real), torch.sigmoid(fake))

    def generator(self, fake, real=None):
        return LSGAN().generator(torch.sigmoid(fake))


@fails("alive")
class SaturatesWithoutSayingSo(Wrong):
    def generator(self, fake, real=None):
        return -F.softplus(fake).mean()


@fails("alive")
class SaysThatItSaturates(Wrong):
    saturates = True


@fails("gradcheck")
class DetachedMeans(Wrong):
    pairs_logits = True

    def discriminator(self, real, fake):
        return F.softplus(fake.mean().detach() - real).mean() + F.softplus(fake - real.mean().detach()).mean()

    def generator(self, fake, real=None):
        return RaGAN().generator(fake, real)


class _Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits):
        ctx.save_for_backward(logits)
        return logits.square()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0] * gradient


@fails("gradgradcheck")
class DifferentiableOnlyOnce(Wrong):
    target = 1.0

    def generator(self, fake, real=None):
        return _Square.apply(fake - 1).mean()


@fails("state")
class HiddenRunningMean(Wrong):
    means = []  # noqa: RUF012, it is what is wrong

    def generator(self, fake, real=None):
        self.means.append(fake.detach().mean())
        return super().generator(fake) + torch.stack(self.means[-9:]).mean()


@fails("state")
class CountsItsCalls(Wrong):
    def generator(self, fake, real=None):
        object.__setattr__(self, "calls", getattr(self, "calls", 0) + 1)
        return super().generator(fake)


@fails("state")
class ClampsLogitsInPlace(Wrong):
    def discriminator(self, real, fake):
        real.data.clamp_(-1, 1)
        return super().discriminator(real, fake)


@fails("random")
class NoisyLabels(Wrong):
    def discriminator(self, real, fake):
        labels = 1 - 0.1 * torch.rand_like(real)
        return F.binary_cross_entropy_with_logits(real, labels) + F.softplus(fake).mean()


@fails("random")
class FlipsByPythonsGenerator(Wrong):
    def discriminator(self, real, fake):
        return super().discriminator(real, fake) * (1.0 if random.random() < 2 else 0.0)


@fails("random")
class FlipsByNumPysGenerator(Wrong):
    def discriminator(self, real, fake):
        return super().discriminator(real, fake) * (1.0 if np.random.rand() < 2 else 0.0)  # noqa: NPY002, likewise


@fails("device")
class ReadsItsValue(Wrong):
    def discriminator(self, real, fake):
        value = super().discriminator(real, fake)
        return value if value.item() < 1e30 else 0 * value


@fails("device")
class BranchesOnAMean(Wrong):
    def generator(self, fake, real=None):
        return super().generator(fake) if fake.mean() < 1e30 else 0 * fake.sum()


@fails("device")
class LabelsOnTheCPU(Wrong):
    def discriminator(self, real, fake):
        ones = torch.ones(real.shape, dtype=real.dtype)
        return F.binary_cross_entropy_with_logits(real, ones) + F.softplus(fake).mean()


@fails("autocast")
class LosesItsDigitsInShortNumbers(Wrong):
    def generator(self, fake, real=None):
        return (100 - fake).mean() - 100


@fails("autocast")
class CutsTheGraphUnderAutocast(Wrong):
    def generator(self, fake, real=None):
        return super().generator(fake.detach() if torch.is_autocast_enabled("cpu") else fake)


@fails("repr")
class HidesAConstant(Wrong):
    margin: float = field(default=1.0, repr=False)


@fails("repr", repr=False)
class TellsNothing(Wrong):
    margin: float = 1.0


@fails("repr", frozen=False)
class NotFrozen(Wrong):
    margin: float = 1.0


@fails("repr")
class TellsAnotherNumber(Wrong):
    margin: float = 1.0

    def __repr__(self):
        return f"TellsAnotherNumber(margin={2 * self.margin})"


@fails("facts")
class NoSuchOptimizer(Wrong):
    published = Recipe(optimizer="sdg")


@fails("facts")
class RecipeWithTheNormThatItForbids(Wrong):
    allows_batch_norm = False
    published = Recipe(discriminator_norm="batch")


@fails("facts")
class NoPaper(Wrong):
    paper = None


class LeastSquares(Wrong):
    boundary, target = 0.5, 1.0

    def discriminator(self, real, fake):
        return LSGAN().discriminator(real, fake)

    def generator(self, fake, real=None):
        return LSGAN().generator(fake)


@fails("equilibrium")
class EquilibriumOfAnotherConvention(LeastSquares):
    equilibrium = Equilibrium(0.5, 0.125)


@fails("equilibrium")
class BoundaryOfAnotherLoss(LeastSquares):
    boundary, equilibrium = 0.0, Equilibrium(0.25, 0.125)


class Margins(Wrong):
    boundary, kinks = 0.0, (-1.0, 1.0)

    def discriminator(self, real, fake):
        return (1 - real).relu().mean() + (1 + fake).relu().mean()

    def generator(self, fake, real=None):
        return -fake.mean()


@fails("equilibrium")
class ValueWhereThereIsABand(Margins):
    equilibrium = Equilibrium(2.0, 0.0)


@fails("equilibrium")
class BandTooWide(Margins):
    equilibrium = Equilibrium(2.0, (-2.0, 2.0))


@fails("optimum")
class OptimumOfPearsonsLabels(LeastSquares):
    def optimum(self, real, fake):
        return (real - fake) / (real + fake)


@fails("optimum")
class OptimumWithoutItsTails(Wrong):
    def optimum(self, real, fake):
        return torch.log(real / fake).clamp(-8, 8)


@fails("divergence")
class DivergenceWithoutItsFactor(Wrong):
    def optimal_loss(self, real, fake):
        return 2 * np.log(2) - jensen_shannon(real, fake)


class WrongPenalty(Penalty):
    name, paper, summary, allows_batch_norm = "wrong", "none", "wrong on purpose", False


@fails("penalty-value")
class RootWithoutGuard(WrongPenalty):
    def value(self, update):
        gradient = input_gradient(update.discriminator, update.real).flatten(1)
        return (gradient.square().sum(1).sqrt() - 1).square().mean()


@fails("penalty-value")
class GradientWithoutGraph(WrongPenalty):
    def value(self, update):
        return input_gradient(update.discriminator, update.real).detach().flatten(1).square().sum(1).mean()


@fails("penalty-batch")
class OneNormOverTheBatch(WrongPenalty):
    def value(self, update):
        points = interpolate(update.real, update.fake, update.random)
        return (torch.linalg.vector_norm(input_gradient(update.discriminator, points)) - 1).square()


@fails("penalty-patches")
class PatchesSummedInThePenalty(WrongPenalty):
    def value(self, update):
        points = update.real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(update.discriminator(points).sum(), points, create_graph=True)
        return gradient.flatten(1).square().sum(1).mean()


@fails("penalty-draws")
class OneWeightPerBatch(WrongPenalty):
    def value(self, update):
        weight = torch.rand((), generator=update.random, dtype=update.real.dtype, device=update.real.device)
        gradient = input_gradient(update.discriminator, torch.lerp(update.fake, update.real, weight)).flatten(1)
        return (torch.linalg.vector_norm(gradient, dim=1) - 1).square().mean()


@fails("random")
class WeightsFromTheGlobalGenerator(WrongPenalty):
    def value(self, update):
        weights = torch.rand(len(update.real), 1, 1, 1, dtype=update.real.dtype, device=update.real.device)
        gradient = input_gradient(update.discriminator, torch.lerp(update.fake, update.real, weights)).flatten(1)
        return (torch.linalg.vector_norm(gradient, dim=1) - 1).square().mean()


@fails("device")
class PenaltyThatReadsItsValue(WrongPenalty):
    def value(self, update):
        value = input_gradient(update.discriminator, update.real).flatten(1).square().sum(1).mean()
        return value if value > 0 else 0 * value
