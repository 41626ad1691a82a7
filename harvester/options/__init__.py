"""What each protocol lets a harvest source say in its YAML file, beyond what every source can say.

An unknown key is an error with file and line (`harvester.config`). No conditions, loops or templates: data only.
Apart from the spiders, so that member files are checked without importing Scrapy.
"""

from __future__ import annotations

from harvester.options.base import Options
from harvester.options.ckan import CkanOptions
from harvester.options.datagokr import DataGoKrOptions
from harvester.options.dcat import DcatOptions
from harvester.options.oai_pmh import OaiPmhOptions
from harvester.options.table import TableOptions

__all__ = ["OPTIONS", "Options"]

OPTIONS: dict[str, type[Options]] = {
    "ckan": CkanOptions,
    "datagokr": DataGoKrOptions,
    "dcat": DcatOptions,
    "oai_pmh": OaiPmhOptions,
    "table": TableOptions,
}
"""Every protocol that a YAML file may name, with its options."""
