"""Whether a document's own signature holds under a pinned key: read by pattern and within bounds, as all uploads are.

The signature dictionary of our own writer is looked for, the signed attributes are held against the digest of every byte
outside the signature, and the signature against the key that is pinned: what certificate the file names decides nothing.
"""

import hashlib
import re
from enum import StrEnum

import msgspec
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certs.pades.message import attributes_of
from certs.signing import KeyUnknownError, SignatureWrongError, Verifier, key_id_of
from certs.suites import joined

_RANGE = re.compile(rb"/ByteRange \[0 (\d{1,8}) (\d{1,8}) (\d{1,8}) *\]")
_MAX_CONTAINER = 64 * 1024
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What the reader of ASN.1 raises over bytes that are something else than expected."""


class DocumentState(StrEnum):
    """What the check of a PDF signature came to."""

    GOOD = "good"
    WRONG = "wrong"
    UNKNOWN_KEY = "unknown_key"
    NONE = "none"
    """The file has no signature of the kind."""
    NOT_CHECKED = "not_checked"


class _Signed(msgspec.Struct, frozen=True):
    attributes: bytes
    signature: bytes
    public: bytes


def check_document(data: bytes, keys: Verifier) -> DocumentState:
    """Say whether the signature of a PDF holds over all of the file."""
    ranges = _RANGE.findall(data)
    if not ranges:
        return DocumentState.NONE
    try:
        signed = _read(data, *(int(each) for each in ranges[-1]))
        keys.verify(key_id_of(signed.public), signed.attributes, signed.signature)
    except KeyUnknownError:
        return DocumentState.UNKNOWN_KEY
    except (*_UNREADABLE, SignatureWrongError):
        return DocumentState.WRONG
    return DocumentState.GOOD


def _read(data: bytes, hole: int, after: int, rest: int) -> _Signed:
    """Return what was signed over exactly the bytes outside the hole; raises ValueError for anything else."""
    container = data[hole:after]
    whole = after + rest == len(data) and hole < after <= hole + _MAX_CONTAINER
    if not whole or not re.fullmatch(rb"<(?:[0-9A-F]{2})+>", container):
        raise ValueError
    content = cms.ContentInfo.load(bytes.fromhex(container[1:-1].decode()))["content"]
    (info,) = content["signer_infos"]
    attributes = bytearray(info["signed_attrs"].dump())
    attributes[0] = 0x31  # they are signed as a SET, and stand under a tag of their own (RFC 5652 §5.4)
    covered = hashlib.sha256(data[:hole])
    covered.update(data[after:])
    if attributes_of(bytes(attributes))["message_digest"][0].native != covered.digest():
        raise ValueError
    number = info["sid"].chosen["serial_number"].native
    (signer,) = (each.chosen for each in content["certificates"] if each.chosen.serial_number == number)
    signature = joined(*decode_dss_signature(info["signature"].native))
    return _Signed(bytes(attributes), signature, signer.public_key["public_key"].native)
