"""What a harvest costs away from the network, beside a bare loop that only downloads and parses the same pages.

    python -m benchmarks.harvest FAMILY [--records N] [--samples DIR] [--rounds R]

In turns, each in a fresh process and an empty home: the bare loop (requests + orjson or csv), a harvest of one source,
the index brought up to date, the harvest again on the unchanged portal. Times are wall time of the crawl as the job
reports it, CPU time and peak memory as the operating system accounts them for the harvest process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.portal import SAMPLES

SOURCES = {
    "ckan": "protocol: ckan",
    "ckan-small": "protocol: ckan",
    "data-json": "protocol: dcat",
    "csv": "protocol: datagokr",
    "csv-details": "protocol: datagokr\n    details: [schema_org]",
}

LANGUAGES = {"ckan": "pt", "data-json": "en"}

BARE = {
    "ckan": """
import orjson, requests, sys, time
began = time.perf_counter(); seen = 0; session = requests.Session()
while True:
    page = {"rows": int(sys.argv[2]), "start": seen}
    body = session.get(sys.argv[1] + "/api/3/action/package_search", params=page).content
    results = orjson.loads(body)["result"]["results"]
    seen += len(results)
    if not results: break
print(seen, time.perf_counter() - began)
""",
    "data-json": """
import orjson, requests, sys, time
began = time.perf_counter()
print(len(orjson.loads(requests.get(sys.argv[1] + "/data.json").content)["dataset"]), time.perf_counter() - began)
""",
    "csv": """
import csv, io, requests, sys, time
began = time.perf_counter()
text = requests.get(sys.argv[1] + "/catalogue.csv").content.decode("utf-8-sig")
print(sum(1 for row in csv.DictReader(io.StringIO(text))), time.perf_counter() - began)
""",
}
BARE["ckan-small"] = BARE["ckan"]


def machine() -> str:
    """One line about where this ran."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def run(arguments: list[str], environment: dict[str, str]) -> tuple[str, float, float, float]:
    """Run a command: its stdout, wall seconds, CPU seconds, and peak memory in MB of its largest process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    wrapper = (
        "import json,resource,subprocess,sys;"
        "done=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE);"
        "print(json.dumps([done.stdout.decode(),resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,done.returncode]))"
    )
    made = subprocess.run(
        [sys.executable, "-c", wrapper, *arguments], env=os.environ | environment, stdout=subprocess.PIPE, check=True
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    text, peak, code = json.loads(made.stdout)
    if code not in (0, 2):
        raise SystemExit(f"{arguments}: exit code {code}: {text}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return text, wall, cpu, peak / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=sorted(SOURCES))
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=250, help="records a page, of both (ckan)")
    parser.add_argument("--no-index", action="store_true")
    parser.add_argument("--keep", type=Path, help="keep the home of the last round here")
    options = parser.parse_args()
    print(f"machine  {machine()}\ncorpus   {options.family}, {options.records:,} records")
    print(f"command  python -m benchmarks.harvest {' '.join(sys.argv[1:])}")
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        arguments = [options.family, str(options.records), str(port_file), "--samples", str(options.samples)]
        server = subprocess.Popen([sys.executable, "-m", "benchmarks.portal", *arguments])
        try:
            while not port_file.exists():
                time.sleep(0.1)
                if server.poll() is not None:
                    raise SystemExit("the portal did not start")
            url = f"http://127.0.0.1:{port_file.read_text()}"
            rows = [_round(options, url, Path(folder) / f"round{number}") for number in range(options.rounds)]
        finally:
            server.kill()
    print(f"{'step':22}{'seconds':>9}{'records/s':>11}{'CPU s':>8}{'peak MB':>9}")
    for step in rows[0]:
        seconds = statistics.median(row[step][0] for row in rows if step in row)
        cpu = statistics.median(row[step][1] for row in rows if step in row)
        peak = max(row[step][2] for row in rows if step in row)
        print(f"{step:22}{seconds:9.2f}{options.records / seconds:11,.0f}{cpu:8.2f}{peak:9.0f}")
    first, again = (statistics.median(row[step][0] for row in rows) for step in ("harvest", "harvest again"))
    if "bare loop" in rows[0]:
        bare = statistics.median(row["bare loop"][0] for row in rows)
        print(f"harvest / bare loop (speed)        {bare / first:.2f}")
    print(f"unchanged re-harvest / first (time) {again / first:.2f}")


def _round(options: argparse.Namespace, url: str, home: Path) -> dict[str, tuple[float, float, float]]:
    config = home / "config"
    packaged = Path(__file__).parent.parent / "config"
    shutil.copytree(packaged, config, ignore=shutil.ignore_patterns("members"))
    (config / "members").mkdir()
    rows = f"\n    rows: {options.rows}" if options.family.startswith("ckan") else ""
    address = url + ("/data.json" if options.family == "data-json" else "")
    (config / "members" / "bench.yml").write_text(
        f"name: {{ko: 잰 곳}}\nsector: test\nsources:\n  it:\n    title: benchmark\n"
        f"    {SOURCES[options.family]}{rows}\n"
        f"    url: {address}\n    language: {LANGUAGES.get(options.family, 'ko')}\n"
        "    allow_private: true\n    evidence: documented\n"
    )
    environment = {"DATAMOA_HOME": str(home / "var"), "DATAMOA_CONFIG": str(config), "DATAMOA_INDEX_URL": "embedded"}
    steps: dict[str, tuple[float, float, float]] = {}
    if options.family in BARE:
        text, _, cpu, peak = run([sys.executable, "-c", BARE[options.family], url, str(options.rows)], {})
        seen, seconds = text.split()
        assert int(seen) == options.records, text
        steps["bare loop"] = (float(seconds), cpu, peak)
    code = "import sys; from benchmarks.harvest_one import main; main()"
    for step in ("harvest", "harvest again"):
        text, _, cpu, peak = run([sys.executable, "-c", code], environment)
        report = json.loads(text.strip().splitlines()[-1])
        changed = report["created"] + report["updated"]
        assert report["verdict"] == "complete", report
        assert changed == (options.records if step == "harvest" else 0), report
        steps[step] = (report["seconds"], cpu, peak)
        if step == "harvest" and not options.no_index:
            _, wall, cpu, peak = run([sys.executable, "-m", "indexer", "index", "--json"], environment)
            steps["index"] = (wall, cpu, peak)
            steps["harvest and index"] = (wall + steps["harvest"][0], cpu + steps["harvest"][1], 0.0)
    size = sum(file.stat().st_size for file in (home / "var").glob("ledger*"))
    print(f"ledger   {size / 1e6:,.0f} MB", file=sys.stderr)
    if options.keep:
        shutil.rmtree(options.keep, ignore_errors=True)
        shutil.copytree(home / "var", options.keep)
    shutil.rmtree(home)
    return steps


if __name__ == "__main__":
    main()
