"""What each protocol lets a harvest source say in its YAML file, beyond what every source can say.

An unknown key is an error with file and line (`harvester.config`). No conditions, loops or templates: data only.
Apart from the spiders, so that member files are checked without importing Scrapy.
"""

from __future__ import annotations

from harvester.options.base import Options, merged
from harvester.options.ckan import CkanOptions
from harvester.options.datacite import DataCiteOptions
from harvester.options.datagokr import DataGoKrOptions
from harvester.options.dcat import DcatOptions
from harvester.options.github_org import GitHubOrgOptions
from harvester.options.html_list import HtmlListOptions
from harvester.options.huggingface import HuggingFaceOptions
from harvester.options.json_api import JsonApiOptions
from harvester.options.oai_pmh import OaiPmhOptions
from harvester.options.schema_org import SchemaOrgOptions
from harvester.options.spider import SpiderOptions
from harvester.options.table import TableOptions

__all__ = ["OPTIONS", "Options", "merged"]

OPTIONS: dict[str, type[Options]] = {
    "ckan": CkanOptions,
    "datacite": DataCiteOptions,
    "datagokr": DataGoKrOptions,
    "dcat": DcatOptions,
    "github_org": GitHubOrgOptions,
    "html_list": HtmlListOptions,
    "huggingface": HuggingFaceOptions,
    "json_api": JsonApiOptions,
    "oai_pmh": OaiPmhOptions,
    "schema_org": SchemaOrgOptions,
    "spider": SpiderOptions,
    "table": TableOptions,
}
"""Every protocol that a YAML file may name, with its options."""
