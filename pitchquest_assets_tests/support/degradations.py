"""Ways to spoil a picture, each in rising strength."""

from collections.abc import Callable

import cv2
import numpy as np

from pitchquest_assets.analysis.visual.faces import Face, Picture

Change = Callable[[Picture], Picture]


def narrower(width_px: int) -> Change:
    """As a smaller video has it."""

    def change(picture: Picture) -> Picture:
        height = round(picture.shape[0] * width_px / picture.shape[1] / 2) * 2
        small = cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    return change


def mosaic(columns: int, interpolation: int = cv2.INTER_NEAREST) -> Change:
    """In as many columns of squares; with another interpolation, enlarged from so few pixels."""

    def change(picture: Picture) -> Picture:
        small, size = narrower(columns)(picture), picture.shape[1::-1]
        return np.asarray(cv2.resize(small, size, interpolation=interpolation), np.uint8)

    return change


def jpeg(quality: int) -> Change:
    """Compressed as JPEG."""

    def change(picture: Picture) -> Picture:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    return change


def noisy(sd: float) -> Change:
    """With white noise of this SD in each colour."""

    def change(picture: Picture) -> Picture:
        noise = np.random.default_rng(0).normal(0, sd, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    return change


def blurred(sd_px: float) -> Change:
    """Out of focus."""
    return lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), sd_px), np.uint8)


def both(first: Change, second: Change) -> Change:
    """One after the other."""
    return lambda picture: second(first(picture))


def backlit(face: Face, light: float) -> Change:
    """With a bright background, and the person at this share of the light."""

    def change(picture: Picture) -> Picture:
        shadow = np.zeros(picture.shape[:2], np.float32)
        x, y = face.centre_px
        middle = (round(x), round(y + 0.2 * face.height_px))
        axes = (round(1.1 * face.width_px), round(1.1 * face.height_px))
        cv2.ellipse(shadow, middle, axes, 0, 0, 360, 1, -1)
        shadow = cv2.GaussianBlur(shadow, (0, 0), 8)[..., None]
        bright = np.clip(picture.astype(float) + 80, 0, 255)
        return (bright * (1 - shadow) + light * picture * shadow).astype(np.uint8)

    return change


def series(face: Face) -> dict[str, list[Change]]:
    """Each way to spoil a picture that shows this face, from hardly to heavily."""
    return {
        "narrower": [narrower(width) for width in (640, 320, 240, 160, 120)],
        "enlarged": [mosaic(width, cv2.INTER_CUBIC) for width in (640, 320, 160, 80)],
        "mosaic": [mosaic(columns) for columns in (640, 320, 160, 80, 40)],
        "JPEG": [jpeg(quality) for quality in (90, 50, 20, 10, 5, 3)],
        "noise": [noisy(sd) for sd in (0, 5, 10, 20, 40, 80)],
        "blur": [blurred(sd) for sd in (0.3, 0.7, 1.5, 3, 6)],
        "blur and noise": [
            both(blurred(sd), noisy(noise))
            for sd, noise in ((0.3, 0), (0.7, 5), (1.5, 10), (2, 20), (3, 30), (5, 50))
        ],
        "backlit": [backlit(face, light) for light in (1, 0.6, 0.4, 0.2, 0.08)],
    }
