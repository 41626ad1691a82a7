"""A source of an odd portal to start from: member file, spider and fixture, which replay at once."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import urljoin

import msgspec
import yaml
from w3lib.url import safe_url_string

from harvester import config
from harvester.errors import ConfigurationError, UsageError
from harvester.fixtures import INDEX, Exchange, Fixture, replay, write_expected
from harvester.kit.crawls import listening
from harvester.kit.places import must_be_writable
from harvester.members import HarvestSource, plain_name

_TEMPLATES = Path(__file__).parent / "templates"
_SCHEMA = "# yaml-language-server: $schema=../member.schema.json"
_DATA_SETS = {"101": "주차장 현황", "102": "대기질 측정값", "103": "버스 정류장 위치"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_NOTE = "an invented portal that fits the spider that `datamoa new` wrote; `datamoa record` puts the real one here"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Files that were written; `to_add` are lines for a member file that was there and lacks the source."""

    member: Path
    spider: Path
    fixture: Path
    to_add: str


def make(settings: config.Settings, name: str, url: str, folder: Path) -> Made:
    """Write what a source ``member.key`` of an odd portal needs; nothing that exists is touched.

    Raises `UsageError` for a name that is none, where the spider or the fixture is there already, or where no fixture
    can be written.
    """
    member, _, key = name.partition(".")
    try:
        plain_name(member)
        plain_name(key)
    except ValueError as error:
        raise UsageError(f"{name}: a source is named member.source: {error}") from None
    if config.is_packaged(settings.config):
        raise UsageError("the packaged configuration is not to be changed: name a folder of your own with --config DIR")
    spider = re.sub(r"[.-]", "_", name if name[0].isalpha() else f"spider-{name}")
    written = {
        key: {
            "title": name,
            "protocol": "spider",
            "spider": spider,
            "url": url,
            "language": "ko",
            "evidence": "assumed",
            "note": "written by datamoa new; not yet tried on the portal",
        }
    }
    text = f"{_SCHEMA}\n{_yaml({'name': {'ko': member}, 'sector': 'public', 'sources': written})}"
    source = config.check_member(f"{name}: the member file", member, text).source(key)
    files = Made(
        member=settings.config / "members" / f"{member}.yml",
        spider=settings.config / "spiders" / f"{spider}.py",
        fixture=folder / name,
        to_add="",
    )
    for path in (files.spider, files.fixture / INDEX):
        if path.exists():
            raise UsageError(f"{path} exists already; nothing was written")
    present = _sources(files.member)
    if present is not None and key in present and present[key].get("protocol") != "spider":
        raise UsageError(f"{files.member}: {key} is there already, with another protocol; nothing was written")
    must_be_writable(files.fixture)
    if present is not None and key not in present:
        files = msgspec.structs.replace(files, to_add=indent(_yaml(written), "  "))
    assert source is not None, "it was just written"
    new = [path for path in (files.member, files.spider, files.fixture) if not path.exists()]
    try:
        files.spider.parent.mkdir(exist_ok=True)
        files.spider.write_bytes((_TEMPLATES / "spider.py.txt").read_bytes())
        files.fixture.mkdir(parents=True, exist_ok=True)
        _write_fixture(files.fixture, source, settings)
        if present is None:
            files.member.parent.mkdir(parents=True, exist_ok=True)
            files.member.write_text(text, encoding="utf-8")
    except BaseException as error:
        for path in new:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            raise UsageError(f"{name}: nothing was written: {where}{error.strerror}") from None
        raise
    return files


def _yaml(data: Mapping[str, Any]) -> str:
    """Data as YAML, with quotes where YAML wants them: an address may have ``: `` in it, a member be called ``on``."""
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=math.inf)


def _sources(file: Path) -> Mapping[str, Any] | None:
    if not file.exists():
        return None
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")).get("sources") or {}
    except (yaml.YAMLError, AttributeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}") from None


def _write_fixture(folder: Path, source: HarvestSource, settings: config.Settings) -> None:
    url = safe_url_string(source.url)  # as Scrapy asks for it
    pages: dict[str, tuple[str, dict[str, str]]] = {
        url: ("list-1.html", {}),
        urljoin(url, "?page=2"): ("list-2.html", {}),
    } | {
        urljoin(url, f"/data/view?id={id_}"): ("view.html", {"id": id_, "title": title})
        for id_, title in _DATA_SETS.items()
    }
    exchanges = []
    for address, (template, values) in pages.items():
        file = f"view-{values['id']}.html" if values else template
        (folder / file).write_text(_filled(template, values), encoding="utf-8")
        exchanges.append(Exchange(url=address, file=file, headers=_HTML, note=_NOTE))
    index = msgspec.json.format(msgspec.json.encode(exchanges), indent=2)
    (folder / INDEX).write_bytes(index + b"\n")
    with listening():
        _, outcomes = replay(Fixture.load(folder), source, settings.config)
    write_expected(folder, outcomes)


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text
