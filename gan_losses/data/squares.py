"""Images of a set brought to the asked size."""

import numpy as np
from PIL import Image

from gan_losses.data.draft import Pixels


def squares(images: Pixels, size: int) -> Pixels:
    """The square in the middle of each image, resized by antialiased bilinear interpolation: uint8 (N, C, size, size).

    Squares that have the size are left as they are, bit for bit. Pillow resizes, in whole numbers, so that the pixels are
    the same on every machine.

    Args:
        images: uint8 (N, C, H, W), C is 1 or 3.
        size: side of the result in pixels.

    Example:
        >>> squares(np.arange(8, dtype=np.uint8).reshape(1, 1, 2, 4), 2).tolist()
        [[[[1, 2], [5, 6]]]]
    """
    side = min(images.shape[2:])
    top, left = ((length - side) // 2 for length in images.shape[2:])
    middle = images[:, :, top : top + side, left : left + side]
    if side == size:
        return np.ascontiguousarray(middle)
    return np.stack([_resized(image, size) for image in middle])


def _resized(image: Pixels, size: int) -> Pixels:
    whole = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    picture = Image.fromarray(np.ascontiguousarray(whole))
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
    return pixels.reshape(size, size, len(image)).transpose(2, 0, 1)
