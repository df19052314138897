"""The same message as XML, and the two schemas that are made from the kinds: JSON Schema and XSD."""

from typing import Any

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.records.exchange.contract import (
    ENVELOPE,
    SCHEMA_VERSION,
    Field,
    FieldType,
    Message,
    MessageKind,
    MessageUnreadableError,
    from_json,
    load_kinds,
)

NAMESPACE = f"urn:ankao:exchange:{SCHEMA_VERSION}"
_XS = "http://www.w3.org/2001/XMLSchema"
_XSD_TYPES: dict[FieldType, str] = {
    "id": "uuid",
    "text": "xs:string",
    "date": "xs:date",
    "instant": "xs:dateTime",
    "integer": "xs:int",
    "boolean": "xs:boolean",
    "counts": "counts",
}
_JSON_TYPES: dict[FieldType, dict[str, Any]] = {
    "id": {"type": "string", "format": "uuid"},
    "text": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
}
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def to_xml(message: Message) -> str:
    """Return the message as XML: every field an element, the data under the name of its kind."""
    root = etree.Element(f"{{{NAMESPACE}}}message", nsmap={None: NAMESPACE})
    _write(root, ENVELOPE, msgspec.to_builtins(message))
    kind = load_kinds()[message.kind]
    data = etree.SubElement(etree.SubElement(root, _tag("data")), _tag(kind.element))
    _write(data, kind.fields, message.data)
    text: str = etree.tostring(root, encoding="unicode")
    return text


def from_xml(text: str | bytes) -> Message:
    """Read a message; raises MessageUnreadableError. Entities and document types are refused."""
    data = text.encode() if isinstance(text, str) else text
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
        if root.getroottree().docinfo.doctype:
            raise MessageUnreadableError
        (body,) = root.find(_tag("data"))
        kind = load_kinds()[root.findtext(_tag("kind"))]
        found = {**_read(root, ENVELOPE), "data": _read(body, kind.fields)}
        return msgspec.convert(found, Message)
    except (etree.XMLSyntaxError, ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
        raise MessageUnreadableError from error


def read_body(body: str) -> Message:
    """Read a message in whichever form it was written; raises MessageUnreadableError."""
    return from_xml(body) if body.startswith("<") else from_json(body)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of every kind of message."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Ankao exchange {SCHEMA_VERSION}",
        "oneOf": [_json_kind(kind) for kind in load_kinds().values()],
    }


def xsd() -> bytes:
    """Return the XML Schema of the same."""
    root = etree.Element(f"{{{_XS}}}schema", nsmap={"xs": _XS, None: NAMESPACE})
    root.set("targetNamespace", NAMESPACE)
    root.set("elementFormDefault", "qualified")
    identifier = etree.SubElement(etree.SubElement(root, _xs("simpleType"), name="uuid"), _xs("restriction"))
    identifier.set("base", "xs:string")
    etree.SubElement(identifier, _xs("pattern"), value=_UUID)
    _counts_type(root)
    fields = _sequence(etree.SubElement(root, _xs("element"), name="message"), ENVELOPE)
    data = etree.SubElement(etree.SubElement(fields, _xs("element"), name="data"), _xs("complexType"))
    choice = etree.SubElement(data, _xs("choice"))
    for kind in load_kinds().values():
        _sequence(etree.SubElement(choice, _xs("element"), name=kind.element), kind.fields)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _counts_type(root: Any) -> None:
    """Define whole numbers by code."""
    counts = etree.SubElement(etree.SubElement(root, _xs("complexType"), name="counts"), _xs("sequence"))
    count = etree.SubElement(counts, _xs("element"), name="count", minOccurs="0", maxOccurs="unbounded")
    content = etree.SubElement(etree.SubElement(count, _xs("complexType")), _xs("simpleContent"))
    extension = etree.SubElement(content, _xs("extension"), base="xs:int")
    etree.SubElement(extension, _xs("attribute"), name="code", type="xs:string", use="required")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _xs(name: str) -> str:
    return f"{{{_XS}}}{name}"


def _sequence(element: Any, fields: tuple[Field, ...]) -> Any:
    sequence = etree.SubElement(etree.SubElement(element, _xs("complexType")), _xs("sequence"))
    for field in fields:
        each = etree.SubElement(sequence, _xs("element"), name=field.code, type=_XSD_TYPES[field.type])
        if field.optional:
            each.set("minOccurs", "0")
        if field.only:
            each.set("fixed", field.only)
    return sequence


def _json_kind(kind: MessageKind) -> dict[str, Any]:
    envelope = {field.code: _JSON_TYPES[field.type] for field in ENVELOPE}
    data = {
        "type": "object",
        "properties": {field.code: _json_field(field) for field in kind.fields},
        "required": [field.code for field in kind.fields if not field.optional],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {**envelope, "kind": {"const": kind.code}, "data": data},
        "required": [*envelope, "data"],
        "additionalProperties": False,
    }


def _json_field(field: Field) -> dict[str, Any]:
    return {"const": field.only} if field.only else _JSON_TYPES[field.type]


def _write(parent: Any, fields: tuple[Field, ...], values: dict[str, Any]) -> None:
    for field in fields:
        if field.code in values:
            element, value = etree.SubElement(parent, _tag(field.code)), values[field.code]
            if field.type == "counts":
                for code, count in value.items():
                    etree.SubElement(element, _tag("count"), code=code).text = str(count)
            else:
                element.text = _shown(value)


def _shown(value: object) -> str:
    """Return what XML may hold: line ends and tabs are its only control characters."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(each for each in text if each in "\t\n\r" or each >= " ")


def _read(parent: Any, fields: tuple[Field, ...]) -> dict[str, Any]:
    types = {field.code: field.type for field in fields}
    return {
        name: _counts(each) if types.get(name) == "counts" else _value(types.get(name, "text"), each.text or "")
        for each in parent
        if (name := etree.QName(each).localname) != "data"
    }


def _counts(element: Any) -> dict[str, int]:
    return {each.attrib["code"]: int(each.text or "") for each in element}


def _value(kind: FieldType, text: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    return int(text) if kind == "integer" else text
