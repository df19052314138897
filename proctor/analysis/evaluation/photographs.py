"""How often a face is told from another's: on drawn portraits, which are shipped, and on photographs of people.

Drawings lie closer together for a network than people do: on them it says little that is wrong, and misses much.
People who stand together on one photograph are different people: no other truth is needed. Each sits before a drawn
seat's camera, once under the own check-in photo and once under that of the next on the photograph. The own photo is the
same picture mirrored, in other light and size, through another codec: kinder than a photo that is years old.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from proctor.analysis.comparison import Comparer, Comparison
from proctor.analysis.detector import BlazeFace, Face, Picture
from proctor.analysis.evaluation.drawing import HEIGHT, WIDTH, make_room, sense
from proctor.analysis.evaluation.evaluate import Tally, encoder
from proctor.analysis.evaluation.portraits import Pose, draw_portrait, make_traits
from proctor.analysis.identity import ResidualNet
from proctor.analysis.pictures import Pictures
from proctor.analysis.thresholds import OTHER_FACE, thresholds
from proctor.analysis.watch import SeatWatch
from proctor.media.payload import VP8

EVERY_S, LENGTH_S = 4, 80
FACE_WIDTH = 72
"""Pixels of a face on a tile whose candidate sits an arm's length away."""
NEAR = 2.2
"""How much larger than it is drawn a portrait's face must be to come to that width."""
AT_CHECK_IN, SEATED = Pose(turn=-0.5, light=1.12), Pose(turn=0.4, light=0.9, smile=1.0)
MARGIN = 0.9
"""Of a face's width: what is cut around it."""


class Sitters:
    """People before a seat's camera, each once under the own check-in photo and once under somebody else's.

    `tally` counts prompts that were right, wrong and missed.
    """

    def __init__(self) -> None:
        measures = thresholds().measures
        self.tally = Tally()
        self.people = 0
        self._detector = BlazeFace(measures.face_score)
        self._comparer = Comparer(self._detector, ResidualNet(), measures.face_distance)
        self._decoder = Pictures()

    def seat(self, person: Picture, own: bytes, other: bytes | None) -> None:
        """Seat somebody, twice where there is another's photo; takes some two seconds of processor time."""
        self.people += 1
        self._count(stranger=False, observed=self._observed(person, own))
        if other is not None:
            self._count(stranger=True, observed=self._observed(person, other))

    def seat_all(self, folder: Path) -> None:
        """Seat everybody who looks ahead on a folder's photographs."""
        for path in sorted(folder.glob("*.jpg")):
            group = self._cut(path)
            for number, person in enumerate(group):
                other = _portrait(group[(number + 1) % len(group)]) if len(group) > 1 else None
                self.seat(person, _portrait(person), other)

    def seat_drawn(self, count: int) -> None:
        """Seat so many drawn people; the check-in photo shows each in another pose and other light."""
        people = make_traits(count)
        photos = [_jpeg(draw_portrait(each, AT_CHECK_IN)) for each in people]
        for number, each in enumerate(people):
            near = cv2.resize(draw_portrait(each, SEATED), None, fx=NEAR, fy=NEAR, interpolation=cv2.INTER_CUBIC)
            self.seat(np.ascontiguousarray(near, dtype=np.uint8), photos[number], photos[(number + 1) % count])

    def _cut(self, path: Path) -> list[Picture]:
        """Return everybody who looks ahead, cut out of a photograph."""
        read = cv2.imread(str(path))
        if read is None:
            return []
        picture: Picture = np.ascontiguousarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        faces = self._detector.faces(picture)
        recognisable = [each for each in faces if self._comparer.recogniser.template(picture, each) is not None]
        return [_around(picture, each) for each in recognisable]

    def _observed(self, person: Picture, photo: bytes) -> bool:
        watch, comparison, encode = SeatWatch(thresholds()), Comparison(self._comparer, photo), encoder()
        for at, picture in _pictures(person):
            decoded = self._decoder.decode(VP8, encode(picture))
            if decoded is None:
                continue
            faces = self._detector.faces(decoded.picture)
            apart = comparison.look(at, decoded.picture, faces)
            if any(each.kind == OTHER_FACE for each in watch.picture(at, decoded.grey, len(faces), apart)):
                return True
        return False

    def _count(self, *, stranger: bool, observed: bool) -> None:
        self.tally.right += stranger and observed
        self.tally.missed += stranger and not observed
        self.tally.wrong += observed and not stranger


def _around(picture: Picture, face: Face) -> Picture:
    margin = int(face.width * MARGIN)
    top, left = max(0, face.y - margin), max(0, face.x - margin)
    cut = picture[top : face.y + face.height + margin, left : face.x + face.width + margin]
    scale = FACE_WIDTH * 3 / face.width
    return np.ascontiguousarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _portrait(person: Picture) -> bytes:
    """Return somebody's check-in photo."""
    lit = np.clip(person[:, ::-1].astype(np.float32) * 1.1 + 8, 0, 255).astype(np.uint8)
    return _jpeg(lit)


def _jpeg(picture: Picture) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return data.tobytes()


def _pictures(person: Picture) -> Iterator[tuple[float, Picture]]:
    """Yield seconds and pictures of somebody who sways a little before a seat's camera."""
    small = cv2.resize(person, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)[:HEIGHT, :WIDTH]
    height, width = small.shape[:2]
    room = make_room(1)
    for at in range(0, LENGTH_S, EVERY_S):
        seat = np.full((HEIGHT, WIDTH, 3), room.wall, np.uint8)
        top = (HEIGHT - height) // 2
        left = min(max(0, (WIDTH - width) // 2 + int(12 * np.sin(at / 7))), WIDTH - width)
        seat[top : top + height, left : left + width] = small
        yield float(at), sense(seat, room, at, light=0.85)
