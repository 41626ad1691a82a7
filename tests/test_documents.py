"""Documents: which terms and values a dataset gives."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Agent, Concept, Dataset, Distribution, Location, PeriodOfTime
from harvester.ledger.types import Change
from indexer import analysis
from indexer.documents import ANALYSIS, Documents, address_key, document, packaged, title_key, word_key
from indexer.engines.base import SEPARATOR, Document
from indexer.fields import BY_NAME


def made(seq: int = 7, **properties: object) -> Document:
    content = codec.encode(Dataset(id="abc", source="kepco.datagokr", identifier="1", **properties))  # type: ignore[arg-type]
    return document(change(content, seq))


def change(content: bytes | None, seq: int = 7) -> Change:
    hash = codec.content_hash(content) if content else None
    return Change(seq=seq, id="abc", source="kepco.datagokr", content=content, content_hash=hash)


def test_a_whole_dataset() -> None:
    dataset = Dataset(
        id="abc",
        source="kepco.datagokr",
        identifier="15000001",
        title={"en": "Charging stations", "ko": "[전기차] 충전소_현황"},
        description={"ko": "전기차 충전소의 위치입니다."},
        keyword={"ko": ("전기차", "충전소"), "en": ("EV",)},
        publisher=Agent(name={"ko": "한국전력공사"}, source_name="한국전력"),
        theme=(
            Concept(source="산업고용", code="ECON", scheme="eu"),
            Concept(source="산업고용", code="산업고용", scheme="datagokr"),
            Concept(source="뭔가  새로운\n것"),
        ),
        type=Concept(source="FILE", code="FILE"),
        license=Concept(source="제한 없음", code="KOGL-0"),
        accrual_periodicity=Concept(source="연간", code="ANNUAL"),
        language=("ko",),
        issued="2019-05",
        modified="2024-03-05T09:00:00+09:00",
        landing_page="https://www.data.go.kr/data/15000001/fileData.do#tab",
        other_identifier=("doi:10.1234/AB-1",),
        spatial=(Location(label={"ko": "서울"}),),
        temporal=(PeriodOfTime(start="2019", end="2020"),),
        additional={"컬럼명": "측정일시, 값", "비고": "없음"},
        distribution=(
            Distribution(format=Concept(source="csv", code="CSV")),
            Distribution(format=Concept(source="csv", code="CSV")),
            Distribution(format=Concept(source="hwpz")),
            Distribution(),
        ),
    )
    content = codec.encode(dataset)
    found = document(change(content))
    assert found.terms == {
        "title": f"전기차 충전 -소 현황 {SEPARATOR} charg station",
        "keyword": f"ev {SEPARATOR} 전기차 {SEPARATOR} 충전 -소",
        "publisher": f"한국 전력 공사 {SEPARATOR} 한국 전력",
        "description": "전기차 충전 -소 위치",
        "column": "측정 일시 값",
        "place": f"서울 {SEPARATOR} 2019 2020",
        "identifier": "15000001 10.1234/ab-1 data.go.kr/data/15000001/filedata.do#tab =전기차충전소현황 "
        "=chargingstations",
        "grams": "전기 기차 차충 충전 전소 소현 현황 ¦ ch ha ar rg gi in ng gs st ta at ti io on ns ¦ ev ¦ "
        "전기 기차 ¦ 충전 전소",
        "word": "wjsrlck|전기차 cndwjsth|충전소 gusghkd|현황 charging|charging stations|stations ev|ev",
        "initials": "ㅈㄱㅊ ㄱㅊㅊ ㅊㅊㅈ ㅊㅈㅅ ㅈㅅㅎ ㅅㅎㅎ ¦ "
        "cha har arg rgi gin ing ngs gst sta tat ati tio ion ons",
    }
    assert found.values == {
        "organization": ("한국전력공사",),
        "theme": ("ECON", "산업고용", "?뭔가 새로운 것"),
        "format": ("CSV", "?hwpz"),
        "license": ("KOGL-0",),
        "source": ("kepco.datagokr",),
        "member": ("kepco",),
        "type": ("FILE",),
        "frequency": ("ANNUAL",),
        "language": ("ko",),
        "year": ("2024",),
        "series": ("전기차충전소",),
        "issued": ("2019-05-01",),
        "modified": ("2024-03-05",),
    }
    assert found.sort_title == "전기차] 충전소_현황"
    assert (found.id, found.seq, found.source, found.content) == ("abc", 7, "kepco.datagokr", content)
    assert found.content_hash == codec.content_hash(content).hex()


def test_every_name_is_a_field() -> None:
    found = made(title={"ko": "가나"}, modified="2024", publisher=Agent(name={"ko": "부산시"}))
    assert {*found.terms, *found.values} <= set(BY_NAME)


def test_a_bare_dataset() -> None:
    found = made()
    assert found.terms == {"identifier": "1"}
    assert found.values == {"source": ("kepco.datagokr",), "member": ("kepco",), "series": ("abc",)}
    assert found.sort_title == "abc"
    assert found.quality == 0


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2024", "2024-01-01"),
        ("2024-03", "2024-03-01"),
        ("2024-03-05", "2024-03-05"),
        ("2024-03-05T23:59:59Z", "2024-03-05"),
        ("0001", "0001-01-01"),
        ("2024-02-31", None),
        ("0000-01-01", None),
        ("soon", None),
        ("20240305", "2024-03-05"),
        ("", None),
    ],
)
def test_days(date: str, day: str | None) -> None:
    found = made(modified=date, issued=date)
    assert found.values.get("modified") == found.values.get("issued") == ((day,) if day else None)
    assert found.values.get("year") == ((str(int(day[:4])),) if day else None)


def test_a_dataset_is_licensed_as_all_its_distributions_are() -> None:
    one, other = (Distribution(license=Concept(source=code, code=code)) for code in ("CC0-1.0", "KOGL-1"))
    assert made(distribution=(one, one)).values["license"] == ("CC0-1.0",)
    assert "license" not in made(distribution=(one, other)).values
    assert "license" not in made(distribution=(one, Distribution())).values
    own = Concept(source="KOGL-4", code="KOGL-4")
    assert made(license=own, distribution=(one,)).values["license"] == ("KOGL-4",)


def test_endless_texts_are_cut() -> None:
    found = made(
        title={"ko": "가나 " * 100_000},
        description={"en": "word " * 1_000_000},
        keyword={"ko": tuple(f"낱말{n}" for n in range(100_000))},
        theme=(Concept(source="x" * 100_000),),
    )
    assert max(len(text) for text in found.terms.values()) < 150_000
    assert len(found.sort_title) <= 100
    assert len(found.values["theme"][0]) == 101


def test_a_tombstone_has_no_document() -> None:
    with pytest.raises(ValueError, match="tombstone"):
        document(change(None))


def test_what_is_no_dataset_raises() -> None:
    with pytest.raises(msgspec.DecodeError):
        document(change(b"<html>"))


texts = st.dictionaries(st.sampled_from(["ko", "en", "und"]), st.text(max_size=60), max_size=2)
concepts = st.builds(
    Concept, source=st.text(max_size=30), code=st.none() | st.text(st.characters(codec="ascii"), max_size=8)
)


@given(
    st.builds(
        Dataset,
        id=st.just("abc"),
        source=st.just("kepco.datagokr"),
        identifier=st.just("1"),
        title=texts,
        description=texts,
        keyword=st.dictionaries(st.sampled_from(["ko", "en"]), st.lists(st.text(max_size=20)).map(tuple), max_size=2),
        publisher=st.none() | st.builds(Agent, name=texts, source_name=st.none() | st.text(max_size=20)),
        theme=st.lists(concepts, max_size=3).map(tuple),
        license=st.none() | concepts,
        modified=st.none() | st.text("0123456789-T:", max_size=12),
        distribution=st.lists(st.builds(Distribution, format=st.none() | concepts), max_size=3).map(tuple),
    )
)
@settings(max_examples=200, deadline=None)
def test_every_dataset_gives_a_document(dataset: Dataset) -> None:
    found = document(change(codec.encode(dataset)))
    assert all(terms == " ".join(terms.split()) and terms for terms in found.terms.values())
    assert all(value and len(value) <= 101 for values in found.values.values() for value in values)
    assert all(len(set(values)) == len(values) for values in found.values.values())
    assert all(BY_NAME[name].many or len(values) == 1 for name, values in found.values.items())
    assert found.sort_title


def test_other_processes_make_the_same_documents() -> None:
    changes = [
        change(codec.encode(Dataset(id="abc", source="a.b", identifier="1", title={"ko": f"미세먼지 {n} 농도"})), n)
        for n in range(1, 20)
    ]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(document, changes) == [document(each) for each in changes]


def test_the_version_names_the_analysis() -> None:
    assert ANALYSIS.startswith(f"{analysis.ANALYSIS}.")


# --- how documents are made


def own(folder: Path, words: str | None) -> Documents:
    """How documents are made with a config folder of one's own, with these names in it."""
    if words is not None:
        shutil.copytree(config.default_config() / "search", folder / "search")
        (folder / "search" / "words.yml").write_text(words, encoding="utf-8")
    return Documents.of(folder)


