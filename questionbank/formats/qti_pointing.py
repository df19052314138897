"""QTI interactions that are answered by pointing at a picture: select point and hotspot (1EdTech QTI 3.0 §5)."""

from collections.abc import Sequence

import msgspec

from exam.core.areas import Area, find_area
from questionbank.formats.markup import Node
from questionbank.formats.options import LETTERS, label_options
from questionbank.formats.qti_asked import Asked, adds_up, count_feature, earning_of, number_of
from questionbank.formats.qti_weights import weights_of
from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError
from questionbank.formats.weighing import weights_lines
from questionbank.interactions.hotspot import area_line
from questionbank.items.content import Interaction


def read_points(row: int, asked: Asked) -> Proposal:
    """Read the areas that earn marks, with the names that our own packages give them."""
    entries = [entry for each in asked.declaration.children("areamapping") for entry in each.children("areamapentry")]
    values = [number_of(entry.attributes.get("mappedvalue", "0")) for entry in entries]
    areas = [_area(entry) for entry, value in zip(entries, values, strict=True) if value > 0]
    if not areas:
        raise RowError("key_missing")
    names = _names(asked.body.attributes.get("dataankaoareas", ""))
    lines = [area_line(name, area) for name, area in zip(names + [""] * len(areas), areas, strict=False)]
    return msgspec.structs.replace(_pointing(row, asked, lines), weights=_area_weights(asked, entries, values))


def _area_weights(asked: Asked, entries: Sequence[Node], values: Sequence[float]) -> str:
    """Return the marks by area as text, empty where each area earns the same and nothing else counts."""
    earning = [value for value in values if value]
    if len(set(earning)) == 1 and adds_up(asked.declaration, "areamapping", sum(earning)):
        return ""
    mapping, *_ = asked.declaration.children("areamapping")
    said = [each.attributes.get("mappedvalue", "0") for each in entries]
    right = [each for each, value in zip(said, values, strict=True) if value > 0]
    elsewhere = [mapping.attributes.get("defaultvalue", "0")]
    wrong = [each for each, value in zip(said, values, strict=True) if value <= 0]
    return _weights_of_places(asked, mapping, "map_response_point", right, elsewhere + wrong)


def _weights_of_places(asked: Asked, mapping: Node, template: str, right: Sequence[str], wrong: Sequence[str]) -> str:
    """Return the marks of the right places as text; an item can hold one worth of all the `wrong` ones."""
    labels, found = LETTERS[: len(right)], None
    if asked.template == template and len(labels) == len(right) and len(set(map(number_of, wrong))) <= 1:
        others = {"defaultvalue": wrong[0]} if wrong else {}
        mapping = Node(mapping.name, mapping.attributes | others, mapping.parts)
        found = weights_of(mapping, dict(zip(labels, right, strict=True)), Interaction.HOTSPOT, labels, labels)
    if found is None:
        return _note(asked)
    return "\n".join(weights_lines(found, [(label, label) for label in labels]))


def read_hotspots(row: int, asked: Asked) -> Proposal:
    """Read the hotspots that are right; whoever points elsewhere is wrong without an area for it."""
    found = {each.attributes.get("identifier", ""): each for each in asked.interaction.children("hotspotchoice")}
    right = asked.correct or tuple(name for name, worth in earning_of(asked.declaration).items() if worth > 0)
    if not right:
        raise RowError("key_missing")
    if not set(right) <= set(found):
        raise RowError("key_without_option", key="".join(sorted(set(right) - set(found)))[:20])
    lines = [area_line(found[each].attributes.get("hotspotlabel", ""), _area(found[each])) for each in right]
    return msgspec.structs.replace(_pointing(row, asked, lines), weights=_hotspot_weights(asked, list(found), right))


def _hotspot_weights(asked: Asked, names: Sequence[str], right: Sequence[str]) -> str:
    """Return the marks by hotspot as text, empty where each right one earns the same and no other counts."""
    if not asked.maps_unevenly(asked.declaration):
        return ""
    mapping, *_ = asked.declaration.children("mapping")
    entries = {each.attributes.get("mapkey", "").strip(): each.attributes for each in mapping.children("mapentry")}
    default = mapping.attributes.get("defaultvalue", "0")
    worth = [entries.get(name, {}).get("mappedvalue", default) for name in names]
    said = dict(zip(names, worth, strict=True))
    most = asked.interaction.attributes.get("maxchoices", "1")
    if most != "0" and most in map(str, range(len(right))):
        return _note(asked)
    wrong = [value for name, value in said.items() if name not in right]
    return _weights_of_places(asked, mapping, "map_response", [said[name] for name in right], wrong)


def _note(asked: Asked) -> str:
    """Note marks by answer that an item cannot hold, and return none."""
    count_feature(asked.unsupported, "mapping")
    return ""


def _pointing(row: int, asked: Asked, lines: list[str]) -> Proposal:
    options = label_options(lines)
    return Proposal(row=row, kind=Interaction.HOTSPOT, stem=asked.stem, options=options, key="", photo=asked.photo)


def _area(node: Node) -> Area:
    shape, coords = node.attributes.get("shape", ""), node.attributes.get("coords", "")
    area = find_area(f"{shape} {','.join(coords.replace(',', ' ').split())}")
    if area is None:
        raise RowError("area_unclear", excerpt=f"{shape} {coords}"[:40])
    return area


def _names(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str]) if text else []
    except msgspec.DecodeError:
        return []
