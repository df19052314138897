"""What can be measured in one picture without any model; pictures are grey arrays of 120 × 160, 0 to 255."""

from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 160, 120
TREMBLE = 4
"""Levels by which a pixel must change to count: what encoders add to a picture that stands still is less."""
RIM = 0.2
"""Share of width and height, left, right and above, in which people seldom are."""
FLAT_RIM = 4.0
"""Deviation below which a rim shows nothing that could be recognised again."""

Grey = npt.NDArray[np.uint8]


class Look(msgspec.Struct, frozen=True):
    """One picture: mean and standard deviation of its levels, and the variance of its blurred Laplacian, which is sharpness."""

    grey: Any
    mean: float
    deviation: float
    sharpness: float


def look_at(grey: Grey) -> Look:
    """Measure a picture."""
    mean, deviation = cv2.meanStdDev(grey)
    # a covered lens trembles as much as any: without the blur the sensor's noise would pass for edges
    sharpness = float(cv2.Laplacian(cv2.GaussianBlur(grey, (5, 5), 0), cv2.CV_32F).var())
    return Look(grey, float(mean[0][0]), float(deviation[0][0]), sharpness)


def changed_share(one: Grey, other: Grey) -> float:
    """Return the share of pixels that are different in two pictures."""
    return float(np.count_nonzero(cv2.absdiff(one, other) > TREMBLE)) / one.size


def rim_of(grey: Grey) -> npt.NDArray[np.float32]:
    """Return the blurred rim of a picture as a row of levels."""
    soft = cv2.GaussianBlur(grey, (5, 5), 0)
    side, above = int(WIDTH * RIM), int(HEIGHT * RIM)
    parts = (soft[:, :side], soft[:, -side:], soft[:above, side:-side])
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def likeness(scene: npt.NDArray[np.float32], now: npt.NDArray[np.float32]) -> float | None:
    """Return the correlation of two rims, 1 for the same place in any light; None where the scene's shows nothing."""
    if float(scene.std()) < FLAT_RIM:
        return None
    if float(now.std()) < FLAT_RIM / 2:
        return 0.0
    one, other = scene - scene.mean(), now - now.mean()
    return float(np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)))
