"""data.go.kr on a loopback socket, as far as it is known how the portal answers.

The catalogue is a CSV download found through ``/catalog/{its list key}/fileData.json``. The answers by list key
(``/catalog/{key}/fileData.json | openapi.json | standard.json`` in the shape before 2025, v1, or since, v2,
``/dcat/metadata/{key}``, and the page ``/data/{key}/fileData.do …``) are **made by this server from catalogue rows** in
the recorded shapes; each says so in the header ``X-Sample: made from a catalogue row``. They are no recordings.
``robots.txt`` is as recorded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from harvester.sample_portals.datagokr_page import page
from harvester.sample_portals.server import Answer, Asked, Portal, not_found, validated

Row = Mapping[str, str]

_KINDS = {"FILE": "fileData", "API": "openapi", "STD": "standard", "LINKED": "linkedData"}
_MADE = {"X-Sample": "made from a catalogue row"}
_WITHDRAWN = '<html><head><script>alert("삭제된 데이터 입니다."); history.back();</script></head><body></body></html>'


class DataGoKrPortal(Portal):
    """The national portal with this catalogue: CSV bytes as they are downloaded, and its rows for the answers by key.

    `shape` is that of the schema.org JSON; `withdrawn` are list keys that the catalogue still names but whose pages are
    gone. `catalogue` is the list key of the catalogue itself.
    """

    robots = (
        "User-agent: Googlebot\n"
        "Disallow: /tcs/dss/selectDataSetList.do\nDisallow: /tcs/vas/\nDisallow: /tcs/lms/mpm/\n"
        "Disallow: /bbs/dnb/\nDisallow: /bbs/dsb/\nDisallow: /bbs/qna/selectQna.do\n"
    )

    def __init__(
        self,
        table: bytes = b"",
        rows: Iterable[Row] | None = None,
        *,
        shape: Literal["v1", "v2"] = "v2",
        catalogue: str = "15062804",
        withdrawn: Iterable[str] = (),
    ) -> None:
        super().__init__()
        self.shape = shape
        self.catalogue = catalogue
        self.withdrawn = set(withdrawn)
        self.replace(table, rows)

    def replace(self, table: bytes, rows: Iterable[Row] | None = None) -> None:
        """Serve this catalogue from now on; its rows are read from the table unless given."""
        self.table = table
        self.modified = getattr(self, "modified", 1_700_000_000.0) + 86400
        self._rows = {row.get("목록키", ""): row for row in (read_table(table) if rows is None else rows)}

    def answer(self, asked: Asked) -> Answer:
        """Answer with the description of the catalogue, its download, or an answer by list key."""
        steps = asked.path.strip("/").split("/")
        if asked.path == "/cmm/cmm/fileDownload.do":
            answer = validated(asked, self.table, "application/octet-stream", self.modified)
            disposition = {"Content-Disposition": "attachment; filename=catalogue_20260731.csv"}
            return Answer(answer.body, answer.status, {**answer.headers, **disposition})
        if steps[:1] == ["catalog"] and len(steps) == 3:
            if steps[1] == self.catalogue:
                return _json(self._catalogue())
            return self._by_key(steps[1], steps[2].removesuffix(".json"))
        if steps[:2] == ["dcat", "metadata"] and len(steps) == 3:
            return self._by_key(steps[2], "rdf")
        if steps[:1] == ["data"] and len(steps) == 3:
            return self._by_key(steps[1], steps[2])
        return not_found()

    def _catalogue(self) -> dict[str, Any]:
        address = f"{self.url}{_download(self.catalogue)}"
        return {
            "name": "공공데이터포털 목록개방현황",
            "url": f"{self.url}/data/{self.catalogue}/fileData.do",
            "keywords": "데이터,개방 목록",
            "distribution": [{"encodingFormat": "CSV", "contentUrl": address, "@type": "DataDownload"}],
            "@context": "https://schema.org",
            "@type": "Dataset",
        }

    def _by_key(self, key: str, form: str) -> Answer:
        row = self._rows.get(key)
        if row is None or key in self.withdrawn:
            return Answer(_WITHDRAWN.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        if form == "rdf":
            return Answer(rdf(row).encode(), headers={"Content-Type": "application/xml;charset=UTF-8", **_MADE})
        if form.removesuffix(".do") != _KINDS.get(row.get("목록유형", "FILE"), "fileData"):
            return not_found()
        if form.endswith(".do"):
            return Answer(page(row).encode(), headers={"Content-Type": "text/html;charset=UTF-8", **_MADE})
        return _json(schema_org(row, self.shape, self.url))


def read_table(table: bytes) -> list[dict[str, str]]:
    """Rows of a well-formed catalogue, by header; UTF-8 (with or without BOM) or CP949."""
    try:
        text = table.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = table.decode("cp949")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write_table(header: Sequence[str], rows: Iterable[Row], encoding: str = "utf-8-sig", newline: str = "\n") -> bytes:
    """Catalogue file of these rows."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator=newline, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding, "replace")


def first(row: Row, *names: str) -> str:
    """First of these columns that has a value; spellings differ between the issues of the catalogue."""
    return next((value for name in names if (value := row.get(name, "")) not in {"", "-"}), "")


