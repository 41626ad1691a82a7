"""A small real index with what stands beside it, for tests of what searches mean and find."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Agent, Concept, Dataset, Distribution
from harvester.ledger.types import Change
from indexer.analysis import Analyser
from indexer.documents import packaged
from indexer.engines.base import Checkpoint, SearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.lexicon import Lexicon
from indexer.meaning import Meaning
from indexer.parameters import SearchQuery
from indexer.query import Asked, ask
from indexer.tables import read_tables
from indexer.values import values

# id: title, description, agency, format, day
ROWS = {
    "air": ("서울특별시_미세먼지 농도", "대기오염측정소의 시간별 값", "서울특별시", "CSV", "2021-05-05"),
    "pm": ("초미세먼지(PM2.5) 예보", "전국 예보 구역", "환경부", "JSON", "2022-01-01"),
    "bus": ("부산 버스 노선", "정류소와 노선", "부산광역시", "JSON", "2022-05-05"),
    "sub": ("지하철 역별 승하차 인원", "역과 노선. 먼지 없음", "서울교통공사", "CSV", "2023-05-05"),
    "eng": ("Bus routes", "Stops of every bus in Seoul", "서울특별시", "XLSX", "2020-01-01"),
    "car": ("전기차 충전소 현황", "주소와 급속 여부", "한국전력공사", "CSV", "2020-02-01"),
    "electric": ("전기자동차충전소 위치", "좌표", "제주특별자치도", "CSV", "2020-03-01"),
    "wifi": ("공공와이파이 설치 현황", "설치 장소", "대구광역시", "XLSX", "2020-04-01"),
    "bath": ("목욕장업 현황", "인허가", "행정안전부", "CSV", "2020-05-01"),
    "plan": ("도시계획 시설", "면적", "국토교통부", "CSV", "2020-06-01"),
    "without": ("비급여 진료비용", "병원", "건강보험심사평가원", "CSV", "2020-07-01"),
    "with": ("급여 청구 금액", "병원", "건강보험심사평가원", "CSV", "2020-08-01"),
    "water": ("물 사용량", "월별", "한국수자원공사", "CSV", "2020-09-01"),
    "film": ("영상물 등급", "심의", "영상물등급위원회", "CSV", "2020-10-01"),
    "health": ("건강검진 결과", "연령별", "국민건강보험공단", "CSV", "2020-11-01"),
    "market": ("전통시장 현황", "점포 수", "대전광역시", "CSV", "2020-12-01"),
    "seoul": ("서울 관광지", "주소", "서울관광재단", "CSV", "2019-01-01"),
}


def datasets() -> list[Dataset]:
    return [
        Dataset(
            id=id,
            source="a.b",
            identifier=f"1500000{number}",
            title={"en" if id == "eng" else "ko": title},
            description={"en" if id == "eng" else "ko": description},
            publisher=Agent(name={"ko": agency}),
            distribution=(Distribution(format=Concept(source=format, code=format)),),
            landing_page=f"https://www.data.go.kr/data/1500000{number}/fileData.do",
            modified=day,
        )
        for number, (id, (title, description, agency, format, day)) in enumerate(ROWS.items())
    ]


class Searched(NamedTuple):
    """The index, and how what is typed is understood."""

    index: SearchIndex
    meaning: Meaning
    lexicon: Lexicon

    def ask(self, text: str, **more: object) -> Asked:
        query = SearchQuery(q=text, **more)  # type: ignore[arg-type]
        return ask(self.index, query, self.meaning, self.lexicon, values=VALUES)

    def found(self, text: str, **more: object) -> list[str]:
        """Give the identifiers of the hits, best first."""
        return [hit.id for hit in self.ask(text, **more).result.hits]


TABLES = read_tables(config.default_config())
VALUES = values(config.vocabularies(config.default_config()), [])


def searched(folder: Path, rows: list[Dataset] | None = None) -> Searched:
    """Make an index of `rows` in `folder`."""
    index = EmbeddedIndex(folder)
    changes = []
    for seq, each in enumerate(datasets() if rows is None else rows, 1):
        content = codec.encode(each)
        hash = codec.content_hash(content)
        changes.append(Change(seq=seq, id=each.id, source=each.source, content=content, content_hash=hash))
    index.apply(list(map(packaged().document, changes)), Checkpoint("l", len(changes), "1"))
    index.refresh()
    meaning = Meaning(Analyser(names=TABLES.names), TABLES, {"csv": "CSV", "json": "JSON"})
    return Searched(index, meaning, Lexicon.of(index))
