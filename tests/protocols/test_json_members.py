"""Shapes of members' portals beside those of their fixtures: an older one, and recorded answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harvester import config, fixtures
from harvester.crawl.run import harvest_source
from harvester.ledger import Ledger
from harvester.members import HarvestSource
from harvester.options.json_api import JsonApiOptions
from harvester.sample_portals.server import Answer, Asked, Portal

OLD_SHAPE = Path(__file__).parent / "ggdata-post"


def source(member: str, key: str) -> HarvestSource:
    found = next(one for one in config.members(config.default_config()) if one.id == member).source(key)
    assert found
    return found


def old_shape() -> HarvestSource:
    """The source of the same portal as it had to be read in 2024."""
    today = source("gcon", "ggdata")
    assert isinstance(today.options, JsonApiOptions)
    options = {
        **today.options.model_dump(exclude_unset=True),
        "method": "POST",
        "parameters": {"sortColumn": "", "sortDirection": "", "infId": "", "infSeq": "", "order": ""},
        "records": "data",
        "paging": {"page": "page", "size": 10, "size_parameter": "rows"},
    }
    return today.model_copy(update={"options": JsonApiOptions.model_validate(options)})


def test_the_older_shape_of_a_portal_is_read_by_other_options_alone() -> None:
    fixture = fixtures.Fixture.load(OLD_SHAPE)
    report, found = fixtures.replay(fixture, old_shape())
    assert (report.verdict, report.reason, report.created) == ("complete", "", 4)
    assert found == list(fixture.expected)


class RecordedList(Portal):
    """Gives one recorded answer to a POST, and an empty list for every further page."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    def answer(self, asked: Asked) -> Answer:
        body = self.body
        if asked.form["page_num"] != "0":
            body = json.dumps({**json.loads(body), "result": {"code": "200", "data": []}}).encode()
        return Answer(body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(("selects", "created"), [(False, 10), (True, 0)])
def test_the_recorded_products_add_up(selects: bool, created: int, samples: Path, tmp_path: Path) -> None:
    """10 of 213 products are recorded; none of them is the member's."""
    configured = source("cj-olivenetworks", "kdx")
    options = configured.options if selects else configured.options.model_copy(update={"where": None})
    body = (samples / "members/kdx/getProList.json").read_bytes()
    settings = config.settings(tmp_path)
    with RecordedList(body) as portal:
        here = {"url": portal.url, "options": options, "allow_private": True, "download_delay": None}
        report = harvest_source(settings, configured.model_copy(update=here))
    assert (report.reason.partition(":")[0], report.listed, report.created) == ("total not met", created, created)
    assert (report.rejected, report.failed, report.duplicate) == (0, 0, 0)
    with Ledger.open(settings.database_url) as ledger:
        unread = ledger.source_states()[configured.name].unread
    assert ("blog" in unread) is not selects
    assert not {"title", "company_name", "product_id", "price_type"} & set(unread)
