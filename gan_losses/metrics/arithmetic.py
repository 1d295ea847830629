"""What a network of an extractor computes in."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Name -> what convolutions and products are computed in; statistics of features are float64 whatever it is.
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def dtype_name(precision: str) -> str:
    """As it stands in a passport.

    Example:
        >>> dtype_name("bf16")
        'bfloat16'
    """
    return str(PRECISIONS[precision]).removeprefix("torch.")


@contextmanager
def exact_products() -> Iterator[None]:
    """Inside, a GPU multiplies float32 numbers as such, whatever the training around it asks for.

    torch's own default is TF32 for convolutions, 10 bits of mantissa: a distance would depend on a setting that its
    passport does not name. What was set is set again on leaving.
    """
    places = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
    before = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = "ieee"
        yield
    finally:
        for place, precision in zip(places, before, strict=True):
            place.fp32_precision = precision
