"""Images and animations as `data:` addresses, which need no second file."""

from __future__ import annotations

import base64
import io
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageSequence

__all__ = ["Film", "film"]

DURATION = 100
"""Milliseconds of a picture, where the file does not say."""


@dataclass(frozen=True)
class Film:
    """Pictures in their order; a still image has one.

    Attributes:
        pictures: Their addresses.
        duration: Milliseconds that each is shown.
        width: Of a picture, in pixels.
        height: Of a picture, in pixels.
    """

    pictures: tuple[str, ...]
    duration: int
    width: int
    height: int


def film(path: Path) -> Film:
    """Read an image; the pictures of an animation are taken apart.

    A browser cannot hold an animated file, and it can show one picture after another.

    Args:
        path: An image file.
    """
    with Image.open(path) as image:
        width, height = image.size
        if getattr(image, "n_frames", 1) == 1:
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            whole = _address(kind, path.read_bytes())
            return Film((whole,), DURATION, width, height)
        duration = int(image.info.get("duration", 0)) or DURATION
        pictures = tuple(_picture(frame) for frame in ImageSequence.Iterator(image))
    return Film(pictures, duration, width, height)


def _picture(frame: Image.Image) -> str:
    """Encode one frame; no more colors than the file has, which has a palette."""
    whole = frame.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    whole.save(stream, "PNG", optimize=True)
    return _address("image/png", stream.getvalue())


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
