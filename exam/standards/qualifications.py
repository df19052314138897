"""资格目录: the codes of what people are examined for, pure values without I/O."""

from datetime import date
from enum import StrEnum

import msgspec

from exam.standards.marks import Mark


class Category(StrEnum):
    """The three classes of people whom the law wants examined."""

    PRINCIPAL = "principal"
    OFFICER = "officer"
    SPECIAL = "special"

    @property
    def label(self) -> str:
        """The Chinese name, a message id."""
        return _TITLES[self]


_TITLES = {
    Category.PRINCIPAL: "主要负责人",
    Category.OFFICER: "安全生产管理人员",
    Category.SPECIAL: "特种作业人员",
}


class CatalogueVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """特种作业目录: one published list; `stated` is false while its text has not been seen."""

    code: str
    title: str
    stated: bool
    source: str
    mark: Mark
    effective_from: date | None = None


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Qualifications that share scoped values: a class of industries, or one of the ten operation categories."""

    code: str
    title: str


class Industry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """行业: a kind of unit whose principals and officers are examined on their own paper."""

    code: str
    title: str
    group: str
    source: str


class OperationItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """操作项目: one line of the catalogue; `note` says where its number is not official."""

    no: str
    title: str
    group: str
    catalogue: str
    note: str


class Qualification(msgspec.Struct, frozen=True, kw_only=True):
    """资格: what a person is examined for and holds a credential of.

    `catalogue` and `note` are empty for principals and officers; `source` is the article that names the industry, or
    the catalogue's own source.
    """

    code: str
    title: str
    category: Category
    group: str
    group_title: str
    catalogue: str = ""
    note: str = ""
    source: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `qualifications.toml`."""

    catalogues: tuple[CatalogueVersion, ...]
    groups: tuple[Group, ...]
    industries: tuple[Industry, ...]
    items: tuple[OperationItem, ...]

    def qualifications(self) -> tuple[Qualification, ...]:
        """Return every qualification: principals, officers, then special operations, each in the file's order."""
        groups = {group.code: group.title for group in self.groups}
        sources = {version.code: version.source for version in self.catalogues}
        units = tuple(
            Qualification(
                code=f"{category}.{industry.code}",
                title=f"{industry.title}{category.label}",
                category=category,
                group=industry.group,
                group_title=groups[industry.group],
                source=industry.source,
            )
            for category in (Category.PRINCIPAL, Category.OFFICER)
            for industry in self.industries
        )
        operations = tuple(
            Qualification(
                code=f"{Category.SPECIAL}.{item.no}",
                title=item.title,
                category=Category.SPECIAL,
                group=item.group,
                group_title=groups[item.group],
                catalogue=item.catalogue,
                note=item.note,
                source=sources[item.catalogue],
            )
            for item in self.items
        )
        return units + operations
