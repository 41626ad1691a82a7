"""The pages in a real browser: typing, choosing, reading, by keyboard alone, on a phone, without a single complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from harvester.catalog.identifiers import dataset_id
from tests.web import catalogue

CHROMIUM = Path("/usr/bin/chromium")
DUST = dataset_id(catalogue.SOURCE, "dust-1")
HOSTILE = dataset_id(catalogue.SOURCE, "hostile")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, client: httpx.Client) -> Iterator[Page]:
    """A page without scripts of its own in which any complaint of the browser fails the test."""
    context = browser.new_context(
        base_url=str(client.base_url), viewport={"width": 1280, "height": 900}, locale="ko-KR"
    )
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    # A request that the end of the test cut short is no fault of the page.
    found.on("requestfailed", lambda request: "ABORTED" in request.failure or complaints.append(request.url))
    yield found
    context.close()
    assert complaints == []


def test_a_question_typed_is_answered(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title("데이터모아")
    page.get_by_role("combobox", name="찾을 말").fill("미세먼지 측정소")
    page.get_by_role("button", name="검색").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("검색 결과 1건")
    expect(page.locator(".hits mark").first).to_have_text("미세먼지")
    assert "q=%EB%AF%B8" in page.url


def test_facets_narrow_and_chips_widen(page: Page) -> None:
    page.goto("/?q=검침")
    expect(page.get_by_role("heading", level=1)).to_contain_text("25건")
    page.get_by_role("complementary").get_by_role("link", name="JSON").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("9건")
    expect(page.locator(".choice[aria-current]")).to_contain_text("JSON")
    page.get_by_role("complementary").get_by_role("link", name="가상시청").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("5건")
    page.get_by_role("link", name="형식 JSON 조건 빼기").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("13건")
    page.get_by_role("link", name="제목", exact=True).click()
    expect(page.get_by_role("link", name="제목", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="다음 쪽").click()
    expect(page.locator(".hits > li")).to_have_count(3)


def test_a_range_of_days_is_chosen_in_a_form(page: Page) -> None:
    page.goto("/?q=검침")
    page.get_by_text("수정일 범위").click()
    page.get_by_label("부터").fill("2015-01-01")
    page.get_by_role("button", name="적용").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("10건")


def test_a_dataset_is_opened_and_shows_what_it_is(page: Page) -> None:
    page.goto("/?q=측정소")
    page.get_by_role("link", name="발전소 미세먼지 배출 측정소 시간별 농도").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("발전소 미세먼지 배출 측정소 시간별 농도")
    portal = page.get_by_role("link", name="원래 포털에서 보기")
    expect(portal).to_have_attribute("href", "https://portal.example.org/dataset/dust-1")
    page.get_by_text("찾기", exact=True).click()
    expect(page.get_by_text("키워드가 있다")).to_be_visible()
    page.get_by_role("link", name="대기 환경").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("검색 결과 1건")


def test_a_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="본문으로 건너뛰기")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("outages")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1건")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    title = page.get_by_role("link", name="Transmission line outages")
    for _ in range(10):
        page.keyboard.press("Tab")
        if title.evaluate("element => element === document.activeElement"):
            break
    outline = title.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Transmission line outages")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_its_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/", "/?q=미세먼지&format=CSV", "/?q=nothing", f"/datasets/{HOSTILE}", f"/datasets/{DUST}"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_phone_leads_from_results_to_filters_and_back(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/?q=검침")
    page.get_by_role("link", name="걸러 보기").click()
    expect(page.get_by_role("heading", name="걸러 보기")).to_be_in_viewport()
    page.get_by_role("link", name="결과로 돌아가기").click()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_a_hostile_portal_runs_nothing(page: Page) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto("/?q=시험")
    expect(page.locator(".hits h2").first).to_have_text(catalogue.SCRIPT)
    page.goto(f"/datasets/{HOSTILE}")
    expect(page.get_by_role("heading", level=1)).to_have_text(catalogue.SCRIPT)
    assert dialogs == []


CONTRAST = """
() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)' && colour !== 'transparent') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('[aria-hidden=true], .unseen, .skip') || !element.checkVisibility()) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(element.className + ': ' + element.textContent.trim() + ' ' + ratio.toFixed(2));
  }
  return faint;
}
"""


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(246, 247, 245)"), ("dark", "rgb(19, 23, 22)")])
def test_every_text_can_be_read_in_light_and_in_dark(page: Page, scheme: str, ground: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for address in ("/?q=미세먼지&format=CSV", "/?q=nothing", f"/datasets/{DUST}"):
        page.goto(address)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        assert page.evaluate(CONTRAST) == []


def test_suggestions_come_while_an_input_method_composes(page: Page) -> None:
    page.goto("/")
    box = page.get_by_role("combobox", name="찾을 말")
    for text in ("ㅂ", "바", "발", "발ㅈ", "발저", "발전"):
        box.fill(text)
        expect(page.get_by_role("option").first).to_contain_text("발전소")
    expect(page.get_by_role("status")).to_have_text("추천 2개")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_text("발전소 1건")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("발전소 검색 결과 1건")


def test_an_agency_that_is_suggested_becomes_a_filter(page: Page) -> None:
    page.goto("/?format=JSON")
    page.get_by_role("combobox").fill("검침 가상시")
    page.get_by_role("option", name="가상시청").click()
    expect(page.get_by_role("link", name="제공기관 가상시청 조건 빼기")).to_be_visible()
    expect(page.get_by_role("link", name="형식 JSON 조건 빼기")).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_value("검침")
