"""What the name of a metric says: which domain it is of, whether it is a distance, and which way is better."""

LOWER, HIGHER = "lower", "higher"
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


def is_distance(metric: str) -> bool:
    """Whether the metric is a distance between sets of images: no class share, no copy rate, nothing of single pictures.

    Example:
        >>> [is_distance(name) for name in ("kid[shapes]@b", "copy_rate@b", "share[0]", "true_share@b")]
        [True, False, False, False]
    """
    return base(metric) not in ("copy_rate", "share", *TRANSLATION)


def is_frechet(metric: str) -> bool:
    """Whether the metric is a Fréchet distance, in whatever features and domain.

    Example:
        >>> is_frechet("fid[shapes]@b"), is_frechet("fid@b"), is_frechet("kid[shapes]")
        (True, True, False)
    """
    return base(metric) == "fid"


def has_ratios(metric: str) -> bool:
    """Whether the metric is positive with a 0 that means "perfect", so that ratios of it mean something.

    Example:
        >>> has_ratios("fid[digits]"), has_ratios("true_share@b"), has_ratios("kid[digits]")
        (True, True, False)
    """
    return is_frechet(metric) or base(metric) == "true_share"
