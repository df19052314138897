"""What the desk is asked when a document is to be signed: the signed attributes, and the bytes whose digest they hold; pure.

DOCUMENT_DOMAIN, the attributes' length in four bytes, the attributes in DER, the document without its signature.
"""

import hashlib
from typing import Any, Final

import msgspec
from asn1crypto import cms

from exam.core.errors import DomainError

DOCUMENT_DOMAIN: Final = b"ankao credential document v1\x00"
_LENGTH = 4
_ATTRIBUTES = frozenset({"content_type", "message_digest", "signing_certificate_v2", "cms_algorithm_protection"})
"""What PAdES baseline wants to be signed (EN 319 142-1 §6.3), and the algorithms' names (RFC 6211)."""


class DocumentMalformedError(DomainError):
    """What is to be signed is no set of attributes over the document beside it."""

    code = "document_malformed"
    message = "待签文件的签名属性有误,或与文件内容不一致。"


class ToSign(msgspec.Struct, frozen=True):
    """Signed attributes in DER, and the covered bytes."""

    attributes: bytes
    covered: bytes


def compose(attributes: bytes, covered: bytes) -> bytes:
    """Return the message."""
    return DOCUMENT_DOMAIN + len(attributes).to_bytes(_LENGTH) + attributes + covered


def read_message(message: bytes, certificate: bytes) -> ToSign:
    """Return what a message asks to be signed under a certificate; raises DocumentMalformedError.

    The attributes must be of the known kinds, of this certificate, and over these very bytes.
    """
    body = message.removeprefix(DOCUMENT_DOMAIN)
    end = _LENGTH + int.from_bytes(body[:_LENGTH])
    found = ToSign(body[_LENGTH:end], body[end:])
    try:
        values = attributes_of(found.attributes)
        named = values["signing_certificate_v2"][0]["certs"][0]
        sound = (
            set(values) <= _ATTRIBUTES
            and values["content_type"][0].native == "data"
            and values["message_digest"][0].native == hashlib.sha256(found.covered).digest()
            and named["hash_algorithm"]["algorithm"].native == "sha256"
            and named["cert_hash"].native == hashlib.sha256(certificate).digest()
        )
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DocumentMalformedError from error
    if not sound:
        raise DocumentMalformedError
    return found


def attributes_of(der: bytes) -> dict[str, Any]:
    """Return the values of signed attributes by name; raises ValueError for other bytes and for one named twice."""
    found = cms.CMSAttributes.load(der, strict=True)
    values = {each["type"].native: each["values"] for each in found}
    if len(values) != len(found) or found.dump(force=True) != der:
        raise ValueError
    return values
