"""Identifiers: time-ordered for rows, random for anything a stranger could guess."""

import secrets
from uuid import UUID

import uuid_utils.compat as uuid_utils


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562 §5.7), made here because the SQL floor is PostgreSQL 15."""
    return UUID(int=uuid_utils.uuid7().int)


def new_token() -> str:
    """Return 128 random bits as URL-safe text, for tickets, receipts and public ids."""
    return secrets.token_urlsafe(16)
