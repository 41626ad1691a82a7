"""From YAML to spiders: every configured harvest source is a spider class of its protocol, named ``member.key``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from harvester import config, settings
from harvester.errors import ConfigurationError
from harvester.members import HarvestSource
from harvester.options.spider import SpiderOptions
from harvester.protocols.base import ProtocolSpider

PROTOCOLS = {
    "ckan": "harvester.protocols.ckan.CkanSpider",
    "datacite": "harvester.protocols.datacite.DataCiteSpider",
    "datagokr": "harvester.protocols.datagokr.DataGoKrSpider",
    "dcat": "harvester.protocols.dcat.DcatSpider",
    "github_org": "harvester.protocols.github_org.GitHubOrgSpider",
    "html_list": "harvester.protocols.html_list.HtmlListSpider",
    "huggingface": "harvester.protocols.huggingface.HuggingFaceSpider",
    "json_api": "harvester.protocols.json_api.JsonApiSpider",
    "oai_pmh": "harvester.protocols.oai_pmh.OaiPmhSpider",
    "schema_org": "harvester.protocols.schema_org.SchemaOrgSpider",
    "spider": "harvester.spiders.PagedSpider",
    "table": "harvester.protocols.table.TableSpider",
}
"""Protocol name → spider class; imported when a source needs it, so that one crawl loads one protocol."""


def spider_class(source: HarvestSource, folder: Path | None = None) -> type[ProtocolSpider]:
    """Make the spider class of one source; `folder` is the configuration's (None: the one that the environment names).

    Raises `ConfigurationError` where the spider that an odd portal has of its own cannot be read.
    """
    path = PROTOCOLS.get(source.protocol)
    if path is None:
        raise ConfigurationError(f"{source.name}: no spider speaks the protocol {source.protocol!r}")
    module, _, name = path.rpartition(".")
    protocol = getattr(import_module(module), name)
    if isinstance(source.options, SpiderOptions):
        from harvester.crawl.own_spider import own_spider

        protocol = own_spider(folder or config.settings().config, source.options)
    attributes = {
        "name": source.name,
        "source": source,
        "options": source.options,
        "custom_settings": settings.of_source(source),
        "__module__": module,
    }
    return type(name, (protocol,), attributes)


class UnknownSourceError(UsageError, KeyError):
    """No source has this name. What Scrapy's loaders raise (KeyError), told by its command line as a wrong usage."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it quoted


class SourceLoader:
    """Scrapy's `SpiderLoaderProtocol` over the configured sources, so that ``scrapy list`` and ``crawl`` work."""

    def __init__(self, sources: tuple[HarvestSource, ...]) -> None:
        self._sources = {source.name: source for source in sources}

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read the configuration that the environment points to."""
        members = config.members(config.settings().config)
        return cls(tuple(source for member in members for source in member.sources))

    def load(self, spider_name: str) -> type[Spider]:
        """Give the spider class of a source; raise `UnknownSourceError` where none has this name."""
        if spider_name not in self._sources:
            raise UnknownSourceError(f"no source is called {spider_name!r}; `scrapy list` lists them")
        return spider_class(self._sources[spider_name])

    def list(self) -> list[str]:
        """Names of all sources, in the order of the member files."""
        return list(self._sources)

    def find_by_request(self, request: Request) -> list[str]:  # type: ignore[valid-type]  # `list` is the method here
        """Names of the sources whose portal is at the host of `request`."""
        host = urlsplit(request.url).netloc
        return [name for name, source in self._sources.items() if urlsplit(source.url).netloc == host]
