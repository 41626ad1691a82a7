from __future__ import annotations

from typing import Any

import orjson
import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, DataService, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping import ckan

CATALOG = Catalog(source="example.portal", url="https://portal.example", language="en")


def mapped(**package: Any) -> Mapped:
    return ckan.to_dataset(orjson.dumps(package), "id-1", CATALOG)


def test_a_plain_package() -> None:
    found = mapped(
        id="id-1",
        name="roads",
        title="Roads ",
        notes="<p>All roads</p>",
        author="Road Office",
        author_email="roads@example.org",
        maintainer="Jo",
        maintainer_email="jo@example.org",
        license_id="cc-by",
        license_title="Creative Commons Attribution",
        license_url="http://www.opendefinition.org/licenses/cc-by",
        metadata_created="2020-01-01T00:00:00",
        metadata_modified="2021-01-01T00:00:00",
        version="1.0",
        url="https://elsewhere.example/roads",
        organization={"name": "road-office", "title": "The Road Office"},
        tags=[{"name": "roads", "display_name": "Roads"}, {"name": "maps"}, "plain"],
        groups=[{"name": "traffic", "title": "Traffic"}],
        state="active",
    )
    dataset = found.dataset
    assert dataset.title == {"en": "Roads"}
    assert dataset.description == {"en": "<p>All roads</p>"}, "HTML is cleaned later"
    assert dataset.landing_page == "https://portal.example/dataset/roads"
    assert dataset.page == ("https://elsewhere.example/roads",)
    assert dataset.publisher == Agent(name={"en": "The Road Office"})
    assert dataset.creator == (Agent(name={"en": "Road Office"}, email="roads@example.org"),)
    assert dataset.contact_point == (ContactPoint(name={"en": "Jo"}, email="jo@example.org"),)
    assert dataset.license == Concept(
        source="Creative Commons Attribution", uri="http://www.opendefinition.org/licenses/cc-by"
    )
    assert dataset.keyword == {"en": ("Roads", "maps", "plain")}
    assert dataset.theme == (Concept(source="Traffic"),)
    assert (dataset.issued, dataset.modified, dataset.version) == ("2020-01-01T00:00:00", "2021-01-01T00:00:00", "1.0")
    assert found.unread == ()


def test_resources() -> None:
    found = mapped(
        name="x",
        resources=[
            {
                "id": "r1",
                "name": "File",
                "url": "https://portal.example/f.csv",
                "url_type": "upload",
                "format": "CSV",
                "mimetype": "text/csv",
                "size": "42 octets",
                "hash": "abc",
                "hash_algorithm": "md5",
                "created": "2020-01-01",
                "last_modified": "2021-01-01",
            },
            {"name": "API", "url": "https://portal.example/api", "resource_type": "api", "size": None, "format": ""},
            "no resource",
            {"url": "https://a.example", "download_url": "https://a.example/f", "license": "https://licence.example"},
        ],
    )
    file, api, linked = found.dataset.distribution
    assert (file.identifier, file.title, file.format) == ("r1", {"en": "File"}, Concept(source="CSV"))
    assert file.access_url == file.download_url == "https://portal.example/f.csv"
    assert (file.media_type, file.byte_size, file.checksum) == ("text/csv", 42, "md5:abc")
    assert (file.issued, file.modified) == ("2020-01-01", "2021-01-01")
    assert api.access_service == DataService(endpoint_url="https://portal.example/api")
    assert api.format is None
    assert api.download_url is None
    assert (linked.access_url, linked.download_url) == ("https://a.example", "https://a.example/f")
    assert linked.license == Concept(source="https://licence.example", uri="https://licence.example")


@pytest.mark.parametrize("flattened", [True, False])
def test_fields_of_ckanext_dcat_stand_in_extras_or_at_the_top(flattened: bool) -> None:
    fields = {
        "issued": "2019-05-01",
        "modified": "2019-06-01",
        "frequency": "monthly",
        "temporal_start": "2018",
        "temporal_end": "2019",
        "spatial": '{"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]]}',
        "spatial_text": "Seoul",
        "publisher_name": "Office",
        "publisher_uri": "https://office.example",
        "contact_name": "Desk",
        "contact_email": "desk@example.org",
        "language": '["en", "ko"]',
        "theme": '["http://publications.europa.eu/resource/authority/data-theme/TRAN"]',
        "conforms_to": '["https://standard.example"]',
        "access_rights": "public",
        "provenance": "Counted",
        "alternate_identifier": '["other-1"]',
        "in_series": ["series-1"],
        "licence": "OGL",
        "dcat_type": "statistics",
    }
    package = (
        {"name": "x", **fields}
        if flattened
        else {"name": "x", "extras": [{"key": k, "value": v} for k, v in fields.items()]}
    )
    found = mapped(**package)
    dataset = found.dataset
    assert (dataset.issued, dataset.modified) == ("2019-05-01", "2019-06-01")
    assert dataset.accrual_periodicity == Concept(source="monthly")
    assert dataset.temporal == (PeriodOfTime(start="2018", end="2019"),)
    assert dataset.spatial[0].bbox == (1, 2, 3, 4)
    assert dataset.spatial[1] == Location(label={"en": "Seoul"})
    assert dataset.publisher == Agent(name={"en": "Office"}, identifier="https://office.example")
    assert dataset.contact_point == (ContactPoint(name={"en": "Desk"}, email="desk@example.org"),)
    assert dataset.language == ("en", "ko")
    assert dataset.theme == (Concept(source="http://publications.europa.eu/resource/authority/data-theme/TRAN"),)
    assert dataset.conforms_to == ("https://standard.example",)
    assert dataset.access_rights == Concept(source="public")
    assert dataset.provenance == {"en": "Counted"}
    assert dataset.other_identifier == ("other-1",)
    assert dataset.is_part_of == ("series-1",)
    assert dataset.license == Concept(source="OGL")
    assert dataset.type == Concept(source="statistics")
    assert found.unread == ()


