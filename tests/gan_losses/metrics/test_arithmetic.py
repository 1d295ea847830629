import contextlib

import pytest
import torch

from gan_losses.metrics.arithmetic import exact_products

PLACES = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)


@pytest.mark.parametrize("before", ["tf32", "ieee"])
def test_products_are_exact_inside_and_as_before_outside(before):
    kept = [place.fp32_precision for place in PLACES]
    try:
        for place in PLACES:
            place.fp32_precision = before
        with contextlib.suppress(KeyError), exact_products():
            assert [place.fp32_precision for place in PLACES] == ["ieee", "ieee"]
            raise KeyError  # what fails inside leaves nothing behind
        assert [place.fp32_precision for place in PLACES] == [before, before]
    finally:
        for place, value in zip(PLACES, kept, strict=True):
            place.fp32_precision = value
