"""What is marked in a found dataset, and why it is said to match."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import ranking
from indexer.explaining import Explainer, Match
from indexer.fields import BY_NAME
from indexer.languages import in_reading_order
from indexer.query import Asked
from tests.searched import Searched, datasets, searched

DATASETS = {each.id: each for each in datasets()}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    return searched(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def marked(catalogue: Searched) -> Callable[..., list[str]]:
    """What is marked in a text of a field for a search."""

    def parts(typed: str, text: str, field: str = "title", *, whole: bool = True) -> list[str]:
        explainer = Explainer(catalogue.meaning.analyser, catalogue.ask(typed).words, whole=whole)
        return [text[start:end] for start, end in explainer.spans(field, text)]

    return parts


def texts(id: str) -> dict[str, list[str]]:
    dataset = DATASETS[id]
    publisher = dataset.publisher
    return {
        "title": [each.text for each in in_reading_order(dataset.title)],
        "description": [each.text for each in in_reading_order(dataset.description)],
        "publisher": [each.text for each in in_reading_order(publisher.name)] if publisher else [],
    }


def explained(catalogue: Searched, asked: Asked, id: str) -> list[Match]:
    whole = asked.strict == asked.result.total
    return Explainer(catalogue.meaning.analyser, asked.words, whole=whole).matches(texts(id))


# --- marks


@pytest.mark.parametrize(
    ("typed", "text", "parts"),
    [
        ("미세먼지", "서울_초미세먼지 농도, 미세 먼지", ["미세먼지", "미세 먼지"]),
        ("미세 먼지를", "미세먼지의 농도", ["미세먼지"]),
        ("전기차", "전기자동차 충전소", ["전기자동차"]),
        ("전기차충전소", "전기자동차충전소", ["전기자동차충전소"]),
        ("wifi", "공공와이파이 Wi-Fi", ["와이파이", "Wi-Fi"]),
        ("altpajswl", "미세먼지", ["미세먼지"]),
        ("미새먼지", "미세먼지", ["미세먼지"]),
        ("ㅁㅅㅁㅈ", "초미세먼지", ["미세먼지"]),
        ("전통시자", "전통시장 현황", ["전통시장"]),
        ("서울미세먼지농도", "서울 미세먼지 농도", ["서울 미세먼지 농도"]),
        ("도시계획시설", "도시계획 시설", ["도시계획 시설"]),
        ("routes", "Bus Route", ["Route"]),
        ("PM2.5", "초미세먼지(PM-2.5)", ["초미세먼지", "PM-2.5"]),
        ('"버스 노선"', "버스 노선, 노선 버스", ["버스 노선"]),
        ("급여", "비급여 급여", ["급여"]),
        ("물", "영상물 물", ["물", "물"]),
        ("미세먼지", "먼지와 미세", []),
        ("비장애인", "장애인", []),
        ("정규직", "비정규직 정규직", ["정규직"]),
        ("bus", "Busan Bus", ["Bus"]),
        ("-미세먼지", "미세먼지", []),
        ("ㆍ", "서울ㆍ부산", []),
    ],
)
def test_what_is_marked_is_what_matched(
    marked: Callable[..., list[str]], typed: str, text: str, parts: list[str]
) -> None:
    assert marked(typed, text) == parts


def test_the_middle_of_words_is_marked_in_titles_and_keywords_only(marked: Callable[..., list[str]]) -> None:
    # Letters across morphemes: these fields have pairs of letters in the index, others have not.
    assert marked("통시장", "전통시장") == marked("통시장", "전통시장", "keyword") == ["통시장"]
    assert marked("통시장", "전통시장", "description") == []


def test_parts_of_a_word_are_marked_where_words_may_be_missing(marked: Callable[..., list[str]]) -> None:
    assert marked("미세먼지농도", "먼지 없음") == []
    assert marked("미세먼지농도", "먼지 없음", whole=False) == ["먼지"]
    assert marked("미세먼지", "미세먼지와 먼지", whole=False) == ["미세먼지"]


# --- reasons


@pytest.mark.parametrize(
    ("typed", "id", "expected"),
    [
        ("미세먼지", "air", ("title", "미세먼지", "typed", 4.0)),
        ("전기차", "electric", ("title", "전기자동차", "synonym", 4.0 * 0.95 * ranking.SYNONYM)),
        ("한전", "car", ("publisher", "한국전력공사", "agency", 1.5)),
        ("altpajswl", "air", ("title", "미세먼지", "keyboard", 4.0)),
        ("미새먼지", "air", ("title", "미세먼지", "spelling", 4.0 * ranking.SPELLING)),
        ("전토", "market", ("title", "전통시장", "completion", 4.0 * ranking.COMPLETION)),
        ("ㅁㅅㅁㅈ", "air", ("title", "미세먼지", "initials", 4.0)),
        ("ㅁㅅㅁㅈ", "pm", ("title", "미세먼지", "initials", 4.0)),
        ("승하차인원", "sub", ("title", "승하차 인원", "typed", 4.0)),
        ("시간별", "air", ("description", "시간별", "typed", 1.0)),
    ],
)
def test_every_match_says_why(catalogue: Searched, typed: str, id: str, expected: tuple[str, str, str, float]) -> None:
    (best, *_) = explained(catalogue, catalogue.ask(typed), id)
    assert (best.field, best.matched, best.why, best.weight) == (*expected[:3], pytest.approx(expected[3]))
    assert best.typed == typed


def test_every_word_has_its_reason_the_weightiest_first(catalogue: Searched) -> None:
    found = explained(catalogue, catalogue.ask("서울 미세먼지 데이터 값"), "air")
    assert [(each.typed, each.field) for each in found] == [
        ("서울", "title"),
        ("미세먼지", "title"),
        ("서울", "publisher"),
        ("값", "description"),
    ]
    assert found[0].to_json() == {"field": "title", "typed": "서울", "matched": "서울", "why": "typed", "weight": 4.0}


def test_a_word_that_says_little_weighs_little(catalogue: Searched) -> None:
    found = explained(catalogue, catalogue.ask("전통시장 현황"), "market")
    assert {each.typed: each.weight for each in found} == {"전통시장": 4.0, "현황": 4.0 * ranking.SAYS_NOTHING}


def test_words_that_are_missing_are_told(catalogue: Searched) -> None:
    asked = catalogue.ask("서울 미세먼지 버스 알려줘")
    explainer = Explainer(catalogue.meaning.analyser, asked.words, whole=False)
    assert explainer.missing(texts("air")) == ["버스"]
    assert explainer.missing(texts("bus")) == ["서울", "미세먼지"]


@pytest.mark.parametrize(
    "typed",
    [
        "미세먼지",
        "전기차",
        "wifi",
        "목욕탕",
        "미새먼지",
        "altpajswl",
        "ㅁㅅㅁㅈ",
        "ㅂㅅ",
        "전토",
        "서울미세먼지농도",
        "지하철역별승하차인원",
        "한전",
        "국건공",
        "buses",
        "물",
        "비급여",
        "급여",
        "시장에서",
        "도시계획시설",
        "전기 자동차",
        "통시장",
        "ㅠㅕㄴ",
        "PM2.5",
    ],
)
def test_every_hit_of_a_word_has_a_reason_and_a_mark(catalogue: Searched, typed: str) -> None:
    asked = catalogue.ask(typed)
    assert asked.result.hits
    explainer = Explainer(catalogue.meaning.analyser, asked.words, whole=True)
    for hit in asked.result.hits:
        found = explained(catalogue, asked, hit.id)
        assert found, hit.id
        for each in found:
            assert any(
                each.matched == text[start:end] or each.matched in text[start:end]
                for text in texts(hit.id)[each.field]
                for start, end in explainer.spans(each.field, text)
            )


@given(st.text(max_size=40), st.sampled_from(["title", "keyword", "description", "publisher"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_marks_lie_apart_inside_any_text(catalogue: Searched, text: str, field: str, whole: bool) -> None:
    for typed in (text, "미세먼지", "ㅁㅅ"):
        words = catalogue.meaning.words(typed)
        explainer = Explainer(catalogue.meaning.analyser, words, whole=whole)
        spans = explainer.spans(field, text)
        flat = [place for span in spans for place in span]
        assert flat == sorted(set(flat))
        assert all(0 <= place <= len(text) for place in flat)
        assert all(match.weight <= BY_NAME[field].boost for match in explainer.matches({field: [text]}))
