"""From a record's parts to what the ledger keeps."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from harvester import processing
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Catalog, Concept, Dataset, Distribution, HarvestRecord, Mapped, Part
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import RecordError
from harvester.processing import Processor


def simple(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """A mapping of our own: JSON with a title, a licence, a format and counters."""
    try:
        data: Any = json.loads(payload)
    except ValueError as error:
        raise RecordError("not-json", f"the record is not JSON: {error}", value=str(payload)) from error
    if data == "crash":
        raise RuntimeError("a bug")
    return Mapped(
        dataset=Dataset(
            id=dataset_id(catalog.source, identifier),
            source=catalog.source,
            identifier=identifier,
            title={"ko": data["title"]} if data.get("title") else {},
            landing_page=data.get("page"),
            version=data.get("version"),
            license=Concept(source=data["license"]) if data.get("license") else None,
            distribution=(Distribution(access_url=data.get("page"), checksum=data.get("checksum")),),
        ),
        counters=data.get("counters", {}),
        unread=tuple(data.get("unread", ())),
    )


@pytest.fixture
def processor(
    monkeypatch: pytest.MonkeyPatch, vocabularies: Vocabularies, korean: Catalog
) -> Callable[..., processing.Processed]:
    monkeypatch.setitem(processing.MAPPINGS, "simple", simple)
    monkeypatch.setitem(processing.VERSIONS, "simple", 7)
    one = Processor(korean, vocabularies)

    def process(*payloads: Any, identifier: str = "1") -> processing.Processed:
        parts = tuple(
            Part(
                name="listing" if number == 0 else f"detail{number}",
                format="simple",
                payload=payload if isinstance(payload, bytes) else json.dumps(payload).encode(),
            )
            for number, payload in enumerate(payloads)
        )
        return one.process(HarvestRecord(identifier=identifier, parts=parts))

    return process


def test_further_parts_count_by_their_format_and_not_by_when_they_came(
    monkeypatch: pytest.MonkeyPatch, vocabularies: Vocabularies, korean: Catalog
) -> None:
    for name in ("list", "better", "worse", "unranked"):
        monkeypatch.setitem(processing.MAPPINGS, name, simple)
    monkeypatch.setitem(processing.TOGETHER, "list", ("better", "worse"))

    def part(name: str, **said: str) -> Part:
        return Part(name=name, format=name, payload=json.dumps(said).encode())

    listing = part("list", title="제목", page=PAGE)
    further = [part("better", version="1"), part("worse", version="2"), part("unranked", version="3")]
    processor = Processor(korean, vocabularies)
    contents = {
        processor.process(HarvestRecord(identifier="1", parts=(listing, *order))).content
        for order in itertools.permutations(further)
    }
    (content,) = contents
    assert content is not None
    assert codec.decode(content).version == "1"


PAGE = "https://portal.example/1"


def test_a_record_becomes_a_dataset(processor: Callable[..., processing.Processed]) -> None:
    done = processor(
        {"title": "제목 ", "page": PAGE, "license": "공공저작물_출처표시", "counters": {"views": 3}, "unread": ["x"]}
    )
    assert done.dataset_id == dataset_id("member.portal", "1")
    assert done.content is not None
    dataset = codec.decode(done.content)
    assert dataset.title == {"ko": "제목"}
    assert dataset.license is not None
    assert dataset.license.code == "KOGL-1"
    assert done.content_hash == codec.content_hash(done.content)
    assert (done.landing_page, done.counters, done.issues, done.unread) == (PAGE, {"views": 3}, (), ("x",))


def test_a_record_of_megabytes_is_rejected_unread(processor: Callable[..., processing.Processed]) -> None:
    payload = b"[" * (processing._LARGEST_PART + 1)  # would be refused with another word were it read
    done = processor(payload)
    assert done.content is None
    assert [issue.code for issue in done.issues] == ["too-large"]


def test_counters_are_no_part_of_the_dataset(processor: Callable[..., processing.Processed]) -> None:
    once, again = (processor({"title": "제목", "page": PAGE, "counters": {"views": views}}) for views in (1, 2))
    assert once.content == again.content
    assert once.counters != again.counters


def test_further_parts_complete_the_listing(processor: Callable[..., processing.Processed]) -> None:
    done = processor(
        {
            "title": "제목",
            "page": PAGE,
            "license": "https://data.go.kr/ugs/selectPortalPolicyView.do",
            "counters": {"views": 1},
        },
        {
            "title": "다른 제목",
            "license": "이용허락범위 제한 없음",
            "version": "2",
            "counters": {"views": 9, "downloads": 4},
        },
    )
    assert done.content is not None
    dataset = codec.decode(done.content)
    assert dataset.title == {"ko": "제목"}
    assert dataset.version == "2"
    assert dataset.license is not None
    assert dataset.license.code == "KOGL-0"
    assert done.counters == {"views": 1, "downloads": 4}
    assert done.issues == ()  # that the listing's licence is unknown no longer matters


def test_a_further_part_that_cannot_be_read_is_a_warning(processor: Callable[..., processing.Processed]) -> None:
    done = processor({"title": "제목", "page": PAGE}, b"<html>")
    assert done.content is not None
    assert [(one.severity, one.code, one.field) for one in done.issues] == [("warning", "not-json", "detail1")]


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"<html>", "not-json"), ({"page": PAGE}, "no-title"), (b"\xff\xfe", "not-json"), ("crash", "internal-fault")],
)
def test_a_listing_that_cannot_be_read_rejects_the_record(
    processor: Callable[..., processing.Processed], payload: Any, code: str
) -> None:
    done = processor(payload)
    assert (done.content, done.content_hash) == (None, None)
    assert [(one.severity, one.code) for one in done.issues] == [("error", code)]
    assert done.dataset_id == dataset_id("member.portal", "1")


def test_a_value_that_is_no_unicode_rejects_the_record(processor: Callable[..., processing.Processed]) -> None:
    done = processor({"title": "제목", "page": PAGE, "checksum": "\ud800"})
    assert done.content is None
    assert [one.code for one in done.issues] == ["bad-unicode"]


def test_a_record_without_parts_or_of_an_unknown_format_is_rejected(
    vocabularies: Vocabularies, korean: Catalog
) -> None:
    one = Processor(korean, vocabularies)
    assert [issue.code for issue in one.process(HarvestRecord(identifier="1")).issues] == ["no-parts"]
    part = Part(name="listing", format="carrier pigeon", payload=b"")
    assert [issue.code for issue in one.process(HarvestRecord(identifier="1", parts=(part,))).issues] == ["no-mapping"]


def test_the_version_names_mapping_normaliser_and_tables(
    processor: Callable[..., processing.Processed], vocabularies: Vocabularies, korean: Catalog
) -> None:
    assert processor is not None
    version = Processor(korean, vocabularies).version("simple")
    assert version.startswith("simple-7.")
    assert version.endswith(vocabularies.digest)
    assert len(version) < 40
    with pytest.raises(KeyError):
        Processor(korean, vocabularies).version("carrier pigeon")


@pytest.mark.parametrize("format", sorted(processing.MAPPINGS))
def test_every_mapping_has_a_version(vocabularies: Vocabularies, korean: Catalog, format: str) -> None:
    assert Processor(korean, vocabularies).version(format).startswith(f"{format}-")
