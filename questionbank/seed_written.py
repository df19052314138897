"""A small bank with a question that is answered in words, so that the markers of a new installation find what they do."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.i18n import set_in_chinese
from questionbank.blueprints.cells import Blueprint, Cell
from questionbank.blueprints.service import draft_blueprint, publish_blueprint
from questionbank.items.content import FALSE, TRUE, Depth, Interaction, ItemContent, ItemDraft
from questionbank.items.drafting import draft_items
from questionbank.seed_banks import publish_by_three

CODE: Final = "principal.general"
LAW: Final = "《中华人民共和国安全生产法》"
STEM: Final = "生产经营单位的主要负责人对本单位安全生产工作负有哪些职责?请至少写出五项。"
POINTS: Final = (
    "建立健全并落实全员安全生产责任制,加强安全生产标准化建设",
    "组织制定并实施安全生产规章制度和操作规程",
    "组织制定并实施安全生产教育和培训计划",
    "保证安全生产投入的有效实施",
    "组织建立并落实双重预防工作机制,督促检查,及时消除事故隐患",
    "组织制定并实施生产安全事故应急救援预案",
    "及时、如实报告生产安全事故",
)
_STATEMENTS: Final = (
    ("生产经营单位的主要负责人是本单位安全生产第一责任人。", TRUE, "第五条"),
    ("从业人员不足一百人的生产经营单位一律不必配备安全生产管理人员。", FALSE, "第二十四条"),
    ("生产经营单位应当安排用于配备劳动防护用品和进行安全生产培训的经费。", TRUE, "第四十七条"),
    ("事故隐患排查治理情况应当如实记录,并向从业人员通报。", TRUE, "第四十一条"),
    ("从业人员发现直接危及人身安全的紧急情况时,未经批准不得停止作业。", FALSE, "第五十五条"),
    ("从业人员对安全生产工作提出批评,用人单位不得因此降低其工资。", TRUE, "第五十四条"),
    ("单位与从业人员订立协议后,可以免除因生产安全事故伤亡依法应承担的责任。", FALSE, "第五十二条"),
    ("单位负责人接到事故报告后,应当迅速采取有效措施,组织抢救。", TRUE, "第八十三条"),
)


async def load_written_bank(
    session: AsyncSession, runtime: Runtime, *, author: Principal, reviewer: Principal, publisher: Principal
) -> None:
    """Publish the items and a blueprint of six statements and one answer in words, by three people."""
    region, at = runtime.settings.root_region, runtime.clock.now()
    ids = await draft_items(session, author, qualification=CODE, region=region, drafts=_drafts(), at=at)
    await publish_by_three(session, (author, reviewer, publisher), ids, at=at)
    blueprint = Blueprint(
        qualification=CODE,
        title=set_in_chinese("一般生产经营单位主要负责人考核(含简答题)"),
        duration_min=60,
        pass_marks=6000,
        cells=(
            Cell(interaction=Interaction.JUDGEMENT, count=6, marks=1000),
            Cell(interaction=Interaction.EXTENDED_TEXT, count=1, marks=4000),
        ),
    )
    blueprint_id = await draft_blueprint(session, author, blueprint, region=region, at=at)
    await publish_blueprint(session, publisher, blueprint_id, region=region, at=at)


def _drafts() -> list[ItemDraft]:
    asked = ItemContent(
        interaction=Interaction.EXTENDED_TEXT,
        stem=set_in_chinese(STEM),
        options=(),
        key=tuple(map(set_in_chinese, POINTS)),
        basis=f"{LAW}第二十一条",
    )
    contents = [asked] + [
        ItemContent(
            interaction=Interaction.JUDGEMENT, stem=set_in_chinese(stem), options=(), key=(truth,), basis=LAW + article
        )
        for stem, truth, article in _STATEMENTS
    ]
    return [
        ItemDraft(content=content, node="1", depth=Depth.GRASP, difficulty=30, row=row)
        for row, content in enumerate(contents, 1)
    ]
