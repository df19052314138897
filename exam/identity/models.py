"""Tables of people, accounts, organisations and regions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Region(Base):
    """辖区: one node of the GB/T 2260 tree; `path` is 33/3301/330106."""

    __tablename__ = "identity_region"

    path: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    level: Mapped[int]
    """1 province, 2 city, 3 county, 4 township."""


class Organisation(Base):
    """机构: authority, centre, training body or enterprise; never deleted, at most deregistered."""

    __tablename__ = "identity_organisation"

    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str]
    uscc: Mapped[str | None] = mapped_column(unique=True)
    region: Mapped[str]
    industry: Mapped[str | None]
    division: Mapped[str | None]
    """Section and division of GB/T 4754, such as C26."""
    size: Mapped[str | None]
    """large, medium, small or micro."""
    high_risk: Mapped[bool] = mapped_column(default=False)
    in_charge: Mapped[str | None]
    """Name of the principal manager."""
    safety_head: Mapped[str | None]
    """Name of whoever answers for safety."""
    address: Mapped[str | None]
    contact: Mapped[str | None]
    deregistered_on: Mapped[date | None]
    created_at: Mapped[datetime]


class Person(Base):
    """人员: known by the blind index of the ID number; the number itself is sealed."""

    __tablename__ = "identity_person"

    id: Mapped[Id]
    name: Mapped[str]
    id_sealed: Mapped[bytes]
    id_index: Mapped[bytes] = mapped_column(unique=True)
    id_masked: Mapped[str]
    birth_on: Mapped[date]
    sex: Mapped[str]
    photo_key: Mapped[str | None]
    region: Mapped[str]
    created_at: Mapped[datetime]


class Engagement(Base):
    """任职: who works where as what; ended, never deleted."""

    __tablename__ = "identity_engagement"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    role: Mapped[str]
    """principal, officer or special."""
    region: Mapped[str]
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    contact_sealed: Mapped[bytes | None]
    """Telephone at which the person is reached in an emergency."""


class Account(Base):
    """账号: a log-in; `person_id` is set for candidates."""

    __tablename__ = "identity_account"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    totp_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The 30-second step of the last accepted code: a code is good once."""
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_person.id"))
    enabled: Mapped[bool]
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    must_change_password: Mapped[bool]
    created_at: Mapped[datetime]


class RoleGrant(Base):
    """授权: one role of one account in one region or organisation."""

    __tablename__ = "identity_role_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "region", "organisation_id"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    role: Mapped[str]
    region: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime]


class LoginSession(Base):
    """登录会话: kept by the digest of its token."""

    __tablename__ = "identity_session"

    token_digest: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    sso: Mapped[bool] = mapped_column(default=False)
    """Whether the OpenID provider vouched for the person."""
    sso_session: Mapped[bytes | None]
    """Digest of issuer and number of the log-in there, where the provider gives it a number."""
