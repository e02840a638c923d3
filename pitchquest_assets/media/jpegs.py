"""Turns decoded pictures into upright JPEGs, and packs them into a ZIP."""

import io
import math
import struct
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pitchquest_assets.media.hdr import is_hdr, to_sdr
from pitchquest_assets.model import Frame

JPEG_QUALITY = 85
# A more extreme pixel shape is a mistake in the header.
MAX_PIXEL_ASPECT = Fraction(4)
# Taller pictures are squeezed to this height.
MAX_HEIGHT_PX = 16_384
CONTACT_SHEET = "contact_sheet.jpg"
# Dagster keeps pictures in metadata for ever, as base64 in its event log: see
# benchmarks/event_log.py.
CONTACT_SHEET_MAX_BYTES = 2_500
CONTACT_SHEET_PICTURES = 5
CONTACT_SHEET_COLUMNS = 5
THUMBNAIL_WIDTH_PX = 80
# Taller ones are squeezed: a JPEG has at most 65,535 rows.
THUMBNAIL_MAX_HEIGHT_PX = 320

Image = NDArray[np.uint8]


class Album:
    """Collects pictures one by one; keeps only their JPEGs and thumbnails in memory.

    Args:
        width_px: the largest width of the upright pictures.
        pixel_aspect: the width of a stored pixel divided by its height.
        expected: roughly how many pictures there will be.
    """

    def __init__(self, width_px: int, pixel_aspect: Fraction, expected: int) -> None:
        self.frames: list[Frame] = []
        self.size: tuple[int, int] = (0, 0)  # of the first picture
        self._width_px = width_px
        self._orientation: Orientation | None = None
        plausible = 1 / MAX_PIXEL_ASPECT <= pixel_aspect <= MAX_PIXEL_ASPECT
        self._pixel_aspect = pixel_aspect if plausible else Fraction(1)
        self._every = math.ceil(expected / CONTACT_SHEET_PICTURES)
        self._thumbnails: list[Image] = []
        self._shown: VideoFrame | None = None
        self._jpegs: dict[str, bytes] = {}

    def add(self, picture: VideoFrame, time_seconds: float) -> None:
        """Turn a decoded picture upright, scale it, and keep it under its time.

        The same picture again, which is still on screen, stands for one more cell.
        """
        if picture is self._shown:
            last = self.frames[-1]
            self.frames[-1] = last.model_copy(update={"cells": last.cells + 1})
            return
        self._shown = picture
        if self._orientation is None:
            self._orientation = Orientation.of(picture)
        image = upright_image(picture, self._orientation, self._pixel_aspect, self._width_px)
        name = f"{len(self.frames) + 1:04d}_{time_seconds:.3f}s.jpg"
        self._jpegs[name] = encode_jpeg(image, JPEG_QUALITY)
        if len(self.frames) % self._every == 0:
            self._thumbnails.append(_thumbnail(image))
        height, width = image.shape[:2]
        stored_width = picture.height if self._orientation.swapped else picture.width
        self.frames.append(
            Frame(time_seconds=time_seconds, name=name, scale=width / max(1, stored_width))
        )
        self.size = self.size if len(self.frames) > 1 else (width, height)

    def close(self) -> bytes:
        """Return the ZIP, whose last entry is the contact sheet; b"" if there are no pictures."""
        if not self.frames:
            return b""
        self._jpegs[CONTACT_SHEET] = _contact_sheet(self._thumbnails)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, data in self._jpegs.items():
                # A ZipInfo has a fixed date, so the same video gives the same bytes.
                archive.writestr(zipfile.ZipInfo(name), data)
        return file.getvalue()


@dataclass(frozen=True)
class Orientation:
    """How to make decoded pictures upright: swap rows and columns, then mirror."""

    swapped: bool = False
    mirrored_columns: bool = False
    mirrored_rows: bool = False

    @classmethod
    def of(cls, picture: VideoFrame) -> "Orientation":
        """Read it from the display matrix: x' = a·x + c·y, y' = b·x + d·y (ISO 14496-12, 6.2.2).

        Call this once per video: PyAV keeps every picture whose side data was read in memory.
        """
        side_data = picture.side_data.get("DISPLAYMATRIX")
        if not isinstance(side_data, SideData):
            return cls()
        a, b, _, c, d = struct.unpack("=5i", bytes(side_data)[:20])
        if abs(b) > abs(a):
            return cls(swapped=True, mirrored_columns=c < 0, mirrored_rows=b < 0)
        return cls(mirrored_columns=a < 0, mirrored_rows=d < 0)


def upright_image(
    picture: VideoFrame, orientation: Orientation, pixel_aspect: Fraction, width_px: int
) -> Image:
    """Return BGR pixels, uint8 (height, width, 3): square, upright, at most `width_px` wide."""
    swapped = orientation.swapped
    width = min(width_px, picture.height if swapped else picture.width)
    aspect = Fraction(picture.width, picture.height) * pixel_aspect
    height = round(width * (aspect if swapped else 1 / aspect) / 2) * 2
    height = min(max(height, 2), MAX_HEIGHT_PX)
    scaled = picture.reformat(
        width=height if swapped else width,
        height=width if swapped else height,
        format="rgb48le" if is_hdr(picture) else "bgr24",
        interpolation="AREA",
        threads=1,
    )
    pixels = scaled.to_ndarray()
    image = to_sdr(pixels, picture.color_trc) if is_hdr(picture) else cast(Image, pixels)
    image = image.transpose(1, 0, 2) if swapped else image
    rows = -1 if orientation.mirrored_rows else 1
    columns = -1 if orientation.mirrored_columns else 1
    return np.ascontiguousarray(image[::rows, ::columns])


def encode_jpeg(image: Image, quality: int) -> bytes:
    """Encode BGR pixels, uint8 (height, width, 3), as a JPEG; `quality` is 0–100."""
    import cv2

    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _thumbnail(image: Image) -> Image:
    import cv2

    height, width = image.shape[:2]
    fitting = min(max(1, round(height * THUMBNAIL_WIDTH_PX / width)), THUMBNAIL_MAX_HEIGHT_PX)
    return cast(
        Image, cv2.resize(image, (THUMBNAIL_WIDTH_PX, fitting), interpolation=cv2.INTER_AREA)
    )


def _contact_sheet(thumbnails: list[Image]) -> bytes:
    """The thumbnails in rows, as a JPEG small enough for Dagster's metadata.

    Each is in a cell as high as the highest: a phone may be turned while it records.
    """
    height = max(one.shape[0] for one in thumbnails)
    columns = min(CONTACT_SHEET_COLUMNS, len(thumbnails))
    rows = math.ceil(len(thumbnails) / columns)
    sheet = np.zeros((rows * height, columns * THUMBNAIL_WIDTH_PX, 3), np.uint8)
    for index, thumbnail in enumerate(thumbnails):
        top = index // columns * height + (height - thumbnail.shape[0]) // 2
        left = index % columns * THUMBNAIL_WIDTH_PX
        sheet[top : top + thumbnail.shape[0], left : left + THUMBNAIL_WIDTH_PX] = thumbnail
    for quality in (70, 50, 35, 20, 10):
        jpeg = encode_jpeg(sheet, quality)
        if len(jpeg) <= CONTACT_SHEET_MAX_BYTES:
            break
    return jpeg
