"""Decoded pictures become an album whatever their shapes are."""

import io
import zipfile
from fractions import Fraction

import av
import cv2
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


def test_pictures_of_two_shapes_keep_them_in_the_contact_sheet() -> None:
    album = Album(640, Fraction(1), 2)
    for number, (width, height) in enumerate([(320, 180), (180, 320)]):
        white = av.VideoFrame.from_ndarray(
            np.full((height, width, 3), 255, np.uint8), format="bgr24"
        )
        album.add(white, float(number))
    with zipfile.ZipFile(io.BytesIO(album.close())) as archive:
        data = np.frombuffer(archive.read(CONTACT_SHEET), np.uint8)
    sheet = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    across, upright = sheet[:, :80] > 128, sheet[:, 80:160] > 128
    assert across.any(axis=1).sum() == pytest.approx(45, abs=2)
    assert upright.any(axis=1).sum() == pytest.approx(142, abs=2)


def test_the_same_picture_again_stands_for_one_more_cell() -> None:
    album, shown = Album(640, Fraction(1), 3), picture(160, 96)
    for one, seconds in ((shown, 0.0), (shown, 0.0), (picture(160, 96), 2.0)):
        album.add(one, seconds)
    assert [(frame.time_seconds, frame.cells) for frame in album.frames] == [(0.0, 2), (2.0, 1)]
