"""Forms of the public and of the staff pages; the CSRF value is checked before they are read."""

from uuid import UUID

from litestar.datastructures import UploadFile

from certs.applications.state import RefusalGround
from certs.batches.choosing import Paper
from certs.grounds import Ground
from exam.web.forms import Form


class CodeForm(Form, frozen=True):
    """QR text or public id, and the past day that is asked about."""

    code: str = ""
    on: str = ""


class QueryForm(Form, frozen=True):
    """What stands on a certificate, and the past day that is asked about."""

    name: str = ""
    number: str = ""
    on: str = ""


class FileForm(Form, frozen=True):
    """A certificate's PDF, and the past day that is asked about."""

    file: UploadFile | None = None
    on: str = ""


class NumberForm(Form, frozen=True):
    """A number that staff look up; never in an address."""

    number: str = ""


class ReasonForm(Form, frozen=True):
    """Why a credential is suspended."""

    reason: str = ""


class ProposeForm(Form, frozen=True):
    """What the rules know as a reason for an act that needs a second person, and the case in words."""

    ground: Ground
    reason: str = ""


class ChangeForm(Form, frozen=True):
    """Another name, empty where only the photo changes, and why."""

    name: str = ""
    reason: str = ""


class RefusalForm(Form, frozen=True):
    """Why an application is to be refused."""

    ground: RefusalGround
    reason: str = ""


class ConfirmForm(Form, frozen=True):
    """The second person's word about a refusal."""

    confirmed: bool


class DecideForm(Form, frozen=True):
    """The second person's word."""

    proposal_id: UUID
    confirmed: bool


class BatchForm(Form, frozen=True):
    """What a batch is made of, all conditions together, and what it is printed on."""

    sitting: str = ""
    training_class: str = ""
    uscc: str = ""
    qualification: str = ""
    issued_from: str = ""
    issued_until: str = ""
    paper: Paper = Paper.A4


class NationalImportForm(Form, frozen=True):
    """The file whose dry run was seen."""

    file: str = ""


class NationalCheckForm(Form, frozen=True):
    """What the national platform shows of a record."""

    found: bool
    note: str = ""


class EmptyForm(Form, frozen=True):
    """A button."""
