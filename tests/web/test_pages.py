"""The pages for people: what they show, where they lead, and that no portal's markup gets through."""

from __future__ import annotations

import itertools
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Concept
from harvester.ledger import Ledger
from indexer.web.app import create_app
from tests.web import catalogue
from tests.web.conftest import GONE, bring_up_to_date, served, settings_in

DUST = dataset_id(catalogue.SOURCE, "dust-1")
HOSTILE = dataset_id(catalogue.SOURCE, "hostile")
VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """Elements of a page with their attributes; refuses a page whose elements are not properly nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without beginning"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [
            found
            for name, found in self.elements
            if name == tag
            and all(found.get(key.rstrip("_").replace("_", "-")) == value for key, value in attributes.items())
        ]

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def page(client: httpx.Client, address: str, status: int = 200) -> Page:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def leads_to(link: dict[str, str]) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(link["href"]).query)


ADDRESSES = [
    "/",
    "/?q=전력&format=CSV&sort=title",
    "/?q=nothingatall",
    f"/datasets/{DUST}",
    f"/datasets/{HOSTILE}",
    "/?x=1",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_is_well_formed_korean_and_can_be_read_without_eyes(client: httpx.Client, address: str) -> None:
    found = Page(client.get(address).text)
    assert found.all("html", lang="ko")
    assert len(found.all("h1")) == 1
    assert len(found.all("main")) == 1
    assert found.all("form", role="search")
    labels = {label["for"] for label in found.all("label") if "for" in label}
    assert {each["id"] for each in found.all("input") if "id" in each} <= labels
    assert found.all("a", class_="skip", href="#content")
    ids = [each["id"] for _, each in found.elements if "id" in each]
    assert len(ids) == len(set(ids))
    named = {each["aria-labelledby"] for _, each in found.elements if "aria-labelledby" in each}
    assert named <= set(ids)
    levels = [int(tag[1]) for tag, _ in found.elements if tag in {"h1", "h2", "h3"}]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_has_a_script_or_a_style_of_its_own(client: httpx.Client, address: str) -> None:
    found = Page(client.get(address).text)
    (script,) = found.all("script")
    assert script["src"].startswith("/static/suggest.js?")
    assert not found.all("style")
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


# --- hostile portals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/?q=시험", f"/datasets/{HOSTILE}", "/?q=미세먼지&license=%3Fx"])
def test_markup_of_a_portal_is_text(client: httpx.Client, address: str) -> None:
    found = page(client, address)
    expected = {"html", "head", "body", "header", "main", "footer"}
    assert {tag for tag, _ in found.elements} >= expected
    assert not {tag for tag, _ in found.elements} & {"svg", "u", "b", "i", "iframe", "object"}
    assert len(found.all("script")) == 1  # our own
    assert not [each for each in found.all("img") if each.get("src") == "x"]
    for link in found.all("a"):
        assert urlsplit(link["href"]).scheme in ("", "http", "https")
        assert not link["href"].startswith("//")


def test_a_title_that_is_a_script_is_shown_as_it_is_written(client: httpx.Client) -> None:
    found = page(client, f"/datasets/{HOSTILE}")
    assert catalogue.SCRIPT in found.text
    assert "javascript:" not in " ".join(link["href"] for link in found.all("a"))


def test_what_a_searcher_types_is_text(client: httpx.Client) -> None:
    answer = client.get("/", params={"q": '"><script>alert(1)</script>'})
    assert "<script>" not in answer.text
    assert Page(answer.text).all("input", name="q")[0]["value"] == '"><script>alert(1)</script>'


def test_links_to_portals_say_nothing_of_the_searcher(client: httpx.Client) -> None:
    outside = [link for link in page(client, f"/datasets/{DUST}").all("a") if urlsplit(link["href"]).netloc]
    assert len(outside) >= 4
    assert {link.get("rel") for link in outside} == {"noopener noreferrer nofollow"}


# --- searching --------------------------------------------------------------------------------------------------------


def test_texts_say_their_language_where_it_is_not_korean(client: httpx.Client) -> None:
    found = page(client, "/?q=outages")
    assert [title.get("lang") for title in found.all("h2", id="hit-1")] == ["en"]
    assert page(client, "/?q=시험").all("h2", id="hit-1")[0]["lang"] == ""
    assert "lang" not in page(client, "/?q=측정소").all("h2", id="hit-1")[0]
    assert page(client, f"/datasets/{DUST}").all("p", class_="other", lang="en")


def test_a_facet_can_be_chosen_joined_by_a_second_value_and_let_go(client: httpx.Client) -> None:
    first = page(client, "/?q=검침")
    csv = next(link for link in first.all("a", class_="choice") if ("format", "CSV") in leads_to(link))
    assert leads_to(csv) == [("q", "검침"), ("format", "CSV")]
    second = page(client, csv["href"])
    assert next(link for link in second.all("a", class_="choice") if link.get("aria-current") == "true")
    json = next(link for link in second.all("a", class_="choice") if ("format", "JSON") in leads_to(link))
    assert leads_to(json) == [("q", "검침"), ("format", "CSV"), ("format", "JSON")]
    both = page(client, json["href"])
    assert "25건" in both.text
    chips = [link for link in both.all("a") if link.get("aria-label", "").endswith("조건 빼기")]
    assert [chip["aria-label"] for chip in chips] == ["형식 CSV 조건 빼기", "형식 JSON 조건 빼기"]
    assert leads_to(chips[0]) == [("q", "검침"), ("format", "JSON")]


def test_asking_anew_keeps_filters_and_order_and_begins_at_the_first_page(client: httpx.Client) -> None:
    found = page(client, "/?q=검침&format=CSV&sort=title&from=10&modified=2010..")
    hidden = [(each["name"], each["value"]) for each in found.all("input", type="hidden")]
    assert hidden[:3] == [("format", "CSV"), ("modified", "2010-01-01.."), ("sort", "title")]
    assert "from" not in dict(hidden)
    assert found.all("ol", class_="hits")[0]["start"] == "11"


def test_a_range_of_days_is_a_form_and_a_chip(client: httpx.Client) -> None:
    answer = client.get("/", params={"q": "검침", "modified": "", "modified_from": "2015-01-01", "modified_to": ""})
    found = Page(answer.text)
    assert found.all("input", type="date", name="modified_from")[0]["value"] == "2015-01-01"
    assert "2015-01-01 ~" in found.text
    assert "10건" in found.text


def test_pages_of_results_lead_to_each_other(client: httpx.Client) -> None:
    first = page(client, "/?q=검침")
    steps = [link for link in first.all("a") if link.get("aria-label", "").endswith("쪽")]
    # Pages are made of lines: how many there are is known at the end.
    assert [link["aria-label"] for link in steps] == ["1쪽", "2쪽", "다음 쪽"]
    assert steps[0]["aria-current"] == "page"
    second = page(client, steps[1]["href"])
    last = page(client, second.all("a", rel="next")[0]["href"])
    assert len(last.all("article")) == 5
    assert [link["href"] for link in last.all("a", rel="prev")] == [steps[1]["href"]]
    assert not last.all("a", rel="next")


def test_a_page_after_the_last_one_leads_back(client: httpx.Client) -> None:
    found = page(client, "/?q=검침&from=500")
    assert "이 쪽에는 결과가 없습니다" in found.text
    assert "25건" in found.text


def test_whole_terms_of_use_do_not_bury_the_other_hits(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    terms = "NO WARRANTIES. " + "All content of this website is provided as a public service. " * 60
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, [catalogue.dataset("long", {"ko": "공원"}, license=Concept(source=terms))])
    bring_up_to_date(settings)
    with served(create_app(settings)) as client:
        found = client.get("/?q=공원").text
        assert "NO WARRANTIES. All content" in found
        assert found.count("public service") <= 3  # the hit's and the facet's beginnings
        assert client.get("/datasets/" + dataset_id(catalogue.SOURCE, "long")).text.count("public service") >= 60


def test_nothing_found_comes_with_advice(client: httpx.Client) -> None:
    found = page(client, "/?q=xyzzy&format=CSV")
    assert "찾는 데이터셋이 없습니다" in found.text
    assert any(link["href"] == "/?q=xyzzy" for link in found.all("a"))
    assert found.all("meta", name="robots", content="noindex, follow")


def test_words_that_are_nowhere_together_are_found_apart_and_said_so(client: httpx.Client) -> None:
    apart = page(client, "/?q=미세먼지 검침").text
    assert "모두 있는 데이터셋이 없어, 일부만 있는" in apart
    assert "없는 낱말: 검침" in apart
    assert "‘검침’을(를) 빼면 2건이 있습니다" in apart or "검침을(를) 빼면 2건" in apart


def test_a_line_divides_what_has_all_words_from_what_has_some(client: httpx.Client) -> None:
    found = page(client, "/?q=미세먼지 측정소").text
    assert "검색 결과 1건 낱말이 일부만 있는 것까지 2건" in found
    before, _, after = found.partition("아래는 찾는 낱말이 일부만 있는 데이터셋입니다")
    assert "시간별 농도" in before
    assert "없는 낱말: 측정소" in after


def test_a_slip_is_mended_said_and_one_click_away_from_the_literal_search(client: httpx.Client) -> None:
    found = page(client, "/?q=미새먼지")
    assert "미새먼지 대신 미세먼지(으)로 찾았습니다" in found.text
    assert "제목에서 미세먼지 = 미새먼지" in found.text
    (literal,) = [link["href"] for link in found.all("a") if "exact=true" in link["href"]]
    exact = page(client, literal)
    assert "찾는 데이터셋이 없습니다" in exact.text
    assert "입력한 그대로 찾은 결과입니다" in exact.text
    # Other words are searched as usual again.
    assert not exact.all("input", name="exact")


def test_signs_alone_are_nothing_to_look_for(client: httpx.Client) -> None:
    assert "찾을 낱말이 없습니다" in page(client, "/?q=ㆍ").text


def test_every_value_of_a_facet_is_listed_without_a_script(client: httpx.Client) -> None:
    found = page(client, "/facets/organization?q=검침&prefix=시청")
    assert "제공기관 1개" in found.text
    (choice,) = found.all("a", **{"class": "choice"})
    assert "검색 결과 13건" in page(client, choice["href"]).text
    assert "그런 값이 없습니다" in page(client, "/facets/format?prefix=없음").text
    assert page(client, "/facets/colour", 400)


def test_a_dataset_leads_to_similar_ones(client: httpx.Client) -> None:
    meter = dataset_id(catalogue.SOURCE, "meter-01")
    found = page(client, f"/datasets/{meter}").text
    assert "비슷한 데이터셋" in found


def test_wrong_parameters_get_a_page_that_says_what_is_allowed(client: httpx.Client) -> None:
    found = page(client, "/?sort=best", 400)
    assert "검색 조건을 이해하지 못했습니다" in found.text
    assert "-modified" in found.text
    assert page(client, "/?colour=red", 400)


# --- a dataset --------------------------------------------------------------------------------------------------------


SHOWN = """\
발전소 미세먼지 배출 측정소 시간별 농도|Hourly fine dust at power plants|가상전력연구소|공공누리 제1유형|환경기상|일간
2021-03-05|2015 ~ 2023|02-000-0000|1.5 MB|조회수1,234|심의유형|자동승인|메타데이터 품질""".replace("\n", "|").split("|")


def test_the_page_of_a_dataset_shows_what_is_known_of_it(client: httpx.Client) -> None:
    found = page(client, f"/datasets/{DUST}")
    for expected in SHOWN:
        assert expected in found.text, expected
    assert found.all("a", href=f"/api/datasets/{DUST}")
    assert found.all("a", href="https://portal.example.org/files/dust.csv")


def test_an_unknown_dataset_is_404_and_a_removed_one_410(client: httpx.Client) -> None:
    assert "그런 데이터셋이 없습니다" in page(client, "/datasets/none", 404).text
    assert "사라진 데이터셋입니다" in page(client, f"/datasets/{dataset_id(catalogue.SOURCE, GONE)}", 410).text


def test_a_dataset_that_went_after_it_was_indexed_is_left_out(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, catalogue.datasets())
    bring_up_to_date(settings)
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, [each for each in catalogue.datasets() if each.id != DUST], deleted=["dust-1"])
    with served(create_app(settings)) as client:
        assert f"/datasets/{DUST}" not in client.get("/?q=측정소").text
        assert client.get("/api/search?q=측정소").json()["hits"] == []
