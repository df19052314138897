"""Bodies of identity's forms and of the log-in for programs; unknown fields are refused."""

from typing import Annotated
from uuid import UUID

import msgspec

from exam.identity.roles import Role
from exam.web.forms import Form

Short = Annotated[str, msgspec.Meta(max_length=128)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
OptionalId = Annotated[str, msgspec.Meta(pattern="^$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Address = Annotated[str, msgspec.Meta(max_length=2048)]


class LoginForm(Form, frozen=True, kw_only=True):
    """Login and password, and the page that asked for them."""

    login: Short
    password: Annotated[str, msgspec.Meta(max_length=1024)]
    next: Address = "/"


class SecondFactorForm(Form, frozen=True, kw_only=True):
    """A code, and at the first log-in the sealed offer it proves."""

    code: Short
    offer: Annotated[str, msgspec.Meta(max_length=512)] = ""
    next: Address = "/"


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The log-in of a program."""

    login: Short
    password: Annotated[str, msgspec.Meta(max_length=1024)]


class CodeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second step of a program."""

    code: Short


class LoginAnswer(msgspec.Struct, frozen=True):
    """What is still missing before the session may act."""

    second_factor_needed: bool
    must_change_password: bool


class PasswordForm(Form, frozen=True, kw_only=True):
    """The old password and the new one twice."""

    old: Annotated[str, msgspec.Meta(max_length=1024)]
    new: Annotated[str, msgspec.Meta(max_length=1024)]
    repeat: Annotated[str, msgspec.Meta(max_length=1024)]


class GrantForm(Form, frozen=True, kw_only=True):
    """One more role of an account; `town` narrows `region` where it is given."""

    role: Role
    region: Short
    town: Short = ""
    organisation: OptionalId = ""
    reason: Words

    @property
    def organisation_id(self) -> UUID | None:
        return UUID(self.organisation) if self.organisation else None


class AccountForm(GrantForm, frozen=True, kw_only=True):
    """A new account with its first role."""

    login: Short
    name: Words


class ReasonForm(Form, frozen=True, kw_only=True):
    """An act that needs only its reason."""

    reason: Words
