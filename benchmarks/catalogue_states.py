"""States of data.go.kr's catalogue, recorded and made of recorded ones, and the members that are harvested from it."""

from __future__ import annotations

import csv
import gzip
import io
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from harvester import config
from harvester.protocols.datagokr import selection
from harvester.sample_portals.datagokr import first, write_table

MEMBERS = {"kepco": 207, "ts": 222, "nia": 34, "yeungnam-gyeongbuk": 848, "nhis": 3, "hira": 1}
"""Members that have rows in the catalogue of July 2022, and how many."""

EVERYONE = "everyone"
"""A member that names no agency."""

_EVERYONE_YML = """\
name: {ko: 모두}
sector: public
sources:
  datagokr:
    title: every agency
    protocol: datagokr
    evidence: recorded
"""

Row = dict[str, str]


@dataclass
class State:
    """A state of the catalogue: its bytes, and its rows in their order."""

    table: bytes
    rows: list[Row]

    @classmethod
    def recorded(cls, file: Path) -> State:
        table = gzip.decompress(file.read_bytes())
        return cls(table, list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""))))

    def of(self, organisations: tuple[str, ...]) -> dict[str, Row]:
        """Rows of these agencies by list key."""
        chosen = selection(organisations)
        return {row["목록키"]: row for row in self.rows if chosen(first(row, "제공기관", "기관명"))}

    def groups(self, organisations: Iterable[tuple[str, ...]]) -> list[dict[str, Row]]:
        """Rows by list key: of each of these groups of agencies, and all others."""
        chosen = [self.of(group) for group in organisations]
        keys = {key for group in chosen for key in group}
        return [*chosen, {row["목록키"]: row for row in self.rows if row["목록키"] not in keys}]


@dataclass
class NextState(State):
    """A near-complete next state, and what became of which list key."""

    new: set[str]
    changed: set[str]
    gone: set[str]

    @classmethod
    def after(cls, state: State, groups: list[dict[str, Row]]) -> Self:
        """1 % new, 3 % changed, 2 % gone in each of these groups, and counters moved on every row."""
        chance = random.Random(2022)
        new: dict[str, Row] = {}
        changed: set[str] = set()
        gone: set[str] = set()
        for group in groups:
            keys = chance.sample(sorted(group), len(group))
            drop, change, add = round(len(keys) * 0.02), round(len(keys) * 0.03), round(len(keys) * 0.01)
            gone.update(keys[:drop])
            changed.update(keys[drop : drop + change])
            for key in keys[drop + change : drop + change + add]:
                other = str(98_000_000 + len(new))
                address = group[key]["목록.URL"].replace(key, other)
                new[other] = {
                    **group[key],
                    "목록키": other,
                    "목록명": f"새 {group[key]['목록명']}",
                    "목록.URL": address,
                }
        rows = []
        for row in state.rows:
            if row["목록키"] in gone:
                continue
            views = int(row["조회수"]) if row["조회수"].isdigit() else 0  # "(NULL)" stands in some rows
            moved = {**row, "조회수": str(views + chance.randint(1, 50))}
            if row["목록키"] in changed:
                moved |= {"목록명": f"{row['목록명']} (개정)", "목록.수정일": "2022-08-01"}
            rows.append(moved)
        rows += new.values()
        return cls(write_table(list(state.rows[0]), rows, "utf-8"), rows, set(new), changed, gone)


def configuration(folder: Path, url: str) -> Path:
    """The packaged configuration with this portal's address put in; what these members have elsewhere is off."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(config.default_config(), folder)
    (folder / "members" / f"{EVERYONE}.yml").write_text(_EVERYONE_YML, encoding="utf-8")
    for member in (*MEMBERS, EVERYONE):
        file = folder / "members" / f"{member}.yml"
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        for source in said["sources"].values():
            here = source["protocol"] == "datagokr"
            source |= {"url": url, "allow_private": True} if here else {"enabled": False}
        file.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder
