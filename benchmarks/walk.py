"""The main job as an operator sees it, on data.go.kr's own recorded catalogue served on loopback.

    python -m benchmarks.walk [--samples DIR] [--home DIR]

Six members, with the spiders and member files that harvest the live portal, only its address put in: the state of July
2022, the same again; a next state (1 % new, 3 % changed, 2 % gone, every counter moved), twice, in a copy of the home;
the fragment of November 2025, which is held; one job is accepted and undone; a search; all 34,267 for a source that
names no agency. Answers by list key are made by the server from catalogue rows. Exit code 1 where a report is not what
the catalogue says.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.catalogue_states import EVERYONE, MEMBERS, NextState, State, configuration
from benchmarks.portal import SAMPLES
from harvester import config
from harvester.options.datagokr import DataGoKrOptions
from harvester.sample_portals.datagokr import DataGoKrPortal

Reports = Mapping[str, Mapping[str, Any]]


class Operator:
    """Types commands, and shows them with what they print."""

    def __init__(self, portal: DataGoKrPortal, folder: Path) -> None:
        self.portal = portal
        self.folder = folder

    def datamoa(self, home: Path, *arguments: str) -> str:
        print(f"\n$ datamoa {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "indexer", "--home", str(home), "--config", str(self.folder)]
        done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="")
        print(f"exit code {done.returncode}; the portal has answered {self.portal.count('/')} requests", flush=True)
        return done.stdout

    def harvest(self, home: Path, *members: str) -> Reports:
        """Reports by member."""
        lines = self.datamoa(home, "harvest", *members, "--json").splitlines()
        return {row["source"].partition(".")[0]: row for row in map(json.loads, lines)}


def compare(what: str, reports: Reports, expected: Mapping[str, tuple[object, ...]], *keys: str) -> bool:
    """Whether the reports say what was expected of these keys, member by member; tells which do not."""
    wrong = 0
    for member, values in expected.items():
        said = tuple(reports[member][key] for key in keys)
        wrong += said != values
        if said != values:
            print(f"NOT AS EXPECTED  {member}: {dict(zip(keys, said, strict=True))}, expected {values}")
    print(f"{what}: {'as expected' if not wrong else f'{wrong} are wrong'} ({', '.join(keys)})", flush=True)
    return not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    folder = options.home or Path(tempfile.mkdtemp(prefix="datamoa-walk-"))
    of_2022, of_2025 = (
        State.recorded(options.samples / "korea-data-go-kr" / f"catalogue-{when}.csv.gz")
        for when in ("2022-07", "2025-11")
    )
    with DataGoKrPortal(of_2022.table) as portal:
        right = _walk(Operator(portal, configuration(folder / "config", portal.url)), folder, of_2022, of_2025)
    print(f"\nhomes and configuration are kept in {folder}")
    sys.exit(not right)


def _walk(operator: Operator, folder: Path, of_2022: State, of_2025: State) -> bool:
    home, next_home, portal = folder / "var", folder / "var-next", operator.portal
    organisations = _organisations(operator.folder)
    right = []

    first = operator.harvest(home, *MEMBERS)
    expected = {member: ("complete", number, number, 0) for member, number in MEMBERS.items()}
    right.append(compare("state of 2022", first, expected, "verdict", "listed", "created", "rejected"))
    again = operator.harvest(home, *MEMBERS)
    expected = {member: ("complete", number, 0, 0) for member, number in MEMBERS.items()}
    right.append(compare("the same again", again, expected, "verdict", "unchanged", "created", "updated"))
    right.append(json.loads(operator.datamoa(home, "index", "--json"))["applied"] == 0)
    shutil.copytree(home, next_home)

    portal.replace(of_2025.table, of_2025.rows)
    held = operator.harvest(home, *MEMBERS)
    left = {member: len(of_2025.of(organisations[member])) for member in MEMBERS}
    expected = {member: ("held", left[member], 0) for member in MEMBERS}
    right.append(compare("fragment of 2025", held, expected, "verdict", "listed", "removed"))
    job = str(held["kepco"]["job"])
    for step in (("jobs", job, "--limit", "3"), ("accept", job), ("undo", job)):
        operator.datamoa(home, *step)
    operator.datamoa(home, "search", "전력", "사용량", "--size", "3")
    operator.datamoa(home, "verify")

    following = NextState.after(of_2022, of_2022.groups(organisations.values()))
    portal.replace(following.table, following.rows)
    before = {member: set(of_2022.of(organisations[member])) for member in MEMBERS}
    now = {member: set(following.of(organisations[member])) for member in MEMBERS}
    gone = {member: len(before[member] & following.gone) for member in MEMBERS}
    expected = {
        member: ("complete", len(keys & following.new), len(keys & following.changed), gone[member], 0)
        for member, keys in now.items()
    }
    moved = operator.harvest(next_home, *MEMBERS)
    right.append(compare("next state", moved, expected, "verdict", "created", "updated", "missing", "removed"))
    moved = operator.harvest(next_home, *MEMBERS)
    expected = {member: ("complete", 0, 0, gone[member]) for member in MEMBERS}
    right.append(compare("next state again", moved, expected, "verdict", "created", "updated", "removed"))

    portal.replace(of_2022.table, of_2022.rows)
    every = operator.harvest(folder / "var-everyone", EVERYONE)
    expected = {EVERYONE: ("complete", len(of_2022.rows), len(of_2022.rows))}
    right.append(compare("no agency named", every, expected, "verdict", "listed", "seen"))
    return all(right)


def _organisations(folder: Path) -> dict[str, tuple[str, ...]]:
    found = {}
    for source in config.select(folder, tuple(MEMBERS)):
        assert isinstance(source.options, DataGoKrOptions)
        found[source.member] = source.options.organisations
    return found


if __name__ == "__main__":
    main()
