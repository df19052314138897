"""One seat's face and the check-in photo: compared now and then while they agree, more often while they do not."""

import cv2
import numpy as np

from proctor.analysis.detector import Detector, Face, Picture
from proctor.analysis.identity import Recogniser, Template, distance

USUAL_S, DOUBT_S = 120.0, 8.0
"""Seconds from one comparison to the next: while the face is the photo's, and while that is in doubt."""
SURE = 2
"""So many agreeing comparisons one after the other end a doubt."""


class Comparer:
    """What comparing needs; one for all seats of a process."""

    def __init__(self, detector: Detector, recogniser: Recogniser, limit: float) -> None:
        self.detector, self.recogniser, self.limit = detector, recogniser, limit


class Comparison:
    """One seat; without a photo that shows a face nothing is compared."""

    def __init__(self, comparer: Comparer, photo: bytes) -> None:
        self._comparer = comparer
        self._photo: bytes | None = photo
        self._template: Template | None = None
        self._next = 0.0
        self._agreed = 0

    def look(self, at: float, picture: Picture, faces: list[Face]) -> float | None:
        """Return how far the one face of a picture is from the photo's, None where that is not due or cannot be told."""
        if at < self._next or len(faces) != 1:
            return None
        if self._photo is not None:
            self._template, self._photo = self._of_photo(self._photo), None
        if self._template is None:
            return None
        found = self._comparer.recogniser.template(picture, faces[0])
        if found is None:
            return None
        apart = distance(self._template, found)
        self._agreed = self._agreed + 1 if apart <= self._comparer.limit else 0
        self._next = at + (USUAL_S if self._agreed >= SURE else DOUBT_S)
        return apart

    def _of_photo(self, photo: bytes) -> Template | None:
        decoded = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            return None
        picture: Picture = np.ascontiguousarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        faces = self._comparer.detector.faces(picture)
        return self._comparer.recogniser.template(picture, faces[0], ahead=False) if faces else None
