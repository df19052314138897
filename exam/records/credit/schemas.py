"""What the addresses and forms of credit may say."""

from typing import Annotated, Literal

from msgspec import Meta

from exam.web.forms import Form

Show = Literal["found", "open", "over"]
"""Which leads: not looked into, in the process, or over."""
Stands = Literal["", "published", "repaired", "expired", "unpublished", "withdrawn"]
"""Records whose publication stands so today; all where it is empty."""
Words = Annotated[str, Meta(max_length=4000)]


class WordsForm(Form, frozen=True, kw_only=True):
    """An act that needs words."""

    reason: Words = ""


class NoticeForm(Form, frozen=True, kw_only=True):
    """What the party is told."""

    document_no: Annotated[str, Meta(max_length=200)] = ""
    text: Words = ""


class DecisionForm(Form, frozen=True, kw_only=True):
    """A decision as typed; `penalised` is "true" or "false", amounts in 万元."""

    penalised: Literal["true", "false"] = "true"
    document_title: Annotated[str, Meta(max_length=200)] = ""
    document_no: Annotated[str, Meta(max_length=200)] = ""
    conduct: Annotated[str, Meta(max_length=400)] = ""
    facts: Words = ""
    basis: Words = ""
    kinds: Annotated[str, Meta(max_length=400)] = ""
    content: Words = ""
    fine: Annotated[str, Meta(max_length=40)] = ""
    forfeited: Annotated[str, Meta(max_length=40)] = ""
    licence: Annotated[str, Meta(max_length=200)] = ""
    authority: Annotated[str, Meta(max_length=400)] = ""
    authority_code: Annotated[str, Meta(max_length=40)] = ""
    decided_on: Annotated[str, Meta(max_length=20)] = ""
    severity: Literal["minor", "general", "serious"] = "general"
    months: Annotated[str, Meta(max_length=4)] = ""
    ban_years: Literal["0", "1", "3"] = "0"


class PlainForm(Form, frozen=True, kw_only=True):
    """An act that needs no words."""


class AnswerForm(Form, frozen=True, kw_only=True):
    """The party's statement and defence, or that it makes none."""

    text: Words = ""
    waived: Literal["", "true"] = ""


class ObjectionForm(Form, frozen=True, kw_only=True):
    """What the party says against a record."""

    text: Words = ""


class RepairForm(Form, frozen=True, kw_only=True):
    """What the party has done, and its promise."""

    text: Words = ""
    promised: Literal["", "true"] = ""


class ReplyForm(Form, frozen=True, kw_only=True):
    """The authority's answer to an objection or an application."""

    granted: Literal["true", "false"]
    reason: Words = ""


class ImportForm(Form, frozen=True, kw_only=True):
    """Which uploaded file is to be written."""

    file: Annotated[str, Meta(max_length=64)] = ""
