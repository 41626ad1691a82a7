"""Every configured source is a spider, for Scrapy's own command line too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import Request

from harvester import config
from harvester.crawl.loader import PROTOCOLS, SourceLoader, spider_class
from harvester.options import OPTIONS
from harvester.protocols.base import ProtocolSpider

MEMBER = """
name: {ko: 시험}
sector: public
sources:
  a: {title: A, protocol: ckan, url: "https://a.example/portal", evidence: assumed}
  b: {title: B, protocol: ckan, url: "http://127.0.0.1:8080", evidence: assumed, allow_private: true}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / "m.yml").write_text(MEMBER)
    monkeypatch.setenv("DATAMOA_CONFIG", str(tmp_path))
    return tmp_path


def test_one_spider_a_source(folder: Path) -> None:
    loader = SourceLoader.from_settings(None)  # type: ignore[arg-type]
    assert loader.list() == ["m.a", "m.b"]
    spider = loader.load("m.b")
    assert issubclass(spider, ProtocolSpider)
    assert spider.name == spider.source.name == "m.b"
    assert spider.custom_settings is not None
    assert spider.custom_settings["ALLOW_PRIVATE_ADDRESSES"] is True
    assert loader.load("m.a").custom_settings == {}
    with pytest.raises(KeyError, match=r"m\.c"):
        loader.load("m.c")


def test_spiders_by_address(folder: Path) -> None:
    loader = SourceLoader.from_settings(None)  # type: ignore[arg-type]
    assert loader.find_by_request(Request("https://a.example/x")) == ["m.a"]
    assert loader.find_by_request(Request("http://127.0.0.1:8080/x")) == ["m.b"]
    assert loader.find_by_request(Request("https://other.example/")) == []


def test_every_protocol_of_the_configuration_has_a_spider() -> None:
    assert PROTOCOLS.keys() == OPTIONS.keys()
    for member in config.members(config.default_config()):
        for source in member.sources:
            spider = spider_class(source)
            assert spider.name == source.name
            assert spider.format


def test_scrapy_list(folder: Path) -> None:
    listed = scrapy(folder, "list")
    assert listed.returncode == 0
    assert listed.stdout.split() == ["m.a", "m.b"]


def test_scrapy_crawl_of_no_source_is_told_without_a_traceback(folder: Path) -> None:
    crawled = scrapy(folder, "crawl", "m.c")
    assert crawled.returncode == 2
    assert crawled.stderr.splitlines()[-1].endswith("error: no source is called 'm.c'; `scrapy list` lists them")
    assert "Traceback" not in crawled.stderr


def scrapy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=Path(__file__).parent.parent.parent,
        env=os.environ | {"DATAMOA_CONFIG": str(folder)},
        capture_output=True,
        text=True,
    )
