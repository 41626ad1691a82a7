"""What values mean: every list of values that portals were seen to write, and what is deliberately left unknown."""

from __future__ import annotations

import pytest

from harvester.catalog.licences import LicenceRegister
from harvester.catalog.tables import Label, Licence
from harvester.catalog.vocabularies import Vocabularies

EU = "http://publications.europa.eu/resource/authority"
IANA = "https://www.iana.org/assignments/media-types"
KOGL = "https://www.kogl.or.kr/info"


@pytest.mark.parametrize(
    ("text", "code", "uri"),
    [
        # 이용허락범위 of data.go.kr's bulk CSV
        ("이용허락범위 제한 없음", "KOGL-0", f"{KOGL}/freeUse.do"),
        ("공공저작물_출처표시", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("공공저작물_출처표시 + 상업적 이용금지", "KOGL-2", f"{KOGL}/licenseType2.do"),
        ("공공저작물_출처표시 + 변경금지", "KOGL-3", f"{KOGL}/licenseType3.do"),
        ("공공저작물_출처표시 + 상업적 이용금지 + 변경금지", "KOGL-4", f"{KOGL}/licenseType4.do"),
        ("저작자표시-비영리-동일조건변경허락", "CC-BY-NC-SA", "https://creativecommons.org/licenses/by-nc-sa/"),
        # other spellings
        ("공공누리 제1유형", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("공공누리 1유형\n출처표시 (상업적 이용 및 변경 가능)", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("공공누리 제 4 유형", "KOGL-4", f"{KOGL}/licenseType4.do"),
        ("공공저작물: 출처표시 (제 1유형)", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("공공저작물: 출처표시 + 변경금지 (제 3유형)", "KOGL-3", f"{KOGL}/licenseType3.do"),
        ("KOGL Type 1", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("KOGL-1", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("kogl-2", "KOGL-2", f"{KOGL}/licenseType2.do"),
        ("출처표시", "KOGL-1", f"{KOGL}/licenseType1.do"),
        ("공공누리 AI유형", "KOGL-AI", None),
        ("https://www.kogl.or.kr/info/licenseType3.do", "KOGL-3", f"{KOGL}/licenseType3.do"),
        ("https://data.go.kr/license/kogl/type-4", "KOGL-4", f"{KOGL}/licenseType4.do"),
        ("본 저작물은 공공누리 제2유형에 따라 이용할 수 있습니다.", "KOGL-2", f"{KOGL}/licenseType2.do"),
        # addresses
        ("http://creativecommons.org/licenses/by/3.0", "CC-BY-3.0", "https://creativecommons.org/licenses/by/3.0/"),
        (
            "https://creativecommons.org/licenses/by-nc-sa/4.0/deed.ko",
            "CC-BY-NC-SA-4.0",
            "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        ),
        (
            "https://creativecommons.org/licenses/by-nd/2.0/kr/legalcode",
            "CC-BY-ND-2.0-KR",
            "https://creativecommons.org/licenses/by-nd/2.0/kr/",
        ),
        ("http://creativecommons.org/publicdomain/zero/1.0", "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("http://opendatacommons.org/licenses/odbl/summary/", "ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
        ("http://www.opendefinition.org/licenses/odc-odbl", "ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
        ("http://www.opendefinition.org/licenses/cc-by", "CC-BY", "http://www.opendefinition.org/licenses/cc-by"),
        ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "DL-DE-BY-2.0", "https://www.govdata.de/dl-de/by-2-0"),
        ("http://dcat-ap.de/def/licenses/dl-zero-de/2.0", "DL-DE-ZERO-2.0", "https://www.govdata.de/dl-de/zero-2-0"),
        ("http://www.usa.gov/publicdomain/label/1.0/", "US-PD", "http://www.usa.gov/publicdomain/label/1.0/"),
        (f"{EU}/licence/CC_BYSA_4_0", "CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        (f"{EU}/licence/CC_BYNC_4_0", "CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        (f"{EU}/licence/COM_REUSE", "EU-REUSE", f"{EU}/licence/COM_REUSE"),
        (
            "https://w3id.org/italia/controlled-vocabulary/licences/A21:CCBY40",
            "CC-BY-4.0",
            "https://creativecommons.org/licenses/by/4.0/",
        ),
        (
            "http://reference.data.gov.uk/id/open-government-licence",
            "OGL-UK",
            "https://www.nationalarchives.gov.uk/doc/open-government-licence/",
        ),
        ("https://opendata.swiss/terms-of-use#terms_by", "CH-BY", "https://opendata.swiss/terms-of-use#terms_by"),
        # codes and names
        ("cc-by-sa-4.0", "CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("CC BY 4.0", "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC-BY-NC-ND 3.0", "CC-BY-NC-ND-3.0", "https://creativecommons.org/licenses/by-nc-nd/3.0/"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
        (
            "Creative Commons Attribution-NonCommercial-ShareAlike 4.0",
            "CC-BY-NC-SA-4.0",
            "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        ),
        ("Creative Commons Attribution", "CC-BY", "http://www.opendefinition.org/licenses/cc-by"),
        ("Creative Commons Atribuição", "CC-BY", "http://www.opendefinition.org/licenses/cc-by"),
        ("cc-zero", "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        (
            "Licença Aberta para Bases de Dados (ODbL) do Open Data Commons",
            "ODbL-1.0",
            "https://opendatacommons.org/licenses/odbl/1-0/",
        ),
        ("Licence Ouverte Version 2.0", "etalab-2.0", "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf"),
        ("IODL 2.0", "IODL-2.0", "https://www.dati.gov.it/iodl/2.0/"),
        ("U.S. Government Work", "US-PD", "http://www.usa.gov/publicdomain/label/1.0/"),
        ("Public Domain", "PUBLIC-DOMAIN", "https://en.wikipedia.org/wiki/Public_domain"),
        # markup and free text
        (
            "<DIV STYLE='text-align:Left;'><P><SPAN>Soumis à la licence Etalab : "
            "https://www.etalab.gouv.fr/licence-ouverte-open-licence/</SPAN></P></DIV>",
            "etalab",
            "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        ),
        (
            "<a href='https://creativecommons.org/licenses/by/4.0/deed.en' rel='nofollow'>Terms of use</a>",
            "CC-BY-4.0",
            "https://creativecommons.org/licenses/by/4.0/",
        ),
    ],
)  # fmt: skip
def test_licences(vocabularies: Vocabularies, text: str, code: str, uri: str | None) -> None:
    known = vocabularies.license(text)
    assert (known.code, known.uri) == (code, uri)
    assert vocabularies.license(known.source, known.uri, known.code) == known


@pytest.mark.parametrize(
    "text",
    [
        "https://data.go.kr/ugs/selectPortalPolicyView.do",  # the portal's policy, which v1 JSON gives for a licence
        "License not specified",
        "CC BY 4.0 or CC BY-SA 4.0",
        "NO WARRANTIES. All content on this website is provided to you as a public service",
        "https://project-open-data.cio.gov/unknown-license",
        "To be added",
        "no",
    ],
)
def test_what_no_row_knows_is_no_licence(vocabularies: Vocabularies, text: str) -> None:
    known = vocabularies.license(text)
    assert known.code is None
    assert known.source == text


def test_a_licence_is_taken_from_its_code_or_address_before_its_words(vocabularies: Vocabularies) -> None:
    assert vocabularies.license("Creative Commons", "http://creativecommons.org/licenses/by/4.0/").code == "CC-BY-4.0"
    assert vocabularies.license("some words", None, "odc-odbl").code == "ODbL-1.0"
    unknown = vocabularies.license("our terms", "https://portal.example/terms")
    assert (unknown.code, unknown.uri) == (None, "https://portal.example/terms")
    assert vocabularies.license("our terms", "javascript:alert(1)").uri is None


def test_openness(vocabularies: Vocabularies) -> None:
    assert [code for code in ("KOGL-0", "KOGL-1", "KOGL-2", "KOGL-3", "KOGL-4") if vocabularies.is_open(code)] == [
        "KOGL-0",
        "KOGL-1",
    ]
    assert vocabularies.is_open("CC-BY-SA-3.0")
    assert not vocabularies.is_open("CC-BY-NC-3.0")
    assert not vocabularies.is_open("CC-BY-ND-2.0-KR")
    assert not vocabularies.is_open("unheard of")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # the bulk CSV, the pages, the codes
        ("수시", "IRREG"), ("일간", "DAILY"), ("주간", "WEEKLY"), ("월간", "MONTHLY"), ("분기", "QUARTERLY"),
        ("반기", "ANNUAL_2"), ("연간", "ANNUAL"), ("-", None),
        ("수시 (1회성 데이터)", "IRREG"), ("실시간", "CONT"),
        ("RECY00", "IRREG"), ("RECY02", "MONTHLY"), ("RECY03", "QUARTERLY"), ("RECY05", "ANNUAL"), ("RECY07", "CONT"),
        # synonyms that were not seen as portal values
        ("매일", "DAILY"), ("매주", "WEEKLY"), ("매월", "MONTHLY"), ("매년", "ANNUAL"),
        # repetitions
        ("R/P1Y", "ANNUAL"), ("R/P6M", "ANNUAL_2"), ("R/P3M", "QUARTERLY"), ("R/P1M", "MONTHLY"), ("R/P2W", "BIWEEKLY"),
        ("R/P1W", "WEEKLY"), ("R/P3.5D", "WEEKLY_2"), ("R/P1D", "DAILY"), ("R/PT1H", "HOURLY"), ("R/PT1S", "CONT"),
        ("R/P10Y", "DECENNIAL"), ("P1Y", "ANNUAL"), ("R/P7Y", None),
        # words
        ("Annual", "ANNUAL"), ("annually", "ANNUAL"), ("Twice weekly", "WEEKLY_2"), ("asNeeded", "AS_NEEDED"),
        ("notPlanned", "NOT_PLANNED"), ("never", "NEVER"), ("Continuous", "CONT"), ("fortnightly", "BIWEEKLY"),
        ("mensuel", "MONTHLY"), ("hebdomadaire", "WEEKLY"), ("jährlich", "ANNUAL"), ("monatlich", "MONTHLY"),
        ("täglich", "DAILY"), ("mensile", "MONTHLY"), ("settimanale", "WEEKLY"), ("trimestral", "QUARTERLY"),
        ("Mensal", "MONTHLY"), ("Anual", "ANNUAL"), ("Diário", "DAILY"), ("Diária", "DAILY"), ("Diariamente", "DAILY"),
        ("Semanal", "WEEKLY"), ("Quinzenal", "BIWEEKLY"), ("Semestral", "ANNUAL_2"),
        ("Mensal, a partir da segunda quinzena do mês", "MONTHLY"), ("Sob demanda/necessidade", "AS_NEEDED"),
        ("Eleição", None),
        # addresses
        (f"{EU}/frequency/ANNUAL_2", "ANNUAL_2"), (f"{EU}/frequency/IRREG", "IRREG"),
        ("http://purl.org/cld/freq/daily", "DAILY"), ("http://purl.org/cld/freq/threeTimesAYear", "ANNUAL_3"),
        ("http://purl.org/cld/freq/ThisTermDoesNotExist", None),
    ],
)  # fmt: skip
def test_frequencies(vocabularies: Vocabularies, text: str, code: str | None) -> None:
    known = vocabularies.accrual_periodicity(text)
    assert known.source == text
    assert known.code == code
    assert known.uri == (f"{EU}/frequency/{code}" if code else None)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("CSV", ["CSV"]), ("csv", ["CSV"]), (".csv", ["CSV"]), ("CSV.", ["CSV"]), (".cvs", ["CSV"]), ("CVS", ["CSV"]),
        ("XLXS", ["XLSX"]), ("XSLX", ["XLSX"]), ("xls", ["XLS"]), ("hwp", ["HWP"]), ("HWPX", ["HWPX"]),
        ("hwpx", ["HWPX"]),
        ("PDF", ["PDF"]), ("JPG", ["JPEG"]), ("txt", ["TXT"]), ("shp", ["SHP"]), ("odt", ["ODT"]), ("PCM", ["PCM"]),
        ("pptx", ["PPTX"]), ("TIFF", ["TIFF"]), ("mp4", ["MP4"]), ("DXF", ["DXF"]),
        ("JSON+XML", ["JSON", "XML"]), ("XML, JSON", ["XML", "JSON"]), ("XLS, HWP", ["XLS", "HWP"]),
        ("XLS/XLSX", ["XLS", "XLSX"]), ("CSV, JSON", ["CSV", "JSON"]),
        ("ZIP+CSV", ["CSV"]), ("zip+xml", ["XML"]), ("Zipped CSV", ["CSV"]), ("ZIP", ["ZIP"]), ("ZIP + XML", ["XML"]),
        ("Web Page", ["HTML"]), ("HT ML", ["HTML"]), ("GeoJSON", ["GEOJSON"]), ("PNG 24", ["PNG"]),
        ("OGC WMS", ["WMS"]),
        ("ArcGIS GeoServices REST API", ["ESRI-REST"]), ("Esri REST", ["ESRI-REST"]), ("GTFS-RT", ["GTFS-RT"]),
        ("text/csv; charset=utf-8", ["CSV"]), ("application/vnd.ms-excel", ["XLS"]),
        ("http://publications.europa.eu/resource/authority/file-type/CSV", ["CSV"]),
        (f"{IANA}/application/geo+json", ["GEOJSON"]), ("http://portal.example/JSON", ["JSON"]),
        ("ERR", [None]), ("link", [None]), ("do", [None]), ("video", [None]), ("hdfjpg", [None]),
        ("CSV, 그림", ["CSV", None]),
    ],
)  # fmt: skip
def test_formats(vocabularies: Vocabularies, text: str, codes: list[str | None]) -> None:
    found = vocabularies.format(text)
    assert [concept.code if concept else None for concept, _ in found.formats] == codes
    assert len(found.unknown) == codes.count(None)
    for concept, media_type in found.formats:
        assert concept is not None
        again = vocabularies.format(concept.source, concept.uri, media_type)
        assert again.formats == ((concept, media_type),)


@pytest.mark.parametrize(
    ("format", "stated", "media_type", "uri"),
    [
        ("CSV", None, "text/csv", f"{IANA}/text/csv"),
        ("HWP", None, "application/x-hwp", None),
        ("HWPX", None, "application/hwp+zip", None),
        ("WMS", None, None, None),
        ("CSV", "application/zip", "application/zip", f"{IANA}/text/csv"),
        ("GeoJSON", "application/vnd.geo+json", "application/geo+json", f"{IANA}/application/geo+json"),
        ("CSV", "TEXT/CSV; charset=EUC-KR", "text/csv", f"{IANA}/text/csv"),
        ("", "application/vnd.dbf", "application/vnd.dbf", f"{IANA}/application/vnd.dbf"),
        ("", "https://www.iana.org/assignments/media-types/text/csv", "text/csv", f"{IANA}/text/csv"),
        ("Tabelle", "text/csv", "text/csv", f"{IANA}/text/csv"),
    ],
)  # fmt: skip
def test_media_types(
    vocabularies: Vocabularies, format: str, stated: str | None, media_type: str | None, uri: str | None
) -> None:
    ((concept, found),) = vocabularies.format(format, None, stated).formats
    assert concept is not None
    assert found == media_type
    assert concept.uri == uri


def test_what_is_no_media_type_is_read_as_a_format_or_dropped(vocabularies: Vocabularies) -> None:
    assert vocabularies.format("PDF", None, "Dicionário").dropped == "Dicionário"
    ((concept, media_type),) = vocabularies.format("", None, "ZIP").formats
    assert concept is not None
    assert (concept.code, media_type) == ("ZIP", "application/zip")
    assert vocabularies.format("", None, None).formats == ((None, None),)
    assert vocabularies.format("", None, "notareal/type").formats == ((None, "notareal/type"),)


CATEGORIES = [
    "공공행정",
    "과학기술",
    "교육",
    "교통물류",
    "국토관리",
    "농축수산",
    "문화관광",
    "법률",
    "보건의료",
    "사회복지",
    "산업고용",
    "식품건강",
    "재난안전",
    "재정금융",
    "통일외교안보",
    "환경기상",
]


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_category_of_data_go_kr_stands_beside_an_eu_theme(vocabularies: Vocabularies, category: str) -> None:
    own, *eu = vocabularies.theme(category)
    assert (own.code, own.scheme) == (category, "datagokr")
    assert eu
    for theme in eu:
        assert theme.scheme == "eu"
        assert theme.uri == f"{EU}/data-theme/{theme.code}"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("보건 - 건강보험", ["보건", "HEAL"]),
        ("사회복지 - 사회복지일반", ["사회복지", "SOCI"]),
        ("일반공공행정 - 일반행정", ["일반공공행정", "GOVE"]),
        ("일반공공행정 - 국가통계", ["일반공공행정", "GOVE"]),
        ("산업·통상·중소기업 - 에너지및자원개발", ["산업·통상·중소기업", "ECON"]),
        ("교통및물류 - 도로", ["교통및물류", "TRAN"]),
        ("공공질서및안전 - 안전관리", ["공공질서및안전", "JUST"]),
        ("과학기술 - 과학기술연구", ["과학기술", "TECH"]),
        ("교육 - 교육일반", ["교육", "EDUC"]),
        ("문화체육관광 - 관광", ["문화체육관광", "EDUC"]),
        ("문화체육관광 - 문화예술", ["문화체육관광", "EDUC"]),
        ("환경 - 대기", ["환경", "ENVI"]),
    ],
)
def test_the_government_function_tree(vocabularies: Vocabularies, text: str, codes: list[str]) -> None:
    found = vocabularies.theme(text, None, "brm")
    assert [theme.code for theme in found] == codes
    assert [theme.scheme for theme in found] == ["brm", "eu"]
    assert all(theme.source == text for theme in found)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (f"{EU}/data-theme/HEAL", ["HEAL"]),
        ("Health", ["HEAL"]),
        ("EDUC", ["EDUC"]),
        ("https://data.go.kr/theme/재난안전", ["재난안전", "JUST"]),
        ("식품건강 - 식품의약안전", ["식품건강", "AGRI", "HEAL"]),
        ("공공행정 - 일반행정", ["공공행정", "일반공공행정", "GOVE"]),
        ("농축수산 - 임업·산촌", ["농축수산", "AGRI"]),
        ("geospatial", [None]),
        ("Education", [None]),
        ("http://eurovoc.europa.eu/100142", [None]),
        ("https://data.go.kr/theme/도로", [None]),
    ],
)
def test_themes_are_never_guessed(vocabularies: Vocabularies, text: str, codes: list[str | None]) -> None:
    assert [theme.code for theme in vocabularies.theme(text)] == codes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("교통안전공단", "한국교통안전공단"),
        ("한국정보화진흥원", "한국지능정보사회진흥원"),
        ("통계청", "국가데이터처"),
        ("강원도", "강원특별자치도"),
        ("강원도 춘천시", "강원특별자치도 춘천시"),
        ("전라북도 군산시", "전북특별자치도 군산시"),
        ("경상북도 군위군", "대구광역시 군위군"),
        ("특허청", "지식재산처"),
        ("환경부 국립생물자원관", "기후에너지환경부 국립생물자원관"),
        ("한국전력공사", None),
        ("경상북도 포항시", None),
        ("강원도민일보", None),
    ],
)
def test_agencies(vocabularies: Vocabularies, old: str, new: str | None) -> None:
    assert vocabularies.agency(old) == new
    if new:
        assert vocabularies.agency(new) is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("kr", "ko"), ("ko", "ko"), ("ko-KR", "ko"), ("KOR", "ko"), ("en-US", "en"), ("eng", "en"),
        ("zh-Hant-TW", "zh-Hant"),
        (f"{EU}/language/DEU", "de"), (f"{EU}/language/FRE", "fr"), ("http://id.loc.gov/vocabulary/iso639-1/fr", "fr"),
        ("und", "und"), ("http://id.loc.gov/vocabulary/iso639-1/", None), ("Java", None), ("", None), ("xyz", None),
    ],
)  # fmt: skip
def test_languages(vocabularies: Vocabularies, text: str, tag: str | None) -> None:
    assert vocabularies.language(text) == tag


