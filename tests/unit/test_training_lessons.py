"""Typed lessons and the lease of a learner's page."""

import json
from importlib.resources import files
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.training.lessons.content import least_s, read_lesson, unlocked
from exam.training.lessons.errors import FigureError, LessonTextError, StudyLeaseError
from exam.training.lessons.lease import StudyLease, chain, check, mint
from exam.training.seed_school import SCHOOL_QUALIFICATION, lesson_texts
from tests.builders.training import LESSON_TEXT

SECRET = b"k" * 32
LEASE = StudyLease(UUID(int=1), UUID(int=2), b"\x07" * 32, "33/3301/330106")


def test_lesson_has_sections_with_a_least_time_and_questions() -> None:
    content = read_lesson(LESSON_TEXT)
    first, second = content.units
    assert (first.title, second.question) == ("什么是隐患", None)
    assert first.question is not None
    assert first.question.options[first.question.right] == "配电箱门损坏敞开"
    assert content.ends_ms == (first.least_s * 1000, content.length_ms)


@pytest.mark.parametrize(("characters", "least"), [(1, 15), (90, 15), (91, 30), (600, 105)])
def test_least_time_comes_in_whole_beats(characters: int, least: int) -> None:
    assert least_s(characters) == least


@pytest.mark.parametrize(
    "text",
    [
        "",
        "没有标题",
        "# 空节",
        "# 节\n正文\n? 问\n- 甲\n- 乙",
        "# 节\n正文\n? 问\n+ 甲",
        "# 节\n正文\n+ 甲\n- 乙",
        "# 节\n正文\n? 问\n? 又问\n+ 甲\n- 乙",
        "# 节\n" + "长" * 20_001,
    ],
)
def test_lesson_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(LessonTextError):
        read_lesson(text)


def test_figures_stand_between_the_paragraphs_of_their_section() -> None:
    [first, second] = read_lesson("# 节\n! 2 配电箱\n先看\n! 1 验电 器\n再做\n# 又节\n正文", ("a.jpg", "b.jpg")).units
    assert first.figures
    assert [(each.after, each.picture, each.caption) for each in first.figures] == [
        (0, "b.jpg", "配电箱"),
        (1, "a.jpg", "验电 器"),
    ]
    assert (first.paragraphs, second.figures) == (("先看", "再做"), msgspec.UNSET)


@pytest.mark.parametrize("line", ["! 3 图", "! 0 图", "! 图", "! 1", "! 1 "])
def test_figure_without_a_caption_or_a_page_is_refused(line: str) -> None:
    with pytest.raises(FigureError):
        read_lesson(f"# 节\n正文\n{line}", ("a.jpg", "b.jpg"))


def test_sections_open_one_after_the_other() -> None:
    content = read_lesson(LESSON_TEXT)
    end = content.ends_ms[0]
    assert [unlocked(content, reach) for reach in (0, end - 1, end, content.length_ms)] == [1, 1, 2, 2]


def test_lease_comes_back_whole() -> None:
    assert check(mint(LEASE, SECRET), SECRET) == LEASE


@given(place=st.integers(0, 300), character=st.characters(codec="ascii"))
def test_altered_lease_is_refused(place: int, character: str) -> None:
    token = mint(LEASE, SECRET)
    place %= len(token)
    altered = token[:place] + character + token[place + 1 :]
    if altered != token:
        with pytest.raises(StudyLeaseError):
            check(altered, SECRET)


@pytest.mark.parametrize("token", ["", ".", "s1.x.y.z.w", "票", "s1." + "0" * 600])
def test_what_is_no_lease_is_refused(token: str) -> None:
    with pytest.raises(StudyLeaseError):
        check(token, SECRET)


def test_chain_differs_by_beat_and_visit() -> None:
    tokens = {chain(UUID(int=visit), seq, SECRET) for visit in (1, 2) for seq in range(5)}
    assert len(tokens) == 10


def test_lessons_of_the_project_are_whole_and_belong_to_the_syllabus() -> None:
    syllabus = json.loads((files("questionbank") / "seed" / SCHOOL_QUALIFICATION / "syllabus.json").read_text("utf-8"))
    nodes = {node["code"] for node in syllabus["nodes"]}
    for lesson in lesson_texts():
        content = read_lesson(lesson.text)
        assert lesson.node in nodes
        assert lesson.title
        assert all(unit.question for unit in content.units)
