"""Pictures inside of a figure, in as few bytes as they need to be looked at."""

import io
from base64 import b64decode, b64encode

from PIL import Image

from reports.films import encoded

PNG = "data:image/png;base64,"
HEAVY = (
    40_000  # letters from which on a picture is a photograph, or like one: heat maps have a tenth of it, and stay exact
)


def lighter(address: str) -> str:
    """A heavy PNG's data as WebP's, where that is smaller; any other as it is.

    Example:
        >>> lighter("data:image/png;base64,AAAA")
        'data:image/png;base64,AAAA'
    """
    if not address.startswith(PNG) or len(address) < HEAVY:
        return address
    try:
        with Image.open(io.BytesIO(b64decode(address.removeprefix(PNG)))) as picture:
            if picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255):
                return address  # what shines through it has to
            found = f"data:image/webp;base64,{b64encode(encoded(picture.convert('RGB'))).decode()}"
    except (OSError, ValueError):  # whatever it is, it is not for this to say
        return address
    return min(found, address, key=len)
