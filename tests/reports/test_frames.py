"""Images and animations as addresses that hold them."""

import base64
import io

import pytest
from PIL import Image

from ncl_deepxde.reports.frames import DURATION, film

COLORS = ("red", "lime", "blue")


def colors_of(found):
    """Return the color of the middle of each picture."""
    for address in found.pictures:
        data = base64.b64decode(address.split(";base64,")[1])
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (found.width, found.height)
            yield image.convert("RGB").getpixel((3, 2))


def test_still_image_is_kept_as_it_is(tmp_path):
    path = tmp_path / "still.png"
    Image.new("RGB", (7, 5), "lime").save(path)
    found = film(path)
    assert (found.width, found.height) == (7, 5)
    kind, data = found.pictures[0].split(";base64,")
    assert (len(found.pictures), kind) == (1, "data:image/png")
    assert base64.b64decode(data) == path.read_bytes()


@pytest.mark.parametrize("duration", [80, None])
def test_animation_is_taken_apart_in_order(tmp_path, duration):
    path = tmp_path / "moving.gif"
    first, *others = (Image.new("RGB", (7, 5), color) for color in COLORS)
    times = {} if duration is None else {"duration": duration}
    first.save(path, save_all=True, append_images=others, **times)
    found = film(path)
    assert found.duration == (duration or DURATION)
    assert list(colors_of(found)) == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
