"""Hugging Face Hub (``/api/datasets?author=…``), paged by the Link header.

The address is seen in public code; the shape of the answers, and that the Link header names the next page, is general
knowledge: no answer of this list is recorded.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Part, Rejected
from harvester.options.huggingface import HuggingFaceOptions
from harvester.protocols.json_answers import decoded, next_link, row, words
from harvester.protocols.linked_pages import Answered, LinkedPagesSpider, Passed


class _Head(msgspec.Struct):
    id: Any = None


class HuggingFaceSpider(LinkedPagesSpider):
    """Lists the data sets of one organisation."""

    format: ClassVar[str] = "huggingface"
    options: HuggingFaceOptions

    def first(self) -> str:
        """Path and query of the first page."""
        query = {"author": self.options.organisation, "limit": self.options.rows, "full": "true"}
        return f"/api/datasets?{urlencode(query)}"

    def read(self, response: Response) -> Answered:
        """Read a page: a list of data sets."""
        raws = decoded(response, list[msgspec.Raw], "a list of data sets")
        return Answered([self._row(raw) for raw in raws], next_link(response))

    def _row(self, raw: msgspec.Raw) -> HarvestRecord | Rejected | Passed:
        head = row(raw, _Head, lambda head: words(head.id), self.format)
        if isinstance(head, Rejected):
            return head
        identifier = words(head.id) or ""
        if identifier.partition("/")[0].casefold() != self.options.organisation.casefold():
            return Passed(f"{identifier}, which is not of {self.options.organisation}")
        part = Part(name="listing", format=self.format, payload=bytes(raw))
        return HarvestRecord(identifier=identifier, parts=(part,))
