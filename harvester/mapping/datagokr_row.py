"""What data.go.kr says about a record as header → cell: in the catalogue's rows, the list API's, and on web pages.

Read are the 13 columns of the catalogue of 2022 and the 36 of 2025, their spelling variants there and on the pages, and
the English keys that the list API (odcloud) gives the same columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Dataset, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping.datagokr_values import EMPTY, distributions, themes, type_of
from harvester.mapping.json_values import count, text

_HEADERS = {
    "key": ("목록키", "list_id"),
    "type": ("목록유형", "list_type"),
    "title": ("목록명", "list_title"),
    "file_title": ("파일데이터명", "title"),
    "description": ("설명", "목록설명", "desc"),
    "category": ("분류체계", "new_category_nm", "category_nm"),
    "publisher_code": ("제공기관코드", "기관코드", "org_cd"),
    "publisher": ("제공기관", "제공기관명", "기관명", "org_nm"),
    "department": ("관리부서명", "dept_nm"),
    "telephone": ("관리부서전화번호",),
    "legal_basis": ("보유근거", "ownership_grounds"),
    "cycle": ("업데이트주기", "갱신주기", "수정주기", "update_cycle"),
    "format": ("확장자데이터포맷", "확장자", "데이터포맷", "ext", "data_format"),
    "keywords": ("키워드", "keywords"),
    "downloads": (
        "다운로드활용신청건수",
        "다운로드",
        "활용신청수",
        "활용신청건수",
        "download_cnt",
        "request_cnt",
        "req_cnt",
        "누적다운로드",
        "활용신청",
    ),
    "issued": ("등록일", "목록등록일", "created_at"),
    "modified": ("수정일", "목록수정일", "updated_at"),
    "spatial": ("공간범위",),
    "temporal": ("시간범위",),
    "fee": ("비용부과유무", "is_charged"),
    "license": ("이용허락범위", "share_scope_nm"),
    "views": ("조회수", "view_cnt"),
    "url": ("목록URL", "목록주소", "page_url"),
    "endpoint_url": ("end_point_url",),
}
"""What a column means → its names, without blanks, dots, underscores of Korean names and brackets."""

_MEANING = {name: meaning for meaning, names in _HEADERS.items() for name in names}
_ADDITIONAL = frozenset(
    (
        "수집방법", "차기등록예정일", "매체유형", "전체행", "데이터한계", "제공형태", "기타유의사항",
        "비용부과기준및단위", "API유형", "신청가능트래픽", "심의유형", "국가중점여부", "표준데이터여부", "title_en",
        "collection_method", "next_registration_date", "api_type", "data_type", "is_core_data", "is_std_data",
        "register_status", "guide_url", "link_url", "meta_url", "is_copyrighted", "is_third_party_copyrighted",
        "use_prmisn_ennc", "new_category_cd", "operation_nm", "request_param_nm", "request_param_nm_en",
        "response_param_nm", "response_param_nm_en", "is_deleted", "is_list_deleted",
    )
)  # fmt: skip
"""Columns without a property in DCAT: they travel in `Dataset.additional` under their own names."""

_DECORATION = re.compile(r"[\s._()·\ufeff]")
_HANGUL = re.compile(r"[가-힣]")


@lru_cache(maxsize=2048)
def _column(header: str) -> tuple[str, bool]:
    """Tell what a column means (empty: nothing that has a property) and whether it is a column that is known."""
    plain = _DECORATION.sub("", header) if _HANGUL.search(header) else header.strip("\ufeff \t")
    meaning = _MEANING.get(plain, "")
    return meaning, bool(meaning) or plain in _ADDITIONAL


def mapped_row(row: Mapping[str, Any], identifier: str, catalog: Catalog) -> Mapped:
    """Map what is said, header → cell; RecordError where none of the headers has a meaning."""
    cells: dict[str, str] = {}
    additional: dict[str, str] = {}
    unread: list[str] = []
    for header, value in row.items():
        meaning, known = _column(header)
        if not known:
            unread.append(header)
        cell = value.strip() if isinstance(value, str) else _other(value)
        if cell in EMPTY:
            continue
        if meaning:
            cells.setdefault(meaning, cell)
        else:
            additional[header.strip()] = cell
    if not cells:
        raise RecordError("not-a-row", "the row has none of the columns of the data.go.kr catalogue")
    get = cells.get
    language = catalog.language
    url = get("url")
    kind = get("type") or type_of(url)
    title, file_title = get("title"), get("file_title")
    publisher, department, telephone = get("publisher"), get("department"), get("telephone")
    keywords, category, legal_basis = get("keywords"), get("category"), get("legal_basis")
    description, cycle, license = get("description"), get("cycle"), get("license")
    spatial, temporal = get("spatial"), get("temporal")
    shown = title or file_title
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title={language: shown} if shown else {},
        description={language: description} if description else {},
        keyword={language: (keywords,)} if keywords else {},
        theme=themes(category) if category else (),
        type=Concept(source=kind) if kind else None,
        publisher=_publisher(publisher, get("publisher_code"), catalog),
        contact_point=(
            (ContactPoint(name={language: department} if department else {}, telephone=telephone),)
            if department or telephone
            else ()
        ),
        landing_page=url,
        issued=get("issued"),
        modified=get("modified"),
        accrual_periodicity=Concept(source=cycle) if cycle else None,
        temporal=(PeriodOfTime(label=temporal),) if temporal else (),
        spatial=(Location(label={language: spatial}),) if spatial else (),
        language=(language,) if language != "und" else (),
        license=Concept(source=license) if license else None,
        legal_basis=legal_basis,
        fee=get("fee"),
        distribution=distributions(
            kind,
            get("format"),
            page=url,
            title={language: file_title or title or ""} if shown else {},
            endpoint_url=get("endpoint_url"),
        ),
        additional=additional,
    )
    return Mapped(dataset=dataset, counters=_counters(get("views"), get("downloads")), unread=tuple(unread))


def _other(value: Any) -> str:
    return text(value) or ""


def _publisher(name: str | None, code: str | None, catalog: Catalog) -> Agent | None:
    if name:
        return Agent(name={catalog.language: name}, identifier=code)
    return Agent(name=catalog.publisher) if catalog.publisher else None


def _counters(views: str | None, downloads: str | None) -> dict[str, int]:
    stated = {"views": count(views), "downloads": count(downloads)}
    return {name: number for name, number in stated.items() if number is not None}