def schema_org(row: Row, shape: Literal["v1", "v2"], portal: str) -> dict[str, Any]:
    """schema.org answer of the portal about a row, in one of its two recorded shapes; key order as observed."""
    kind = _KINDS.get(row.get("목록유형", "FILE"), "fileData")
    file = kind == "fileData"
    issued = first(row, "등록일", "목록.등록일")
    answer: dict[str, Any] = {"name": row.get("목록명", "")}
    if shape == "v2" and file:
        answer["alternateName"] = first(row, "파일데이터명", "목록명")
    keywords = first(row, "키워드")
    answer |= {
        "description": first(row, "설명", "목록설명"),
        "url": f"https://www.data.go.kr/data/{row.get('목록키', '')}/{kind}.do",
        "keywords": keywords if shape == "v2" else [keywords],
        "license": first(row, "이용허락범위") if shape == "v2" else "https://data.go.kr/ugs/selectPortalPolicyView.do",
        "dateCreated": issued,
        "dateModified": first(row, "수정일", "목록.수정일"),
        "datePublished": issued,
    }
    telephone = first(row, "관리부서 전화번호").strip("`'")
    contact = {
        "contactType": first(row, "관리 부서명", "관리부서명"),
        "telephone": telephone if shape == "v2" else f"+82-{telephone.replace('-', '')}",
        "@type": "ContactPoint",
    }
    organisation = first(row, "제공기관", "기관명")
    answer["creator"] = {"name": organisation, "contactPoint": contact, "@type": "Organization"}
    if shape == "v2":
        answer |= {
            "spatialCoverage": first(row, "공간범위"),
            "temporalCoverage": first(row, "시간범위"),
            "additionalType": first(row, "분류체계"),
            "datasetTimeInterval": first(row, "업데이트 주기"),
            "encodingFormat": first(row, "확장자(데이터포맷)"),
        }
        if file:
            answer["legislation"] = ""
    elif file:
        address = f"{portal}{_download(row.get('목록키', ''))}"
        encoding = first(row, "확장자(데이터포맷)") or "CSV"
        answer["distribution"] = [{"encodingFormat": encoding, "contentUrl": address, "@type": "DataDownload"}]
    return answer | {"@context": "https://schema.org", "@type": "Dataset"}


def _download(key: str) -> str:
    return f"/cmm/cmm/fileDownload.do?atchFileId=FILE_{key}&fileDetailSn=1&insertDataPrcus=N"


_RDF = """<rdf:RDF xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:dct="http://purl.org/dc/terms/" \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" \
xmlns:vcard="http://www.w3.org/2006/vcard/ns#">
<dcat:Catalog><dcat:{inner}><dcat:{name}>
<dcat:contactPoint><vcard:Organization><vcard:organization-unit>{unit}</vcard:organization-unit>\
<vcard:hasTelephone rdf:resource={telephone}/></vcard:Organization></dcat:contactPoint>
<dct:description{kr}>{description}</dct:description>
<dct:title{kr}>{title}</dct:title>
<dct:issued rdf:datatype="http://www.w3.org/2001/XMLSchema#date">{issued}</dct:issued>
<dct:modified rdf:datatype="http://www.w3.org/2001/XMLSchema#date">{modified}</dct:modified>
<dct:publisher><foaf:Organization><foaf:name>{publisher}</foaf:name></foaf:Organization></dct:publisher>
<dcat:theme>{theme}</dcat:theme>
<dcat:keyword{kr}>{keywords}</dcat:keyword>
<dct:rights>{rights}</dct:rights>
<dcat:landingPage rdf:resource={page}/>
{rest}
</dcat:{name}></dcat:{inner}></dcat:Catalog></rdf:RDF>
"""


def rdf(row: Row) -> str:
    """DCAT answer of the portal about a row, with the habits that were recorded.

    ``kr`` for Korean, a telephone that is no URI, a literal theme, ``<br/>`` of the description unescaped.
    """
    service = row.get("목록유형") == "API"
    file_format = escape(first(row, "확장자(데이터포맷)"))
    if service:
        rest = (
            f"<dcat:format>{file_format}</dcat:format><dcat:endpointURL/><dcat:accessURL/><dct:spatial/><dct:temporal/>"
        )
    else:
        rest = (
            f"<dct:accrualPeriodicity>{escape(first(row, '업데이트 주기'))}</dct:accrualPeriodicity>"
            f"<dcat:distribution><dcat:Distribution><dcat:format>{file_format}</dcat:format>"
            "<dcat:mediaType/></dcat:Distribution></dcat:distribution>"
        )
    return _RDF.format(
        inner="service" if service else "dataset",
        name="DataService" if service else "Dataset",
        unit=escape(first(row, "관리 부서명", "관리부서명")),
        telephone=quoteattr(first(row, "관리부서 전화번호").strip("`'")),
        kr="" if service else ' xml:lang="kr"',
        description=escape(first(row, "설명", "목록설명")).replace("&lt;br/&gt;", "<br/>"),
        title=escape(row.get("목록명", "")),
        issued=first(row, "등록일", "목록.등록일"),
        modified=first(row, "수정일", "목록.수정일"),
        publisher=escape(first(row, "제공기관", "기관명")),
        theme=escape(first(row, "분류체계")),
        keywords=escape(first(row, "키워드")),
        rights=escape(first(row, "이용허락범위")),
        page=quoteattr(first(row, "목록 URL", "목록.URL")),
        rest=rest,
    )


def _json(answer: dict[str, Any]) -> Answer:
    return Answer(msgspec.json.encode(answer), headers={"Content-Type": "application/json;charset=UTF-8", **_MADE})
