"""Who acts: all that the kernel and the web shell know of a person who has logged in."""

from typing import NewType
from uuid import UUID

import msgspec

VisibleRegion = NewType("VisibleRegion", str)
"""A region path that the acting principal was proved to see; minted only by `exam.identity.guards`."""


def contains(region: str, path: str) -> bool:
    """Tell whether a region path is the region's own or lies below it; `ankao_in_region` says the same in the database."""
    return path == region or path.startswith(region + "/")


class Grant(msgspec.Struct, frozen=True):
    """One role held in one region and, where the role needs it, for one organisation."""

    role: str
    region: str
    organisation: UUID | None = None

    def covers(self, path: str) -> bool:
        return contains(self.region, path)


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The actor of a request or a job."""

    account: UUID | None = None
    person: UUID | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()
    second_factor: bool = False
    """Whether this session has passed a second factor."""

    def has_role(self, *roles: str) -> bool:
        return any(grant.role in roles for grant in self.grants)

    def organisations(self, role: str) -> tuple[UUID, ...]:
        """Return the organisations that the role is held for, in the order of the grants."""
        held = (grant.organisation for grant in self.grants if grant.role == role)
        return tuple(each for each in held if each is not None)

    @property
    def region(self) -> str:
        """The region of the first grant: the widest that the account was given."""
        return self.grants[0].region if self.grants else ""

    @property
    def organisation(self) -> UUID | None:
        return next((grant.organisation for grant in self.grants if grant.organisation), None)


ANONYMOUS = Principal()
SYSTEM = Principal(name="system")
"""The actor of scheduled work; its audit entries carry their own actor kind."""
