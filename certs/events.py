"""What other packages may hear of credentials."""

from uuid import UUID

from exam.core.events import Event


class CredentialIssued(Event, frozen=True):
    """A person holds a credential; its PDF follows."""

    credential_id: UUID
    person_id: UUID
    qualification: str


class CredentialSuspended(Event, frozen=True):
    """A credential counts for nothing until it is restored."""

    credential_id: UUID
    person_id: UUID
    qualification: str


class CredentialRestored(Event, frozen=True):
    """A suspension is lifted."""

    credential_id: UUID
    person_id: UUID
    qualification: str


class CredentialRevoked(Event, frozen=True):
    """A credential is taken away for good."""

    credential_id: UUID
    person_id: UUID
    qualification: str


class CredentialSuperseded(Event, frozen=True):
    """A later version took the credential's place."""

    credential_id: UUID
    person_id: UUID
    qualification: str


class CredentialAnnulled(Event, frozen=True):
    """A credential has ended without blame."""

    credential_id: UUID
    person_id: UUID
    qualification: str
