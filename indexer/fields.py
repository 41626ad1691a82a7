"""FIELDS: what a document of the index is made of, in one logical table; no engine's name in it."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["text", "keyword", "date", "year"]
"""``text``: analysed into terms; ``keyword``: exact values; ``date``: ISO 8601 day; ``year``: number."""


class Field(NamedTuple):
    """One logical field.

    `property` is the DCAT property (or properties) it is made from; `boost` weighs it in ranking (text only);
    `facet`: values are counted; `sort`: results may be ordered by it; `many`: a document has several values;
    `listed`: its terms can be listed with their numbers of documents (text only; values of keyword fields always can);
    `label` is what a searcher reads, `label_en` what it is called in English.
    """

    name: str
    property: str
    role: Role
    label: str
    label_en: str = ""
    boost: float = 0.0
    facet: bool = False
    sort: bool = False
    many: bool = False
    listed: bool = False


FIELDS: tuple[Field, ...] = (
    Field("title", "dct:title", "text", "제목", "Title", boost=4.0, sort=True),
    Field("keyword", "dcat:keyword", "text", "키워드", "Keyword", boost=3.0, many=True),
    Field("publisher", "dct:publisher", "text", "제공기관", "Publisher", boost=1.5),
    Field("description", "dct:description", "text", "설명", "Description", boost=1.0),
    Field("column", "additional", "text", "항목", "Column", boost=0.7, many=True),
    Field("place", "dct:spatial, dct:temporal", "text", "지역·기간", "Place and period", boost=1.0, many=True),
    Field("identifier", "dct:identifier, dcat:landingPage, dcat:accessURL", "text", "식별자·주소", many=True),
    Field("grams", "dct:title, dcat:keyword", "text", "제목·키워드 글자쌍", many=True),
    Field("word", "dct:title, dcat:keyword", "text", "제목·키워드 낱말", many=True, listed=True),
    Field("initials", "dct:title", "text", "제목 첫소리", many=True),
    Field("organization", "dct:publisher", "keyword", "제공기관", "Organization", facet=True),
    Field("theme", "dcat:theme", "keyword", "분류", "Theme", facet=True, many=True),
    Field("format", "dct:format", "keyword", "형식", "Format", facet=True, many=True),
    Field("license", "dct:license", "keyword", "이용허락범위", "License", facet=True),
    Field("source", "dcat:catalog", "keyword", "출처", "Source", facet=True),
    Field("member", "dcat:catalog", "keyword", "회원기관", "Member", facet=True),
    Field("type", "dct:type", "keyword", "유형", "Type", facet=True),
    Field("frequency", "dct:accrualPeriodicity", "keyword", "갱신 주기", "Update frequency", facet=True),
    Field("language", "dct:language", "keyword", "언어", "Language", facet=True, many=True),
    Field("year", "dct:modified", "year", "수정 연도", "Year modified", facet=True),
    Field("series", "dct:title", "keyword", "묶음", "Series"),
    Field("issued", "dct:issued", "date", "등록일", "Issued", sort=True),
    Field("modified", "dct:modified", "date", "수정일", "Modified", sort=True),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
TEXT: tuple[Field, ...] = tuple(field for field in FIELDS if field.role == "text")
FACETS: tuple[Field, ...] = tuple(field for field in FIELDS if field.facet)
SORTS: tuple[Field, ...] = tuple(field for field in FIELDS if field.sort)
