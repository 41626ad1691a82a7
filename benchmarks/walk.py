"""The main job as an operator sees it, on data.go.kr's own recorded catalogue served on loopback.

    python -m benchmarks.walk [--samples DIR] [--home DIR]

Six members, with the spiders and member files that harvest the live portal, only its address put in: the state of July
2022, the same again, then the fragment of November 2025, which is held; one job is accepted and undone; a search.
Answers by list key are made by the server from catalogue rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.portal import SAMPLES
from harvester import config
from harvester.sample_portals.datagokr import DataGoKrPortal

MEMBERS = ("kepco", "ts", "nia", "yeungnam-gyeongbuk", "nhis", "hira")
SOURCES = tuple(f"{member}.datagokr" for member in MEMBERS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="datamoa-walk-"))
    states = [
        gzip.decompress((options.samples / "korea-data-go-kr" / f"catalogue-{when}.csv.gz").read_bytes())
        for when in ("2022-07", "2025-11")
    ]
    with DataGoKrPortal(states[0]) as portal:
        folder = _configuration(home / "config", portal.url)

        def datamoa(*arguments: str) -> str:
            print(f"\n$ datamoa {' '.join(arguments)}", flush=True)
            command = [sys.executable, "-m", "indexer", "--home", str(home / "var"), "--config", str(folder)]
            done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, text=True, check=False)
            print(done.stdout, end="")
            print(f"exit code {done.returncode}; the portal has answered {portal.count('/')} requests", flush=True)
            return done.stdout

        datamoa("harvest", *SOURCES)
        datamoa("harvest", *SOURCES)
        portal.replace(states[1])
        held = [json.loads(line) for line in datamoa("harvest", *SOURCES, "--json").splitlines()]
        job = str(held[0]["job"])
        for step in (("jobs", job, "--limit", "3"), ("accept", job), ("undo", job)):
            datamoa(*step)
        datamoa("search", "전력", "사용량", "--size", "3")
        datamoa("verify")
    print(f"\nhome and configuration are kept in {home}")


def _configuration(folder: Path, url: str) -> Path:
    """The real member files, with the portal's address put in."""
    packaged = config.default_config()
    shutil.copytree(packaged, folder, ignore=shutil.ignore_patterns("members"))
    (folder / "members").mkdir()
    here = f"    protocol: datagokr\n    url: {url}\n    allow_private: true\n"
    for member in MEMBERS:
        text = (packaged / "members" / f"{member}.yml").read_text(encoding="utf-8")
        (folder / "members" / f"{member}.yml").write_text(
            text.replace("    protocol: datagokr\n", here), encoding="utf-8"
        )
    return folder


if __name__ == "__main__":
    main()
