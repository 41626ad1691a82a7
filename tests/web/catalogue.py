"""A ledger with a few datasets of our own, written through its own doors, and the configuration beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from harvester import config
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.joins import join_keys
from harvester.catalog.model import (
    Agent,
    Concept,
    ContactPoint,
    Dataset,
    Distribution,
    HarvestRecord,
    Page,
    Part,
    PeriodOfTime,
    Processed,
)
from harvester.ledger import Ending, Entry, Expected, Ledger, payload_hash

SOURCE = "kepri.portal"

MEMBER = """\
name: {ko: 가상전력연구소, en: Imaginary Power Institute}
sector: public
homepage: https://kepri.example.org
sources:
  portal:
    title: 가상전력 데이터포털
    protocol: ckan
    url: https://portal.example.org
    evidence: assumed
    note: made for the tests
    schedule: "20 3 * * *"
"""

CSV = Concept(source="csv", code="CSV", uri="https://www.iana.org/assignments/media-types/text/csv")
JSON = Concept(source="json", code="JSON", uri="https://www.iana.org/assignments/media-types/application/json")
KOGL_1 = Concept(source="공공저작물_출처표시", code="KOGL-1", uri="https://www.kogl.or.kr/info/licenseType1.do")
SCRIPT = "<script>alert('제목')</script> 시험 자료"


def dataset(identifier: str, title: Mapping[str, str], **more: object) -> Dataset:
    return Dataset(  # type: ignore[arg-type]
        id=dataset_id(SOURCE, identifier), source=SOURCE, identifier=identifier, title=title, **more
    )


def datasets() -> list[Dataset]:
    dust = dataset(
        "dust-1",
        {"ko": "발전소 미세먼지 배출 측정소 시간별 농도", "en": "Hourly fine dust at power plants"},
        description={"ko": "굴뚝 자동측정기로 잰 미세먼지 농도입니다. 측정소 코드가 있습니다.\n매일 새로 올립니다."},
        keyword={"ko": ("미세먼지", "발전소", "대기 환경"), "en": ("fine dust",)},
        publisher=Agent(name={"ko": "가상전력연구소"}),
        contact_point=(ContactPoint(name={"ko": "환경처"}, telephone="02-000-0000", email="env@example.org"),),
        landing_page="https://portal.example.org/dataset/dust-1",
        issued="2021-03-05",
        modified="2024-02-29T08:00:00+09:00",
        accrual_periodicity=Concept(source="매일", code="DAILY"),
        license=KOGL_1,
        theme=(
            Concept(source="환경", code="ENVI", scheme="eu"),
            Concept(source="환경기상", code="환경기상", scheme="datagokr"),
        ),
        temporal=(PeriodOfTime(start="2015", end="2023"),),
        language=("ko",),
        distribution=(
            Distribution(title={"ko": "시간별 농도 2023"}, format=CSV, media_type="text/csv", byte_size=1_523_000,
                         download_url="https://portal.example.org/files/dust.csv"),
            Distribution(title={"ko": "농도 API"}, format=JSON, access_url="https://portal.example.org/api/dust"),
        ),
        additional={"심의유형": "자동승인"},
    )  # fmt: skip
    hostile = dataset(
        "hostile",
        {"und": SCRIPT},
        description={"und": "<img src=x onerror=alert(1)> \"quoted\" 미세먼지 & <b>굵게</b>"},
        keyword={"und": ("<i>k</i>",)},
        publisher=Agent(name={"und": "<u>누구</u>"}),
        landing_page="javascript:alert(1)",
        license=Concept(source="<a href=//evil.example>licence</a>", uri="javascript:alert(2)"),
        distribution=(
            Distribution(title={"und": "</li><script>x</script>"}, format=Concept(source="<svg onload=alert(3)>"),
                         access_url="data:text/html,<script>alert(4)</script>",
                         download_url="http://exa mple/\"><script>"),
        ),
        additional={"<b>이름</b>": "</dd><script>alert(5)</script>"},
    )  # fmt: skip
    english = dataset(
        "en-1",
        {"en": "Transmission line outages"},
        description={"en": "Outages of the transmission grid by month."},
        publisher=Agent(name={"en": "Imaginary Power Institute"}),
        modified="2019",
        license=Concept(source="CC BY 4.0", code="CC-BY-4.0", uri="https://creativecommons.org/licenses/by/4.0/"),
        language=("en",),
        distribution=(Distribution(format=CSV, download_url="https://portal.example.org/outages.csv"),),
    )
    many = [
        dataset(
            f"meter-{number:02}",
            {"ko": f"전력 사용량 검침 {number:02}구역"},
            publisher=Agent(name={"ko": "가상전력연구소" if number % 2 else "가상시청"}),
            modified=f"20{10 + number % 10}-01-{1 + number % 28:02}",
            license=KOGL_1,
            distribution=(Distribution(format=CSV if number % 3 else JSON),),
        )
        for number in range(25)
    ]
    return [dust, hostile, english, *many]


def configuration(folder: Path) -> Path:
    """A config folder with one member and the packaged vocabularies and search tables."""
    members = folder / "members"
    members.mkdir(parents=True)
    (members / "kepri.yml").write_text(MEMBER, encoding="utf-8")
    for table in ("vocabularies", "search"):
        if (config.default_config() / table).is_dir():
            shutil.copytree(config.default_config() / table, folder / table)
    return folder


def harvest(ledger: Ledger, found: Iterable[Dataset], *, source: str = SOURCE, deleted: Iterable[str] = ()) -> None:
    """Commit one full job of these datasets, and of records that the portal says it deleted."""
    job = ledger.start_job(source, full=True, holder="test", fingerprint="test")
    entries = [_entry(each) for each in found]
    entries += [_deleted(identifier) for identifier in deleted]
    page = Page(records=tuple(entry.record for entry in entries), after=None, cursor="1", end=True)
    ledger.commit_page(job, page, entries)
    report = ledger.finish_job(job, Ending(requests=1, seconds=0.1), Expected(max_drop=1.0))
    assert report.verdict == "complete", report


def _entry(dataset: Dataset) -> Entry:
    content = codec.encode(dataset)
    return Entry(
        record=HarvestRecord(
            identifier=dataset.identifier, parts=(Part(name="listing", format="ckan", payload=content),)
        ),
        payload_hash=payload_hash(content),
        mapping_version="1",
        processed=Processed(
            dataset_id=dataset.id,
            content=content,
            content_hash=codec.content_hash(content),
            landing_page=dataset.landing_page,
            joins=join_keys(dataset),
            counters={"views": 1234, "downloads": 56} if dataset.identifier == "dust-1" else {},
        ),
    )


def _deleted(identifier: str) -> Entry:
    return Entry(
        record=HarvestRecord(identifier=identifier, deleted=True),
        payload_hash=payload_hash(b""),
        mapping_version="1",
        processed=None,
    )
