"""A dataset that two sources list: the endpoint and its page point from each to the other."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.joins import join_keys
from harvester.ledger import Ledger
from indexer.web.app import create_app
from tests.web import catalogue
from tests.web.conftest import bring_up_to_date, served, settings_in

OTHER = "kepri.open"


def test_the_same_dataset_at_another_portal(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    dust = catalogue.datasets()[0]
    there = msgspec.structs.replace(
        dust, id=dataset_id(OTHER, "x"), source=OTHER, identifier="x", title={"ko": "미세먼지 <농도>"},
        landing_page="https://portal.example.org/dataset/dust-1/?utm_source=open",
    )  # fmt: skip
    assert set(join_keys(dust)) & set(join_keys(there))
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, [dust, *catalogue.datasets()[2:4]])
        catalogue.harvest(ledger, [there], source=OTHER)
    bring_up_to_date(settings)
    with served(create_app(settings)) as client:
        answer = client.get(f"/api/datasets/{dust.id}").json()
        assert answer["also_at"] == [
            {
                "id": there.id,
                "source": OTHER,
                "title": "미세먼지 <농도>",
                "landing_page": there.landing_page,
                "reason": "the same landing page",
            }
        ]
        assert client.get(f"/api/datasets/{there.id}").json()["also_at"][0]["id"] == dust.id
        page = client.get(f"/datasets/{dust.id}").text
        assert "같은 데이터가 있는 곳" in page
        assert "원래 주소가 같음" in page
        assert f'<a href="/datasets/{there.id}">미세먼지 &lt;농도&gt;</a>' in page
        alone = catalogue.datasets()[2].id
        assert client.get(f"/api/datasets/{alone}").json()["also_at"] == []
        assert "같은 데이터가 있는 곳" not in client.get(f"/datasets/{alone}").text
        assert client.get("/openapi.json").json()["components"]["schemas"]["DoorAnswer"]
