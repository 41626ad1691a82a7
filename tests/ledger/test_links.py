"""One dataset, many doors: links follow the datasets through everything that becomes of them."""

from __future__ import annotations

import pytest

from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.joins import Decision, Decisions, join_keys
from harvester.catalog.model import Dataset, HarvestRecord, Page, Part, Processed
from harvester.ledger import Ending, Entry, Expected, JobReport, Ledger, payload_hash
from harvester.ledger.links import GENERIC

HERE, THERE = "kepco.datagokr", "kepco.portal"


def harvest(ledger: Ledger, source: str, pages: dict[str, str], version: str = "1", **options: object) -> JobReport:
    """A job of a source whose datasets have these landing pages, by identifier."""
    job = ledger.start_job(source, full=True, holder="here", fingerprint="", **options)  # type: ignore[arg-type]
    entries = []
    for name, page in pages.items():
        id_ = dataset_id(source, name)
        dataset = Dataset(id=id_, source=source, identifier=name, title={"ko": name}, landing_page=page)
        content = codec.encode(dataset)
        part = Part(name="listing", format="test", payload=page.encode())
        processed = Processed(
            dataset_id=id_, content=content, content_hash=codec.content_hash(content), joins=join_keys(dataset)
        )
        entries.append(
            Entry(
                record=HarvestRecord(identifier=name, parts=(part,)),
                payload_hash=payload_hash(part.payload),
                mapping_version=version,
                processed=processed,
            )
        )
    page = Page(records=tuple(one.record for one in entries), after=None, cursor="1", end=True)
    ledger.commit_page(job, page, entries)
    return ledger.finish_job(job, Ending(), Expected(max_drop=1.0))


def doors(ledger: Ledger, source: str, name: str, decisions: Decisions | None = None) -> list[tuple[str, str]]:
    found = ledger.also_at(dataset_id(source, name), *([decisions] if decisions else []))
    return [(door.source, door.kind) for door in found]


def page(name: str) -> str:
    return f"https://portal.example.org/dataset/{name}"


def test_the_same_page_in_two_sources_of_one_member(ledger: Ledger) -> None:
    harvest(ledger, HERE, {"1": page("air"), "2": page("water")})
    harvest(ledger, THERE, {"x": "http://www.portal.example.org/dataset/air/?utm_source=a", "y": page("other")})
    assert doors(ledger, HERE, "1") == [(THERE, "landing_page")]
    assert doors(ledger, THERE, "x") == [(HERE, "landing_page")]
    assert doors(ledger, HERE, "2") == doors(ledger, THERE, "y") == []
    (door,) = ledger.also_at(dataset_id(HERE, "1"))
    assert (door.id, door.reason) == (dataset_id(THERE, "x"), "the same landing page")
    assert ledger.also_at("unknown") == []


def test_one_source_has_no_doors_into_itself(ledger: Ledger) -> None:
    harvest(ledger, HERE, {"1": page("air"), "2": page("air")})
    assert doors(ledger, HERE, "1") == []


@pytest.mark.parametrize(("number", "joined"), [(GENERIC, GENERIC), (GENERIC + 1, 0)])
def test_what_many_datasets_of_a_source_share_joins_none(ledger: Ledger, number: int, joined: int) -> None:
    harvest(ledger, HERE, {str(place): page("search") for place in range(number)})
    harvest(ledger, THERE, {"x": page("search")})
    assert len(doors(ledger, THERE, "x")) == joined
    assert len(doors(ledger, HERE, "0")) == bool(joined)


def test_links_follow_changes_removals_and_corrections(ledger: Ledger) -> None:
    harvest(ledger, HERE, {"1": page("air")})
    harvest(ledger, THERE, {"x": page("air"), "z": page("z")})
    moved = harvest(ledger, THERE, {"x": page("elsewhere"), "z": page("air")})
    assert [door.id for door in ledger.also_at(dataset_id(HERE, "1"))] == [dataset_id(THERE, "z")]
    ledger.undo(moved.job)
    assert [door.id for door in ledger.also_at(dataset_id(HERE, "1"))] == [dataset_id(THERE, "x")]
    for _ in range(2):
        harvest(ledger, THERE, {"z": page("z")})
    assert doors(ledger, HERE, "1") == [], "a tombstone is no door"
    assert doors(ledger, THERE, "x") == [], "nor does it have any"
    harvest(ledger, THERE, {"x": page("air"), "z": page("z")})
    assert doors(ledger, HERE, "1") == [(THERE, "landing_page")]


def test_other_rules_recognise_datasets_that_have_not_changed(ledger: Ledger) -> None:
    harvest(ledger, HERE, {"1": page("air")})
    harvest(ledger, THERE, {"x": page("air")})
    with ledger._store.writing() as tx:
        tx.exec_driver_sql("DELETE FROM door")
        tx.exec_driver_sql("UPDATE record SET doors = NULL")
    assert doors(ledger, HERE, "1") == []
    for source, pages in ((HERE, {"1": page("air")}), (THERE, {"x": page("air")})):
        assert harvest(ledger, source, pages, version="2").unchanged == 1
    assert doors(ledger, HERE, "1") == [(THERE, "landing_page")]


def test_a_person_decides(ledger: Ledger) -> None:
    harvest(ledger, HERE, {"1": page("air"), "2": page("water")})
    harvest(ledger, THERE, {"x": page("air"), "y": page("other")})
    ids = {name: dataset_id(source, name) for source, name in ((HERE, "1"), (HERE, "2"), (THERE, "x"), (THERE, "y"))}
    decided = Decisions(
        same=(Decision(datasets=frozenset({ids["2"], ids["y"], "unknown"}), reason="one survey"),),
        different=(Decision(datasets=frozenset({ids["1"], ids["x"]}), reason="two years"),),
    )
    assert doors(ledger, HERE, "1", decided) == []
    (door,) = ledger.also_at(ids["2"], decided)
    assert (door.id, door.kind, door.reason) == (ids["y"], "decision", "one survey")
