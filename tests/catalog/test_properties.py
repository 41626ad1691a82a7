"""What holds for every dataset there could be, not only for those that somebody thought of."""

from __future__ import annotations

import string
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.catalog import codec
from harvester.catalog.merge import merge
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    HarvestRecord,
    Location,
    Part,
    PeriodOfTime,
)
from harvester.catalog.normalise import Normaliser
from harvester.catalog.people import email_address, korean_phone
from harvester.catalog.quality import quality
from harvester.catalog.text import to_block, to_line
from harvester.catalog.urls import web_address
from harvester.catalog.validate import validate
from harvester.processing import MAPPINGS, Processor

VOCABULARIES = config.vocabularies(config.default_config())

PIECES = [
    "한국전력공사", "병원", " ", "  ", "\n", "-", "null", "없음", "<b>", "</b>", "<br/>", "<시트1>", "<", ">", "&",
    "&amp;", "&lt;",
    "&#38;", "amp;", "lt;", "<!--", "-->", "<script>", "</script>", "Ã", "Â", "¡", "\xa0", "\x85", "ì",
    "\ufffd", "\u200b", "\ud800",
    "\u0301", "e", "#", ",", ";", "(", "CC BY", " 4.0", "KOGL", "출처표시", " + 변경금지", "공공누리 제1유형",
    "https://", "http://",
    "www.", "a.kr", "/", "//", "creativecommons.org/licenses/by/4.0/", "href=", "'", '"', "javascript:",
    "CSV", "JSON", "+", ".", "XML",
    "text/csv", "zip", "R/P1Y", "2024", "-01", "년", "1월", "~", "T00:00:00", "9999-12-31", "45000",
    "보건 - 건강보험", "교육", "kr",
    "강원도 ", "통계청", "mailto:", "a@b.kr", "%40", "tel:", "+82-0", "0442006788", "`", "[", "]", ":", "\\", "@",
]  # fmt: skip
raw_text = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(max_size=20)
# Values that are kept as they came must be Unicode; what JSON and XML readers hand over always is.
kept_text = raw_text.filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text))
maybe = st.none() | raw_text
tags = st.sampled_from(
    ["ko", "kr", "en", "en-US", "und", "", "zh-Hant", "ko-KR", "http://id.loc.gov/vocabulary/iso639-1/fr"]
)
lang_text = st.dictionaries(tags, raw_text, max_size=3)
concepts = st.builds(
    Concept, source=raw_text, code=maybe, uri=maybe, scheme=st.sampled_from([None, "eu", "datagokr", "brm"])
)
services = st.builds(DataService, title=lang_text, endpoint_url=maybe, endpoint_description=maybe)
agents = st.builds(Agent, name=lang_text, identifier=maybe, homepage=maybe, email=maybe)
few = 2


