"""Text: what is markup and what is not, damage that can be proved, and input that was made to hurt."""

from __future__ import annotations

import time

import pytest

from harvester.catalog.text import cleaned, is_damaged, is_plain, to_block, to_line

LATIN_1 = "latin-1"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("전국 병원 현황", "전국 병원 현황"),
        ("  전국\t병원 \r\n 현황 ", "전국 병원 현황"),
        ("전국\u3000병원\xa0현황", "전국 병원 현황"),
        ("<b>전국</b> 병원<br/>현황", "전국 병원 현황"),
        ("<국민건강보험공단_2020~2024년 진료현황>", "<국민건강보험공단_2020~2024년 진료현황>"),
        ("<시트1> 가 <시트2> 나", "<시트1> 가 <시트2> 나"),
        ("<sheet1> a < b > c", "<sheet1> a < b > c"),
        ("R&D 과제", "R&D 과제"),
        ("R&amp;D 과제", "R&D 과제"),
        ("&amp;#39;따옴표&amp;#39;", "'따옴표'"),
        ("&amp;amp;", "&"),
        ("https://a.kr/?x=1&copy=2&reg=3", "https://a.kr/?x=1&copy=2&reg=3"),
        ("<a href='https://a.kr' title='1 > 0'>이름</a>", "이름"),
        ('<span style="font-family: &quot;Avenir&quot;">CC BY</span>', "CC BY"),
        ("앞<script>alert(1)</script>뒤<style>p{}</style><!-- 주석 -->끝", "앞뒤끝"),
        ("끝나지 않는 <!-- 주석", "끝나지 않는 <!-- 주석"),
        ("<td>가</td><td>나</td>", "가 나"),
        ("&lt;b&gt;겹친&lt;/b&gt; 표기", "겹친 표기"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("제로\u200b폭\ufeff과 \x07제어", "제로폭과 제어"),
        ("👩\u200d🔬 과학", "👩\u200d🔬 과학"),
        ("", ""),
        ("<br>", ""),
    ],
)
def test_a_line_of_text_is_what_a_reader_would_see(raw: str, line: str) -> None:
    assert to_line(raw) == line
    assert to_line(line) == line


@pytest.mark.parametrize(
    ("raw", "block"),
    [
        ("첫 줄<br/>둘째 줄", "첫 줄\n둘째 줄"),
        ("<p>첫 문단</p><p>둘째   문단</p>", "첫 문단\n\n둘째 문단"),
        ("가\r\n\r\n\r\n나\n", "가\n\n나"),
        ("<ul><li>하나</li><li>둘</li></ul>", "하나\n\n둘"),
        ("한 줄", "한 줄"),
    ],
)
def test_a_description_keeps_its_line_breaks(raw: str, block: str) -> None:
    assert to_block(raw) == block
    assert to_block(block) == block


@pytest.mark.parametrize(
    ("misread", "text"),
    [
        ("GalÃ¡pagos", "Galápagos"),
        ("강원도 교통량".encode().decode(LATIN_1), "강원도 교통량"),
        ("Ã\x83Â¡".encode().decode("utf-8"), "á"),
        ("l’été".encode().decode(LATIN_1), "l’été"),
    ],
)
def test_utf_8_read_as_latin_1_is_read_again(misread: str, text: str) -> None:
    assert is_damaged(misread)
    assert to_line(misread) == text
    assert cleaned(misread, lines=False) == (text, True)


@pytest.mark.parametrize("misread", ["강원도 Ã¡", "깨진 \ufffd 글자", "한국전력공사".encode("euc-kr").decode(LATIN_1)])
def test_what_cannot_be_proved_is_told_and_stays(misread: str) -> None:
    assert is_damaged(misread)
    assert not is_plain(misread)
    assert to_line(misread) == misread


@pytest.mark.parametrize(
    "sound", ["CONTRATAÇÃO PÚBLICA", "«été» à Noël", "····", "°°°°", "10°C ± 2", "한국전력공사", "ASCII"]
)
def test_sound_text_is_not_called_damaged(sound: str) -> None:
    assert not is_damaged(sound)
    assert to_line(sound) == sound


def test_a_lone_surrogate_becomes_the_sign_of_a_lost_character() -> None:
    assert to_line("가\ud800나") == "가\ufffd나"


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000 + "끝",
        "<!--" * 100_000 + "끝",
        "<script>" * 100_000 + "끝",
        "<a " + "b=c " * 100_000,
        '<a "' * 100_000,
        '<a b="' * 100_000 + ">",
        "&" + "amp;" * 100_000 + "lt;b>",
        "&#38;" * 1000 + "&am&#112;;" * 1000,
        " <br" * 100_000,
        "<" * 300_000,
        "Ã¡" * 100_000 + "가",
        "&lt;" * 50_000 + "b>",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_markup_costs_linear_time_and_stays_the_same_when_read_again(hostile: str) -> None:
    start = time.process_time()
    text = to_block(hostile)
    assert time.process_time() - start < 5
    assert to_block(text) == text


def test_layers_of_escapes_without_end_are_cut_off() -> None:
    text = "글"
    for _ in range(30):
        text = text.replace("&", "&#x26;").join(("&#x3c;", "&#x3e;"))
    read = to_line(text)
    assert to_line(read) == read
    assert "글" in read
