"""Studies of DDI codebooks."""

from __future__ import annotations

import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Distribution, Location, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping.ddi import to_dataset

CODEBOOK = """
<record><header><identifier>oai:x:1</identifier><setSpec>survey</setSpec></header><metadata>
<codeBook xmlns="ddi:codebook:2_5" version="2.5">
  <docDscr><citation><titlStmt><titl>the title of the document</titl></titlStmt></citation></docDscr>
  <stdyDscr>
    <citation>
      <titlStmt><titl>통근 조사</titl><parTitl xml:lang="en">Commuting survey</parTitl>
        <IDNo agency="DOI">doi:10.99999/s</IDNo></titlStmt>
      <rspStmt><AuthEnty affiliation="해솔대학교">박다온</AuthEnty></rspStmt>
      <prodStmt><producer>사회조사센터</producer><prodDate date="2025-12">December</prodDate>
        <copyright>ⓒ 해솔대학교</copyright><software>R</software></prodStmt>
      <distStmt><distrbtr URI="https://archive.example">자료원</distrbtr>
        <contact email="a@archive.example">이용 문의</contact>
        <distDate>2026-02-20</distDate></distStmt>
      <verStmt><version date="2026-03-01">2</version></verStmt>
      <holdings URI="https://archive.example/s/1"/>
    </citation>
    <stdyInfo>
      <subject><keyword>통근</keyword><keyword xml:lang="en">telework</keyword>
        <topcClas vocab="CESSDA">Transport</topcClas></subject>
      <abstract>설문 응답 2,140건</abstract>
      <sumDscr>
        <timePrd event="start" date="2025-01">1월</timePrd><timePrd event="end" date="2025-11">11월</timePrd>
        <collDate>2025-11</collDate><nation abbr="KR">대한민국</nation><geogCover>해솔시</geogCover>
        <universe>직장인</universe><dataKind>survey data</dataKind>
      </sumDscr>
    </stdyInfo>
    <method><dataColl><sampProc>층화</sampProc></dataColl></method>
    <dataAccs><setAvail><accsPlac URI="https://archive.example">자료원</accsPlac></setAvail>
      <useStmt><conditions>CC BY 4.0</conditions><restrctn>등록 필요</restrctn></useStmt></dataAccs>
  </stdyDscr>
  <fileDscr URI="https://archive.example/s/1/data.sav"><fileTxt><fileName>data.sav</fileName><fileType>SPSS</fileType></fileTxt>
  </fileDscr>
  <otherMat URI="https://archive.example/s/1/codebook.pdf"><labl>codebook.pdf</labl></otherMat>
  <dataDscr><var name="q1"><labl>문항 1</labl></var></dataDscr>
</codeBook></metadata></record>"""


def test_a_study(catalog: Catalog) -> None:
    mapped = to_dataset(CODEBOOK.encode(), "oai:x:1", catalog)
    found = mapped.dataset
    assert found.title == {"ko": "통근 조사", "en": "Commuting survey"}
    assert found.description == {"ko": "설문 응답 2,140건"}
    assert found.keyword == {"ko": ("통근",), "en": ("telework",)}
    assert found.theme == (Concept(source="Transport"),)
    assert found.type == Concept(source="survey data")
    assert found.creator == (Agent(name={"ko": "박다온"}),)
    assert found.publisher == Agent(name={"ko": "자료원"}, homepage="https://archive.example")
    assert found.contact_point == (ContactPoint(name={"ko": "이용 문의"}, email="a@archive.example"),)
    assert (found.issued, found.modified, found.version) == ("2026-02-20", "2026-03-01", "2")
    assert found.temporal == (PeriodOfTime(start="2025-01", end="2025-11"),)
    assert found.spatial == (Location(label={"ko": "대한민국"}), Location(label={"ko": "해솔시"}))
    assert found.landing_page == "https://archive.example/s/1"
    assert found.license == Concept(source="CC BY 4.0")
    assert found.access_rights == Concept(source="등록 필요")
    assert found.rights == {"ko": "ⓒ 해솔대학교\n\nCC BY 4.0\n\n등록 필요"}
    assert found.other_identifier == ("doi:10.99999/s",)
    assert found.distribution == (
        Distribution(
            title={"ko": "data.sav"},
            access_url="https://archive.example/s/1/data.sav",
            download_url="https://archive.example/s/1/data.sav",
            format=Concept(source="SPSS"),
        ),
        Distribution(
            title={"ko": "codebook.pdf"},
            access_url="https://archive.example/s/1/codebook.pdf",
            download_url="https://archive.example/s/1/codebook.pdf",
        ),
    )
    assert mapped.unread == ("method", "software")
    assert found.additional == {"universe": "직장인", "method": "층화", "software": "R", "setSpec": "survey"}


@pytest.mark.parametrize(
    ("stated", "periods"),
    [
        ('<timePrd event="single" date="2020">x</timePrd>', (PeriodOfTime(label="2020"),)),
        ('<timePrd event="start" date="2020"/>', (PeriodOfTime(start="2020"),)),
        (
            '<timePrd event="start" date="2020"/><timePrd event="start" date="2021"/>'
            '<timePrd event="end" date="2022"/>',
            (PeriodOfTime(start="2020"), PeriodOfTime(start="2021", end="2022")),
        ),
        ('<timePrd event="end" date="2022"/>', (PeriodOfTime(end="2022"),)),
        ("<collDate>2019-2020</collDate>", (PeriodOfTime(label="2019-2020"),)),
    ],
)
def test_periods(stated: str, periods: tuple[PeriodOfTime, ...], catalog: Catalog) -> None:
    study = f"<codeBook><stdyDscr><stdyInfo><sumDscr>{stated}</sumDscr></stdyInfo></stdyDscr></codeBook>"
    assert to_dataset(study.encode(), "1", catalog).dataset.temporal == periods


def test_long_conditions_are_rights_and_no_licence(catalog: Catalog) -> None:
    conditions = "이 자료는 연구 목적으로만 " * 20
    access = f"<dataAccs><useStmt><conditions>{conditions}</conditions></useStmt></dataAccs>"
    study = f"<codeBook><stdyDscr>{access}</stdyDscr></codeBook>"
    found = to_dataset(study.encode(), "1", catalog).dataset
    assert found.license is None
    assert found.rights == {"ko": conditions.strip()}


def test_what_holds_no_study_is_told(catalog: Catalog) -> None:
    with pytest.raises(RecordError) as error:
        to_dataset(b"<codeBook><dataDscr/></codeBook>", "1", catalog)
    assert error.value.code == "not-ddi"