def some_of(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Values for up to four of the fields: small examples are found, and understood, soonest."""
    chosen = st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: fields[name] for name in names}))


distributions = some_of(
    dict(
        identifier=st.none() | kept_text,
        title=lang_text,
        description=lang_text,
        access_url=maybe,
        download_url=maybe,
        format=st.none() | concepts,
        media_type=maybe,
        byte_size=st.none() | st.integers(-5, 2**60),
        issued=maybe,
        modified=maybe,
        license=st.none() | concepts,
        rights=lang_text,
        conforms_to=st.lists(raw_text, max_size=few).map(tuple),
        access_service=st.none() | services,
    )
).map(lambda fields: Distribution(**fields))
datasets = some_of(
    dict(
        identifier=kept_text,
        title=lang_text,
        description=lang_text,
        keyword=st.dictionaries(tags, st.lists(raw_text, max_size=few).map(tuple), max_size=few),
        theme=st.lists(concepts, max_size=few).map(tuple),
        type=st.none() | concepts,
        publisher=st.none() | agents,
        creator=st.lists(agents, max_size=few).map(tuple),
        contact_point=st.lists(
            st.builds(ContactPoint, name=lang_text, email=maybe, telephone=maybe, url=maybe), max_size=few
        ).map(tuple),
        landing_page=maybe,
        page=st.lists(raw_text, max_size=few).map(tuple),
        issued=maybe,
        modified=maybe,
        accrual_periodicity=st.none() | concepts,
        temporal=st.lists(st.builds(PeriodOfTime, start=maybe, end=maybe, label=maybe), max_size=few).map(tuple),
        spatial=st.lists(
            st.builds(
                Location,
                label=lang_text,
                uri=st.none() | kept_text,
                bbox=st.none() | st.tuples(*[st.floats(allow_nan=True)] * 4),
                geometry=st.none() | kept_text,
            ),
            max_size=few,
        ).map(tuple),
        language=st.lists(raw_text, max_size=few).map(tuple),
        license=st.none() | concepts,
        rights=lang_text,
        access_rights=st.none() | concepts,
        conforms_to=st.lists(raw_text, max_size=few).map(tuple),
        version=maybe,
        provenance=lang_text,
        legal_basis=maybe,
        fee=maybe,
        other_identifier=st.lists(raw_text, max_size=few).map(tuple),
        distribution=st.lists(distributions, max_size=few).map(tuple),
        additional=st.dictionaries(kept_text, raw_text, max_size=few),
    )
).map(lambda fields: Dataset(**{"id": "a" * 20, "source": "member.portal", "identifier": "1", **fields}))
catalogs = st.builds(
    Catalog,
    source=st.just("member.portal"),
    url=st.just("https://portal.example"),
    language=st.sampled_from(["ko", "fr", "und"]),
)


@given(datasets, catalogs)
@settings(max_examples=250, deadline=None)
def test_normalising_twice_changes_nothing_more_and_what_comes_out_can_be_stored(
    dataset: Dataset, catalog: Catalog
) -> None:
    normaliser = Normaliser(VOCABULARIES, catalog)
    normal, _ = normaliser.normalise(dataset)
    assert normaliser.normalise(normal)[0] == normal
    content = codec.encode(normal)
    assert codec.decode(content) == normal
    assert codec.encode(codec.decode(content)) == content
    assert 0 <= quality(normal).score <= 100
    validate(normal)
    assert merge([normal, normal]).title == normal.title


@given(st.lists(datasets, min_size=2, max_size=3))
@settings(max_examples=60, deadline=None)
def test_merging_loses_no_text_and_no_keyword(parts: list[Dataset]) -> None:
    merged = merge(parts)
    for part in parts:
        assert merged.title.keys() >= part.title.keys()
        for tag, words in part.keyword.items():
            assert set(words) <= set(merged.keyword[tag])


@given(raw_text | st.text())
@example("# #a")
@example("&lt;​b>")
@settings(max_examples=400, deadline=None)
def test_every_value_reader_is_idempotent(text: str) -> None:
    for read in (to_line, to_block, web_address, email_address):
        once = read(text)
        assert once is None or read(once) == once
    for at_home in (True, False):
        phone = korean_phone(text, at_home=at_home)
        assert korean_phone(phone, at_home=at_home) == phone


@given(st.text(alphabet=string.printable + "한글<>&;#\u0301\xa0\xc3\xa1", max_size=60))
def test_a_line_is_one_line_and_free_of_control_characters(text: str) -> None:
    line = to_line(text)
    assert "\n" not in line
    assert line == line.strip()
    assert not any(ord(letter) < 32 for letter in line)


@pytest.mark.parametrize("format", sorted(MAPPINGS))
@given(
    payload=st.binary(max_size=200)
    | st.sampled_from([b"{}", b"[]", b"null", b'"x"', b"<html>", b'{"title": {}}', b"\xef\xbb\xbf{}"])
)
@settings(max_examples=60, deadline=None)
def test_no_payload_makes_processing_raise_or_vanish(format: str, payload: bytes) -> None:
    processor = Processor(Catalog(source="member.portal", url="https://portal.example"), VOCABULARIES)
    done = processor.process(
        HarvestRecord(identifier="1", parts=(Part(name="listing", format=format, payload=payload),))
    )
    assert "internal-fault" not in {issue.code for issue in done.issues}
    assert (done.content is None) == any(issue.severity == "error" for issue in done.issues)


def test_the_encoded_form_does_not_depend_on_the_order_of_keys() -> None:
    one = Dataset(id="a", source="s", identifier="1", title={"ko": "가", "en": "a"}, additional={"b": "1", "a": "2"})
    other = msgspec.structs.replace(one, title={"en": "a", "ko": "가"}, additional={"a": "2", "b": "1"})
    assert codec.encode(one) == codec.encode(other)
    assert len(codec.content_hash(codec.encode(one))) == 16
