"""When a face is held against the check-in photo, and what a face that looks away or is missing says: nothing."""

import cv2
import numpy as np

from exam.cli.simulation.camera import draw_person
from proctor.analysis.comparison import DOUBT_S, USUAL_S, Comparer, Comparison
from proctor.analysis.detector import BlazeFace, Face, Picture
from proctor.analysis.identity import ResidualNet, Template, distance, is_frontal

PICTURE = np.zeros((240, 320, 3), np.uint8)
PHOTO = cv2.imencode(".png", np.full((50, 40, 3), 9, np.uint8))[1].tobytes()
FACE = Face(100, 60, 80, 80, 0.9)


class Eyes:
    """Finds one face everywhere and takes it for whom the test says; the photo is always person 0."""

    def __init__(self) -> None:
        self.person: float | None = 0.0
        self.made = 0

    def faces(self, _picture: Picture) -> list[Face]:
        return [FACE]

    def template(self, picture: Picture, _face: Face, *, ahead: bool = True) -> Template | None:
        self.made += 1
        shown = self.person if picture.shape == PICTURE.shape else 0.0
        assert ahead is (picture.shape == PICTURE.shape)
        return None if shown is None else np.array([shown, 0.0])


def test_a_face_is_compared_seldom_while_it_is_the_photos_and_often_while_that_is_in_doubt() -> None:
    eyes = Eyes()
    seat = Comparison(Comparer(eyes, eyes, 0.6), PHOTO)

    def times(since: int, until: int) -> list[int]:
        return [at for at in range(since, until, 4) if seat.look(at, PICTURE, [FACE]) is not None]

    assert times(0, 300) == [0, DOUBT_S, DOUBT_S + USUAL_S, DOUBT_S + 2 * USUAL_S]
    eyes.person = 1.0
    assert times(300, 420) == [*range(368, 420, int(DOUBT_S))]
    eyes.person = 0.0
    assert times(420, 540) == [424, 432]


def test_who_looks_away_or_is_not_alone_is_not_compared() -> None:
    eyes = Eyes()
    seat = Comparison(Comparer(eyes, eyes, 0.6), PHOTO)
    assert seat.look(0, PICTURE, []) is None
    assert seat.look(4, PICTURE, [FACE, FACE]) is None
    assert eyes.made == 0
    eyes.person = None
    assert seat.look(8, PICTURE, [FACE]) is None
    eyes.person = 0.9
    assert seat.look(12, PICTURE, [FACE]) == 0.9
    unreadable = Comparison(Comparer(eyes, eyes, 0.6), b"no picture")
    assert unreadable.look(0, PICTURE, [FACE]) is None


def test_a_nose_beside_the_middle_of_the_eyes_looks_away() -> None:
    ahead = np.array([[60, 40], [50, 40], [20, 40], [30, 40], [40, 60]], dtype=np.float64)
    aside = ahead.copy()
    aside[4, 0] = 54
    assert (is_frontal(ahead), is_frontal(aside)) == (True, False)
    assert not is_frontal(np.zeros((5, 2)))


def test_the_shipped_network_knows_a_face_again_and_refuses_a_small_one() -> None:
    net, detector = ResidualNet(), BlazeFace(0.6)
    picture: Picture = np.ascontiguousarray(draw_person(1, 1))
    [face] = detector.faces(picture)
    one = net.template(picture, face, ahead=False)
    other = net.template(np.ascontiguousarray(draw_person(4, 1)), face, ahead=False)
    assert one is not None
    assert other is not None
    assert one.shape == (128,)
    assert distance(one, one) == 0 < distance(one, other) < 0.6
    assert net.template(picture, Face(face.x, face.y, 30, 30, 0.9)) is None
