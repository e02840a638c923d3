"""Decoded pictures become an album whatever their shapes are."""

import io
import zipfile
from fractions import Fraction

import av
import numpy as np
import pytest

from pitchquest_assets.media.jpegs import CONTACT_SHEET, CONTACT_SHEET_PICTURES, Album


def picture(width: int, height: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), format="bgr24")


@pytest.mark.parametrize(
    "sizes",
    [
        [(2, 4_000)] * CONTACT_SHEET_PICTURES,
        [(4_000, 2)] * CONTACT_SHEET_PICTURES,
        [(160, 96), (96, 160), (640, 2), (2, 640)],
    ],
    ids=["thin", "flat", "changing"],
)
def test_pictures_of_any_shape_have_a_contact_sheet(sizes: list[tuple[int, int]]) -> None:
    album = Album(640, Fraction(1), len(sizes))
    for number, size in enumerate(sizes):
        album.add(picture(*size), float(number))
    with zipfile.ZipFile(io.BytesIO(album.close())) as archive:
        names = archive.namelist()
        assert names == [*(frame.name for frame in album.frames), CONTACT_SHEET]
        assert all(archive.read(name).startswith(b"\xff\xd8") for name in names)
