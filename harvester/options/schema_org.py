"""Options of the protocol ``schema_org``."""

from __future__ import annotations

import re
from typing import Annotated, Self

from cssselect import ExpressionError, HTMLTranslator, SelectorError
from pydantic import AfterValidator, Field, model_validator

from harvester.options.base import Options


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return value


def _selector(value: str) -> str:
    try:
        HTMLTranslator().css_to_xpath(value)
    except (SelectorError, ExpressionError) as error:
        raise ValueError(f"no CSS selector: {error}") from None
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("an http(s) address is needed")
    return value


Address = Annotated[str, AfterValidator(_address)]


class SchemaOrgOptions(Options):
    """Metadata in pages (https://schema.org/Dataset), as JSON-LD or microdata.

    Which pages: those in `pages`, or those in the `sitemap`, or what the `links` of the page at `url` lead to; without
    any of the three the page at `url` is the only one.
    """

    pages: tuple[Address, ...] = ()
    """Addresses of the pages."""
    sitemap: Address | None = None
    """Address of a sitemap, or of an index of sitemaps; may be compressed."""
    links: Annotated[str, AfterValidator(_selector)] | None = None
    """CSS selector of the elements of the page at `url` whose ``href`` leads to the pages."""
    match: Annotated[str, AfterValidator(_expression)] | None = None
    """Regular expression that is found in the addresses of dataset pages, among those of `sitemap` or `links`.

    A page that is meant to describe a dataset and does not is lost, visibly. Only a sitemap without `match` may lead to
    other pages too.
    """
    batch: Annotated[int, Field(ge=1, le=200)] = 20
    """Pages that are committed together."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.pages, self.sitemap, self.links))) > 1:
            raise ValueError("pages, sitemap or links: one of the three says where the pages are")
        if self.match and not (self.sitemap or self.links):
            raise ValueError("match selects among the addresses of sitemap or links, and neither is given")
        return self
