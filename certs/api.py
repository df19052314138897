"""What other packages may use of credentials."""

from certs.answers import Answer, CredentialAnswer, LogNote, Verdict
from certs.applications.views import ApplicationView, list_of_credentials, read_clock
from certs.desk.serving import serve_desk
from certs.duties import Duty, DutyKind, duty_on
from certs.envelope import read_upload
from certs.errors import NothingAskedError
from certs.filling import fill_credentials
from certs.folding import CredentialFold
from certs.grounds import Ground
from certs.keys import create_document_key, create_signing_key, grouped, prove_key, published_ring, read_ring
from certs.lifecycle import confirm, decline, find_open_proposal, list_open_proposals, propose, revoke, suspend
from certs.national.service import NationalView, list_national, list_national_of
from certs.national.service import check_record as check_national
from certs.national.service import record_file as record_national
from certs.offline import check_file, check_qr
from certs.rendering import render_pdf
from certs.signing import KeyRing
from certs.specimen import SpecimenPress
from certs.state import CredentialAct, CredentialState, Standing
from certs.statuslist import StatusList, read_list
from certs.verification import Question, verify_file, verify_public, verify_qr
from certs.views import CredentialView, credential_pdf, find_credentials, get_credential, list_events
from certs.withheld import WithheldView, list_withheld
from certs.wording import STATE_WORDS

__all__ = [
    "STATE_WORDS",
    "Answer",
    "ApplicationView",
    "CredentialAct",
    "CredentialAnswer",
    "CredentialFold",
    "CredentialState",
    "CredentialView",
    "Duty",
    "DutyKind",
    "Ground",
    "KeyRing",
    "LogNote",
    "NationalView",
    "NothingAskedError",
    "Question",
    "SpecimenPress",
    "Standing",
    "StatusList",
    "Verdict",
    "WithheldView",
    "check_file",
    "check_national",
    "check_qr",
    "confirm",
    "create_document_key",
    "create_signing_key",
    "credential_pdf",
    "decline",
    "duty_on",
    "fill_credentials",
    "find_credentials",
    "find_open_proposal",
    "get_credential",
    "grouped",
    "list_events",
    "list_national",
    "list_national_of",
    "list_of_credentials",
    "list_open_proposals",
    "list_withheld",
    "propose",
    "prove_key",
    "published_ring",
    "read_clock",
    "read_list",
    "read_ring",
    "read_upload",
    "record_national",
    "render_pdf",
    "revoke",
    "serve_desk",
    "suspend",
    "verify_file",
    "verify_public",
    "verify_qr",
]
