"""Links, telephone numbers, e-mail addresses, keywords and identifiers."""

from __future__ import annotations

import pytest

from harvester.catalog.identifiers import dataset_id, undated
from harvester.catalog.people import email_address, korean_phone
from harvester.catalog.urls import web_address
from harvester.catalog.words import split_keywords


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("https://www.data.go.kr/data/15000249/fileData.do", "https://www.data.go.kr/data/15000249/fileData.do"),
        ("  http://a.kr/x ", "http://a.kr/x"),
        ("HTTPS://A.kr/X", "https://A.kr/X"),
        ("www.a.kr/x", "http://www.a.kr/x"),
        ("http://a.kr/?x=1&amp;y=2&amp;amp;z=3", "http://a.kr/?x=1&y=2&z=3"),
        ("http://a.kr/파일 이름.csv", "http://a.kr/파일%20이름.csv"),
        ("http://a.kr\\x\\y", "http://a.kr/x/y"),
        ("<http://a.kr/x>", "http://a.kr/x"),
        ('http://a.kr/"x"y', "http://a.kr/%22x%22y"),
        ("http://한국.kr/x", "http://한국.kr/x"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://a.kr:8080/x?y#z", "http://a.kr:8080/x?y#z"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("ftp://a.kr/x", None),
        ("mailto:a@b.kr", None),
        ("/dataset/1", None),
        ("a.kr/x", None),
        ("http://", None),
        ("http:///x", None),
        ("http:// /x", None),
        ("https://?x", None),
        ("", None),
        ("http://a.kr/" + "x" * 9000, None),
    ],
)
def test_links(raw: str, url: str | None) -> None:
    assert web_address(raw) == url
    if url:
        assert web_address(url) == url


@pytest.mark.parametrize(
    ("raw", "phone"),
    [
        ("`0437501253", "043-750-1253"),
        ("'0416353202", "041-635-3202"),
        ("`023608509", "02-360-8509"),
        ("`03115773100", "031-1577-3100"),
        ("0234002333", "02-3400-2333"),
        ("`033-736-2417", "033-736-2417"),
        ("+82-0337362417", "033-736-2417"),
        ("+82 2 360 8509", "02-360-8509"),
        ("+82-1566-0025", "1566-0025"),
        ("tel:02-410-1114", "02-410-1114"),
        ("15660025", "1566-0025"),
        ("02-1566-0025", "02-1566-0025"),
        ("033.736.2417", "033-736-2417"),
        ("+49 40 123 45678", "+49 40 123 45678"),
        ("+1-202-555-0100", "+1-202-555-0100"),
        ("12345", "12345"),
        ("담당자 문의", "담당자 문의"),
    ],
)
def test_telephone_numbers_of_korean_portals(raw: str, phone: str) -> None:
    assert korean_phone(raw, at_home=True) == phone
    assert korean_phone(phone, at_home=True) == phone


def test_a_number_of_another_country_keeps_its_form() -> None:
    assert korean_phone("0303061200", at_home=False) == "0303061200"
    assert korean_phone("+82-0337362417", at_home=False) == "033-736-2417"


@pytest.mark.parametrize(
    ("raw", "email"),
    [
        ("mailto:data@portal.example", "data@portal.example"),
        ("Data Desk <data@portal.example>", "data@portal.example"),
        ("data%40portal.example", "data@portal.example"),
        ("data@portal.example.", "data@portal.example"),
        ("data at portal", None),
        ("@", None),
        ("", None),
    ],
)
def test_email_addresses(raw: str, email: str | None) -> None:
    assert email_address(raw) == email
    if email:
        assert email_address(email) == email


@pytest.mark.parametrize(
    ("raw", "tag", "words", "language"),
    [
        ("건강보험,연간,통계연보", "ko", ("건강보험", "연간", "통계연보"), "ko"),
        ("건강보험, 연간 ,, 건강보험", "ko", ("건강보험", "연간"), "ko"),
        ("hospital,clinic,location", "ko", ("hospital", "clinic", "location"), "en"),
        ("API", "ko", ("API",), "ko"),
        ("병원,API", "ko", ("병원", "API"), "ko"),
        ("parks; recreation", "en", ("parks", "recreation"), "en"),
        ("#교통 ", "ko", ("교통",), "ko"),
        ("가、나；다|라", "ko", ("가", "나", "다", "라"), "ko"),
        ("&lt;b&gt;", "ko", (), "ko"),
        ("2022,2023", "ko", ("2022", "2023"), "ko"),
        (" , ", "ko", (), "ko"),
    ],
)
def test_keywords(raw: str, tag: str, words: tuple[str, ...], language: str) -> None:
    assert split_keywords(raw, tag) == (words, language)


def test_a_dataset_has_one_short_id_for_ever() -> None:
    one = dataset_id("kepco.datagokr", "15000249")
    assert one == "5wo4oacpxcfzw4wq627a"
    others = {dataset_id("ts.datagokr", "15000249"), dataset_id("kepco.datagokr", "1500024"), dataset_id("", "\ud800")}
    assert one not in others
    assert len(others) == 3


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("법제처_법제업무편람_20250115", "법제처_법제업무편람"),
        ("법제처_법제업무편람", "법제처_법제업무편람"),
        ("시험_20251399", "시험_20251399"),
        ("시험_12345678", "시험_12345678"),
    ],
)
def test_a_file_name_without_its_date_is_the_title(title: str, bare: str) -> None:
    assert undated(title) == bare
