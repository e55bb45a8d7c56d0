"""A fingerprint of a picture that survives another size and another compression, to find a photo used twice (2.1 F)."""

from __future__ import annotations

import io

_WIDE, _HIGH = 9, 8


def picture_hash(raw: bytes) -> str:
    """The difference hash of a picture: 64 bits as 16 hex digits, one for "darker than its right neighbour".

    Empty for bytes that are no picture, and for one without any contrast: all of those would look alike.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(raw), formats=["PNG", "JPEG"]) as picture:
            turned = ImageOps.exif_transpose(picture)
            small = turned.convert("L").resize((_WIDE, _HIGH), Image.Resampling.BILINEAR)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ""
    points = small.tobytes()
    bits = 0
    for row in range(_HIGH):
        for column in range(_WIDE - 1):
            here = row * _WIDE + column
            bits = bits << 1 | (points[here] < points[here + 1])
    return f"{bits:016x}" if max(points) - min(points) > 1 else ""


def distance(one: str, other: str) -> int:
    """How many of the 64 bits differ; up to about 6 is the same picture."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
