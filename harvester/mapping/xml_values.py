"""Reading loosely written XML: elements by local name, whatever namespace a portal puts them in; texts by language.

No function here raises, and none recurses.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from harvester.catalog.model import LangKeywords, LangText
from harvester.errors import RecordError
from harvester.mapping import safe_xml

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def local(element: etree._Element) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def children(element: etree._Element | None, *names: str) -> list[etree._Element]:
    """Child elements of these names (none named: all), in document order."""
    if element is None:
        return []
    return [one for one in element.iterchildren("*") if not names or local(one) in names]


def within(element: etree._Element, *path: str) -> list[etree._Element]:
    """Elements at the end of a path of names."""
    found = [element]
    for name in path:
        found = [inner for one in found for inner in children(one, name)]
    return found


def text(element: etree._Element | None) -> str | None:
    """All text in an element, without surrounding blanks."""
    if element is None:
        return None
    # Nearly every element holds nothing but its text, and asking it for that alone is four times as fast.
    said = "".join(map(str, element.itertext())) if len(element) else element.text
    return said.strip() or None if said else None


def texts(elements: list[etree._Element]) -> tuple[str, ...]:
    """Texts of elements, none twice."""
    return tuple(dict.fromkeys(said for one in elements if (said := text(one))))


def attribute(element: etree._Element, *names: str) -> str | None:
    """First of these attributes that says something, with or without namespace."""
    stated = {str(name).rpartition("}")[2]: str(value).strip() for name, value in element.attrib.items()}
    return next((value for name in names if (value := stated.get(name))), None)


def tag_of(element: etree._Element, language: str) -> str:
    """Language tag of an element: its own, else `language`. Tags of the elements around it are seldom meant."""
    return (element.get(_LANGUAGE) or "").strip() or language


def lang_text(elements: list[etree._Element], language: str, *, joined: bool = False) -> LangText:
    """Texts by language: the first of each, or all of each as paragraphs."""
    found: dict[str, list[str]] = {}
    for one in elements:
        if said := text(one):
            found.setdefault(tag_of(one, language), []).append(said)
    return {tag: "\n\n".join(dict.fromkeys(said)) if joined else said[0] for tag, said in found.items()}


def lang_keywords(elements: list[etree._Element], language: str) -> LangKeywords:
    """Keywords by language, none twice."""
    found: dict[str, dict[str, None]] = {}
    for one in elements:
        if said := text(one):
            found.setdefault(tag_of(one, language), {})[said] = None
    return {tag: tuple(words) for tag, words in found.items()}


class OaiRecord:
    """What a payload holds: `metadata`, and what the header around it says where there is one (OAI-PMH)."""

    def __init__(self, metadata: etree._Element, header: etree._Element | None) -> None:
        self.metadata = metadata
        self.header = header

    @property
    def sets(self) -> tuple[str, ...]:
        """The setSpecs that the record is filed under."""
        return texts(children(self.header, "setSpec"))


def read_record(payload: bytes) -> OaiRecord:
    """Read a ``<record>`` of OAI-PMH, or the metadata alone.

    Raises `RecordError`: ``not-xml``, ``no-metadata``.
    """
    content = safe_xml.decode(payload).strip()
    if not content.startswith("<"):
        raise RecordError("not-xml", "the record is not XML")
    try:
        root = safe_xml.parse(content, recover=True)
    except ValueError as error:
        raise RecordError("not-xml", str(error)) from error
    if root is None:
        raise RecordError("not-xml", "nothing in the record can be read as XML")
    header = next(iter(children(root, "header")), None)
    if local(root) != "record" or header is None:
        return OaiRecord(root, None)
    metadata: Iterator[etree._Element] = (one for part in children(root, "metadata") for one in children(part))
    found = next(metadata, None)
    if found is None:
        raise RecordError("no-metadata", "the record has no metadata, and its header does not say that it is deleted")
    return OaiRecord(found, header)
