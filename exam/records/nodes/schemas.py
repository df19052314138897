"""What the forms of nodes and batches may say."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from exam.web.forms import Form

Words = Annotated[str, Meta(max_length=2000)]
Said = Annotated[str, Meta(max_length=500)]
Number = Annotated[str, Meta(pattern=r"^[0-9]{1,4}$")]


class IdentityForm(Form, frozen=True, kw_only=True):
    """What the other side has handed over; the certificate as PEM or fingerprint, empty for files only."""

    card: Annotated[str, Meta(min_length=1, max_length=300)]
    certificate: Annotated[str, Meta(max_length=10_000)] = ""


class SecretForm(Form, frozen=True, kw_only=True):
    """A change of the secret; `given` is what the upper node's page showed."""

    given: Annotated[str, Meta(max_length=200)] = ""


class MakeForm(Form, frozen=True, kw_only=True):
    """A batch to be sealed for an upper node."""

    neighbour: UUID
    note: Words = ""


class CorrectForm(Form, frozen=True, kw_only=True):
    """What is said with a corrected batch."""

    note: Annotated[str, Meta(min_length=1, max_length=2000)]


class ReturnForm(Form, frozen=True, kw_only=True):
    """Why a batch goes back; `number` and `said` stand side by side, one for each row of the page."""

    reason: Words = ""
    number: tuple[Number, ...] | Number = ()
    said: tuple[Said, ...] | Said = ()

    @property
    def rows(self) -> dict[int, str]:
        """Return the reasons that were typed, by the numbers of their rows."""
        numbers = (self.number,) if isinstance(self.number, str) else self.number
        said = (self.said,) if isinstance(self.said, str) else self.said
        pairs = zip(numbers, said, strict=False)
        return {int(number): words.strip() for number, words in pairs if words.strip()}
