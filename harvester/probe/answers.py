"""What a portal answered, as detectors look at it. Pure."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lxml.etree
import orjson

from harvester.mapping import safe_xml
from harvester.protocols.answers import as_page, as_utf8, declared_charset

_MOST_UNPACKED = 32 * 1024 * 1024
_PROLOGUE = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?[^>]{0,400}\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|meta)\b(?![-:.])", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An answer, or why there is none.

    `address` was asked for, `url` is where redirects led. `fault` says in words why nothing came, `reason` is a reason
    of `harvester.ledger.verdict` then. `cut`: more of the body was not read; `slow`: as it took too long.
    """

    address: str
    url: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    slow: bool = False
    fault: str = ""
    reason: str = ""

    @property
    def came(self) -> bool:
        """Whether the portal answered with what was asked for: a good status and a body."""
        return 200 <= self.status < 300 and bool(self.body)

    @property
    def content_type(self) -> str:
        """The Content-Type header, with its parameters."""
        return self.headers.get("content-type", "")

    @property
    def shown(self) -> str:
        """The answer in a few words."""
        if self.fault:
            return self.fault
        kind = self.content_type.partition(";")[0].strip() or "no Content-Type"
        if not self.body:
            return f"{self.status}, no body"
        cut = f", cut off after {len(self.body):,} bytes: too slow" if self.slow else ""
        return f"{self.status}, {'a web page' if self.is_page else kind}{cut}"

    @cached_property
    def unpacked(self) -> bytes:
        """The body; that of a file which is compressed in itself (sitemap.xml.gz) without its compression."""
        if not self.body.startswith(b"\x1f\x8b"):
            return self.body
        try:
            with gzip.open(io.BytesIO(self.body)) as file:
                return file.read(_MOST_UNPACKED)
        except (OSError, EOFError, zlib.error):
            return b""

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is none, or not all of it came."""
        if self.cut or self.unpacked.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        try:
            return orjson.loads(as_utf8(self.unpacked, declared_charset(self.content_type)))
        except (orjson.JSONDecodeError, RecursionError):
            return None

    @cached_property
    def xml(self) -> lxml.etree._Element | None:
        """Root of the body as XML; None where it is none. Of a body that was cut what came."""
        if self.is_page or self.unpacked.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
            return None
        try:
            return safe_xml.parse(safe_xml.decode(self.unpacked), recover=self.cut)
        except ValueError:
            return None

    @cached_property
    def is_page(self) -> bool:
        """Whether the body is a web page, whatever the header says."""
        beginning = _PROLOGUE.sub(b"", self.unpacked[:4000], count=1)
        if _PAGE.match(beginning):
            return True
        return "text/html" in self.content_type.lower() and beginning[:1] == b"<" and b"<?xml" not in self.unpacked[:80]

    @cached_property
    def text(self) -> str:
        """The body as text, in whatever charset it is."""
        return as_page(self.unpacked, self.content_type)

    @cached_property
    def tree(self) -> Any:
        """The web page's root element; None where there is none."""
        if not self.is_page:
            return None
        content = self.text.replace("\x00", "").encode("utf-8", "replace")
        try:
            return lxml.etree.fromstring(content, lxml.etree.HTMLParser(encoding="utf-8", no_network=True))
        except (lxml.etree.XMLSyntaxError, ValueError):
            return None
