"""Small portals that speak the real protocols on loopback sockets, with metadata of our own in Korean and English.

Everything in ``corpus/`` is invented: institutions, data sets, numbers. The portals serve the demo; tests put faults
before them and have them serve recorded files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harvester import config
from harvester.sample_portals.ckan import CkanPortal
from harvester.sample_portals.datagokr import DataGoKrPortal
from harvester.sample_portals.dcat import JSON, JSON_LD, DcatPortal, hydra_pages
from harvester.sample_portals.oai_pmh import OaiPmhPortal, records_of
from harvester.sample_portals.server import Portal

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class SamplePortals:
    """Portals that run now. `config` is a configuration folder whose members are harvested from them."""

    portals: Mapping[str, Portal]
    config: Path

    @property
    def addresses(self) -> dict[str, str]:
        """Address of each portal by its protocol."""
        return {name: portal.url for name, portal in self.portals.items()}

    def stop(self) -> None:
        """Stop all of them; the configuration folder stays."""
        for portal in self.portals.values():
            portal.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def start(home: Path) -> SamplePortals:
    """Start a portal of each protocol, and write ``home/sample-config``, where members are configured at them.

    The configuration is the default one with other members. It is written anew, because ports differ every time.
    """
    portals: dict[str, Portal] = {
        "ckan": sample_ckan(),
        "datagokr": sample_datagokr(),
        "dcat": sample_dcat(),
        "oai_pmh": sample_oai_pmh(),
    }
    for portal in portals.values():
        portal.start()
    addresses = {name: portal.url for name, portal in portals.items()}
    return SamplePortals(portals, write_config(home / "sample-config", addresses))


def sample_ckan() -> CkanPortal:
    """Make a CKAN with the packages of the corpus, not yet started."""
    return CkanPortal(json.loads((CORPUS / "packages.json").read_text(encoding="utf-8")))


def sample_dcat() -> DcatPortal:
    """Make a portal with the corpus's feeds: Turtle in Hydra pages, JSON-LD, data.json."""
    prefixes, *datasets = (CORPUS / "feed.ttl").read_text(encoding="utf-8").strip().split("\n\n")
    return DcatPortal(
        {
            **hydra_pages(datasets, 8, prefixes=prefixes),
            "/archive.jsonld": (JSON_LD, (CORPUS / "feed.jsonld").read_bytes()),
            "/data.json": (JSON, (CORPUS / "data.json").read_bytes()),
        }
    )


def sample_datagokr() -> DataGoKrPortal:
    """Make a data.go.kr with the catalogue of the corpus."""
    return DataGoKrPortal((CORPUS / "catalogue.csv").read_bytes())


def sample_oai_pmh() -> OaiPmhPortal:
    """Make a repository with the records of the corpus, two of them deleted."""
    return OaiPmhPortal(records_of((CORPUS / "repository.xml").read_bytes()))


def write_config(folder: Path, addresses: Mapping[str, str]) -> Path:
    """Write the configuration of the sample members, at these addresses of portals by protocol."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(config.default_config(), folder, ignore=shutil.ignore_patterns("members"))
    (folder / "members").mkdir()
    for file in sorted((CORPUS / "members").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        for name, address in addresses.items():
            text = text.replace(f"{{{name}}}", address)
        (folder / "members" / file.name).write_text(text, encoding="utf-8")
    return folder
