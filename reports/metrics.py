"""What the name of a metric says: which domain it is of, whether it is a distance, and which way is better."""

from dataclasses import dataclass

LOWER, HIGHER = "lower", "higher"


@dataclass(frozen=True)
class Meaning:
    """What is known of a metric on sets of images.

    Attributes:
        better: which way.
        distance: whether it is a distance between sets of images: what losses are ranked by.
        signed: whether it can fall below 0, so that ratios of it mean nothing.
        featured: whether it is taken in the features of an extractor, whose name stands in the brackets.
        note: what it says, in a sentence; "" where the page says so elsewhere.
    """

    better: str
    distance: bool = False
    signed: bool = False
    featured: bool = True
    note: str = ""


# A metric that stands neither here nor in TRANSLATION is shown, but is called neither a distance nor good or bad.
SETS = {
    "fid": Meaning(LOWER, distance=True),
    "kid": Meaning(LOWER, distance=True, signed=True),
    "fld": Meaning(LOWER, distance=True, signed=True),
    "precision": Meaning(HIGHER, note="the share of fakes that lie among real images: how real they look"),
    "recall": Meaning(HIGHER, note="the share of real images that lie among fakes: how much of the variety is met"),
    "density": Meaning(
        HIGHER, note="how densely real images lie around the fakes, precision that outliers sway less; may exceed 1"
    ),
    "coverage": Meaning(
        HIGHER, note="the share of real images that have a fake near by, recall that outliers sway less"
    ),
    "is": Meaning(
        HIGHER,
        note="the Inception Score, only to compare with old tables: it sees neither the real images nor memorising",
    ),
    "copy_rate": Meaning(LOWER, featured=False),
    "share": Meaning(HIGHER, featured=False),
    "truth_precision": Meaning(HIGHER, featured=False, note="the share of fakes that are possible pictures of the set"),
    "truth_residual": Meaning(LOWER, featured=False, note="how far fakes are from possible pictures, in grey levels"),
    "truth_modes": Meaning(HIGHER, featured=False, note="how many of the 1,152 modes possible fakes meet"),
    "truth_coverage": Meaning(HIGHER, featured=False, note="the modes met, as a share of what perfect fakes meet"),
    "truth_kl": Meaning(
        LOWER, signed=True, featured=False, note="how unevenly the modes are met, beyond what sampling does"
    ),
    "stacked_modes": Meaning(
        HIGHER, featured=False, note="how many of the 1,000 modes fakes meet, at this number of fakes"
    ),
    "stacked_kl": Meaning(LOWER, featured=False, note="how unevenly they meet them; perfect fakes are not at 0"),
}
# Of translations between domains, on test images: which way is better. None of these is a distance between sets.
TRANSLATION = {
    "true_share": LOWER,
    "true_l1": LOWER,
    "true_ssim": HIGHER,
    "outside_l1": LOWER,
    "kept": HIGHER,
    "cycle_psnr": HIGHER,
    "cycle_ssim": HIGHER,
    "identity_l1": LOWER,
    "lost_rounded": LOWER,
    "lost_noise2": LOWER,
    "lost_noise8": LOWER,
}


def split(metric: str) -> tuple[str, str]:
    """(name, domain) of a metric; the domain is "" where the task has only one.

    Example:
        >>> split("fid[shapes]@b"), split("fid"), split("fid[mine@home]")
        (('fid[shapes]', 'b'), ('fid', ''), ('fid[mine@home]', ''))
    """
    name, _, domain = metric.rpartition("@")
    return (name, domain) if name and "]" not in domain else (metric, "")


def base(metric: str) -> str:
    """The name without features and domain.

    Example:
        >>> base("fid[shapes]@b"), base("copy_rate@a"), base("share[3]")
        ('fid', 'copy_rate', 'share')
    """
    return split(metric)[0].partition("[")[0]


def features(metric: str) -> str | None:
    """The features that the metric is taken in: "" where they are not named (Inception's), None where it needs none.

    Example:
        >>> features("fid[shapes]@b"), features("fid"), features("share[3]"), features("mine[x]")
        ('shapes', '', None, 'x')
    """
    meaning = SETS.get(base(metric))
    if base(metric) in TRANSLATION or (meaning is not None and not meaning.featured):
        return None
    return split(metric)[0].partition("[")[2].removesuffix("]")


def better(metric: str) -> str | None:
    """Which way is better, None of a metric that is not known here.

    Example:
        >>> better("kid[shapes]@b"), better("coverage"), better("true_share@b"), better("mine")
        ('lower', 'higher', 'lower', None)
    """
    meaning = SETS.get(base(metric))
    return meaning.better if meaning else TRANSLATION.get(base(metric))


def is_distance(metric: str) -> bool:
    """Whether the metric is known as a distance between sets of images.

    Example:
        >>> [is_distance(name) for name in ("kid[shapes]@b", "fld", "copy_rate@b", "recall", "true_share@b", "mine")]
        [True, True, False, False, False, False]
    """
    meaning = SETS.get(base(metric))
    return meaning is not None and meaning.distance


def is_frechet(metric: str) -> bool:
    """Whether the metric is a Fréchet distance, in whatever features and domain.

    Example:
        >>> is_frechet("fid[shapes]@b"), is_frechet("fid@b"), is_frechet("kid[shapes]")
        (True, True, False)
    """
    return base(metric) == "fid"


def is_signed(metric: str) -> bool:
    """Whether the metric can fall below 0; True of one that is not known here.

    Example:
        >>> is_signed("kid"), is_signed("fld[x]"), is_signed("is"), is_signed("mine")
        (True, True, False, True)
    """
    meaning = SETS.get(base(metric))
    return base(metric) not in TRANSLATION if meaning is None else meaning.signed


def has_ratios(metric: str) -> bool:
    """Whether the metric is positive with a 0 that means "perfect", so that ratios of it mean something.

    Example:
        >>> [has_ratios(name) for name in ("fid[digits]", "true_share@b", "kid[digits]", "fld", "precision")]
        [True, True, False, False, False]
    """
    return (is_distance(metric) and not is_signed(metric)) or base(metric) == "true_share"