def test_a_dictionary_of_ones_own_is_another_version_of_the_analysis(tmp_path: Path) -> None:
    name = "- {word: 하늘누리, reason: a park}\n"
    (first, second, third) = (tmp_path / each for each in "123")
    assert own(tmp_path / "none", None) == packaged()
    assert packaged().analysis == ANALYSIS
    made = own(first, name)
    assert made.analysis.startswith(f"{ANALYSIS}+")
    # The names decide, not what is written about them.
    assert own(second, name.replace("a park", "the park")).analysis == made.analysis
    assert own(third, name.replace("하늘", "바다")).analysis not in (made.analysis, ANALYSIS)


def test_documents_are_made_with_their_own_dictionary(tmp_path: Path) -> None:
    content = codec.encode(Dataset(id="abc", source="a.b", identifier="1", title={"ko": "비급여와 하늘누리공원"}))
    made = own(tmp_path, "- {word: 하늘누리, reason: a park}\n").document(change(content))
    assert made.terms["title"] == "비급여 하늘누리 공원"
    assert packaged().document(change(content)).terms["title"] == "비급여 하늘 누리 공원"


def test_words_of_a_title_end_at_any_white_space() -> None:
    made_of = made(title={"ko": "서울\n버스\t노선\u3000현황"})
    assert [key.partition("|")[2] for key in made_of.terms["word"].split()] == ["서울", "버스", "노선", "현황"]


def test_an_address_is_one_key_however_it_is_written() -> None:
    spellings = (
        "https://www.data.go.kr/data/1/",
        "http://data.go.kr/data/1",
        "DATA.go.kr/data/1#",
        " data.go.kr/data/1 ",
    )
    assert {address_key(each) for each in spellings} == {"data.go.kr/data/1"}
    assert {address_key(each) for each in ("doi:10.1/A", "https://doi.org/10.1/a", "dx.doi.org/10.1/a")} == {"10.1/a"}
    assert title_key("서울_미세먼지 (PM2.5)") == title_key("서울미세먼지PM25") == "=서울미세먼지pm25"
    assert word_key("미세먼지") == "altpajswl|미세먼지"
