"""XML from strangers: no DTD, no entities beyond the five of XML itself, no network, no huge trees."""

from __future__ import annotations

import codecs
import re

from lxml import etree

_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z][\w.:-]*)[\"']")
_DECLARATION_TEXT = re.compile(r"\A\s*<\?xml[^>]*\?>")
_FIRST_BYTES = (  # the longer marks first: UTF-32 starts like UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode(payload: bytes) -> str:
    """Decode an XML document: by its byte order mark, its declaration, else UTF-8, else CP949.

    The declaration itself and characters that XML does not allow are left out. Never raises.
    """
    declared = _DECLARATION.match(payload[:400])
    candidates = [name for mark, name in _FIRST_BYTES if payload.startswith(mark)]
    if declared:
        candidates.append(declared[1].decode("ascii"))
    for name in (*candidates, "utf-8", "cp949"):
        try:
            content = payload.decode(name)
        except (UnicodeError, LookupError, ValueError):
            continue
        break
    else:
        content = payload.decode("utf-8", "replace")
    return _NOT_XML.sub("", _DECLARATION_TEXT.sub("", content.removeprefix("\ufeff"), count=1))


def has_dtd(content: str) -> bool:
    """Tell whether a document type declaration stands before the root element."""
    found = _PROLOGUE.match(content)
    return content.startswith("<!", found.end() if found else 0)


def parse(content: str, *, recover: bool = False) -> etree._Element | None:
    """Parse a text without XML declaration to its root element, or None where nothing could be recovered.

    Raises ValueError for a DTD (before the parser sees it) and, unless `recover`, for what is not well-formed.
    """
    if has_dtd(content):
        raise ValueError("the XML carries a document type declaration, which is refused")
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"the XML is not well-formed: {error}") from error
    if root is not None and root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("the XML carries a document type declaration, which is refused")
    return root