def test_language_maps_as_objects_and_as_json_in_a_string() -> None:
    found = mapped(
        name="x",
        title={"de": "Straßen", "fr": "", "it": "Strade"},
        description='{"de": "Alle", "fr": "Toutes"}',
        keywords={"de": ["strasse"], "en": []},
        tags=[{"name": "strasse"}],
        organization={"title": '{"de": "Amt", "en": "Office"}', "url": "https://office.example"},
        groups=[{"title": {"de": "Verkehr", "en": "Traffic"}, "name": "tran"}],
        temporals=[{"start_date": "2020-01-01", "end_date": "2020-12-31"}],
        contact_points=[{"name": "Desk", "email": "mailto:desk@example.org"}],
        publisher={"name": "Statistics", "url": "https://statistics.example"},
    )
    dataset = found.dataset
    assert dataset.title == {"de": "Straßen", "it": "Strade"}
    assert dataset.description == {"de": "Alle", "fr": "Toutes"}
    assert dataset.keyword == {"de": ("strasse",)}, "tags are slugs of the keywords, without language"
    assert dataset.theme == (Concept(source="Traffic"),)
    assert dataset.publisher == Agent(name={"en": "Statistics"}, homepage="https://statistics.example")
    assert dataset.temporal == (PeriodOfTime(start="2020-01-01", end="2020-12-31"),)
    assert dataset.contact_point == (ContactPoint(name={"en": "Desk"}, email="desk@example.org"),)


def test_fluent_translations_go_before_the_plain_fields() -> None:
    dataset = mapped(name="x", title="Roads", title_translated={"en": "Roads", "ko": "도로"}).dataset
    assert dataset.title == {"en": "Roads", "ko": "도로"}


def test_dkan_answers_with_a_list_and_names_publishers_as_groups() -> None:
    payload = orjson.dumps({"success": True, "result": [{"name": "x", "groups": [{"title": "Region"}]}]})
    dataset = ckan.to_dataset(payload, "x", CATALOG).dataset
    assert dataset.publisher == Agent(name={"en": "Region"})
    assert dataset.theme == ()


def test_a_licence_that_all_resources_name_is_the_package_s() -> None:
    free, other = {"url": "a", "license": "https://licence.example"}, {"url": "b", "license": "other"}
    shared = Concept(source="https://licence.example", uri="https://licence.example")
    assert mapped(name="x", license_id=None, resources=[free, {**free, "url": "c"}]).dataset.license == shared
    assert mapped(name="x", resources=[free, other]).dataset.license is None


def test_counters_never_stand_in_the_dataset() -> None:
    found = mapped(
        name="x",
        tracking_summary={"total": 17, "recent": 2},
        resources=[{"url": "a", "tracking_summary": {"total": 3}}, {"url": "b", "tracking_summary": {"total": 4}}],
    )
    assert found.counters == {"views": 17, "downloads": 7}
    assert found.dataset.additional == {}


def test_what_nobody_reads_is_counted_and_carried_along() -> None:
    found = mapped(name="x", zebra="striped", nothing=None, extras=[{"key": "Granularität", "value": "Ort"}])
    assert found.unread == ("nothing", "zebra")
    assert found.dataset.additional == {"Granularität": "Ort", "zebra": "striped"}


def test_the_catalogue_s_publisher_stands_in_where_none_is_named() -> None:
    own = Catalog(source="a.b", url="https://portal.example", language="ko", publisher={"ko": "기관"})
    assert ckan.to_dataset(b'{"name": "x"}', "x", own).dataset.publisher == Agent(name={"ko": "기관"})
    assert mapped(name="x").dataset.publisher is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not-json"),
        (b"<html>", "not-json"),
        (b"[]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"{}", "not-a-package"),
        (b'{"help": "x", "success": false, "error": {"__type": "Not Found Error"}}', "not-a-package"),
    ],
)
def test_what_is_no_package_is_refused_with_a_reason(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        ckan.to_dataset(payload, "x", CATALOG)
    assert caught.value.code == code


def test_fields_of_the_wrong_type_cost_only_themselves() -> None:
    dataset = mapped(
        name=7,
        title=12.5,
        notes=["a", "b"],
        tags={"a": 1},
        groups=3,
        resources="x",
        extras=9,
        organization=[],
        url=True,
    ).dataset
    assert dataset.title == {"en": "12.5"}
    assert dataset.landing_page == "https://portal.example/dataset/7"