@pytest.mark.parametrize(
    ("code", "scheme", "korean", "english"),
    [
        ("KOGL-1", "license", "공공누리 제1유형 (출처표시)", "KOGL Type 1 (attribution)"),
        ("CC-BY-NC-3.0", "license", "CC BY-NC 3.0", "CC BY-NC 3.0"),
        ("ANNUAL", "frequency", "연간", "annual"),
        ("HEAL", "eu", "보건", "Health"),
        ("HEAL", "theme", "보건", "Health"),
        ("보건의료", "datagokr", "보건의료", "보건의료"),
        ("보건의료", "theme", "보건의료", "보건의료"),
        ("보건", "brm", "보건", "보건"),
        ("GEOJSON", "format", "GeoJSON", "GeoJSON"),
        ("CSV", "format", "CSV", "CSV"),
        ("FILE", "type", "파일데이터", "File data"),
        ("PUBLIC", "access_rights", "공개", "public"),
        ("ko", "language", "한국어", "Korean"),
        ("ERR", "format", "ERR", "ERR"),
        ("nothing", "license", "nothing", "nothing"),
    ],
)
def test_labels(vocabularies: Vocabularies, code: str, scheme: str, korean: str, english: str) -> None:
    assert vocabularies.label(code, scheme) == korean
    assert vocabularies.label(code, scheme, "en") == english


@pytest.mark.parametrize("mark", ["", "-", "null", "없음", " - ", "NULL", "None"])
def test_marks_of_nothing(vocabularies: Vocabularies, mark: str) -> None:
    assert vocabularies.is_empty(mark)


def test_kinds_and_access_rights(vocabularies: Vocabularies) -> None:
    assert [vocabularies.type(text).code for text in ("FILE", "API", "STD", "openapi", "무엇")] == [
        "FILE", "API", "STD", "API", None,
    ]  # fmt: skip
    assert vocabularies.access_rights(f"{EU}/access-right/PUBLIC").code == "PUBLIC"
    assert vocabularies.access_rights("restricted public").code == "RESTRICTED"
    assert vocabularies.access_rights("Access right 4").code is None


def test_two_licences_cannot_claim_one_name() -> None:
    label = Label(ko="가", en="a")
    with pytest.raises(ValueError, match="'same' stands under A and under B"):
        LicenceRegister({"A": Licence(label=label, names=("same",)), "B": Licence(label=label, names=("Same",))})
