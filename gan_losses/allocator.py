"""Keeps freed memory in the process: glibc gives blocks of 32 MB and more back to the kernel at every step."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # <malloc.h>
_LARGEST = 2**31 - 1
SWITCH = "GAN_LOSSES_ALLOCATOR"


def tune_allocator() -> bool:
    """Raise glibc's thresholds for returning memory to their maximum; call it before the first tensor.

    No memory more is held at the peak; an activation is then reused instead of mapped anew. Does nothing with another C
    library, or when the environment variable `GAN_LOSSES_ALLOCATOR` is `default`.

    Returns:
        Whether the thresholds were raised.
    """
    if os.environ.get(SWITCH) == "default" or not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has no mallopt
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _LARGEST))
