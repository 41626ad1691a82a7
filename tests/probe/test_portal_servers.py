"""Real portal servers, started on loopback in an environment of their own, are recognised."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

import pytest

from harvester.options import OPTIONS
from harvester.probe import Look
from harvester.probe.findings import CERTAIN

Probed = Callable[..., Look]

ROOT = Path(__file__).parent.parent.parent
SERVERS = ROOT / "tests" / "portal_servers"
_STARTING = 60
"""Seconds; the geographic libraries take a while to be imported."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of the servers' environment, made once."""
    done = subprocess.run(["sh", str(SERVERS / "prepare")], capture_output=True, text=True, check=False, timeout=110)
    if done.returncode:
        pytest.skip(f"the portal servers cannot be installed: {done.stderr.strip()[-300:]}")
    return ROOT / ".venv-portals" / "bin" / "python"


@contextmanager
def serving(python: Path, kind: str, folder: Path) -> Iterator[str]:
    """Run a server as a process of its own; its address."""
    with (folder / "stderr").open("w+b") as said:
        called = [str(python), str(SERVERS / "serve.py"), kind, str(folder)]
        process = subprocess.Popen(called, stdout=subprocess.PIPE, stderr=said)
        try:
            assert process.stdout
            with DefaultSelector() as waiting:
                waiting.register(process.stdout, EVENT_READ)
                address = process.stdout.readline().decode().strip() if waiting.select(_STARTING) else ""
            assert address, f"{kind} did not start: {(folder / 'stderr').read_text(encoding='utf-8')[-2000:]}"
            yield address
        finally:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def pycsw(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(python, "pycsw", tmp_path_factory.mktemp("pycsw")) as address:
        yield address


@pytest.fixture(scope="module")
def pygeoapi(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(python, "pygeoapi", tmp_path_factory.mktemp("pygeoapi")) as address:
        yield address


@pytest.mark.parametrize("path", ["", "/csw", "/csw?service=CSW&version=2.0.2&request=GetCapabilities"])
def test_csw_of_pycsw(path: str, pycsw: str, probed: Probed) -> None:
    found = {finding.protocol: finding for finding in probed(pycsw + path).findings}
    csw = found["csw"]
    assert csw.name.startswith("CSW ")
    assert (csw.confidence, csw.count, csw.title) == (CERTAIN, 3, "Sample catalogue")
    assert csw.harvested == ("csw" in OPTIONS)
    assert csw.address.startswith(pycsw)
    assert "numberOf" not in " ".join(csw.why)


@pytest.mark.parametrize("path", ["", "/csw", "/csw?mode=oaipmh", "/csw?mode=oaipmh&verb=Identify"])
def test_oai_pmh_of_pycsw(path: str, pycsw: str, probed: Probed) -> None:
    found = {finding.protocol: finding for finding in probed(pycsw + path).findings}
    repository = found["oai_pmh"]
    assert (repository.confidence, repository.count) == (CERTAIN, 3)
    assert repository.address.endswith("mode=oaipmh")
    assert repository.harvested == ("oai_pmh" in OPTIONS)


@pytest.mark.parametrize("path", ["", "/collections", "/conformance", "/collections?f=html"])
def test_ogc_api_records_of_pygeoapi(path: str, pygeoapi: str, probed: Probed) -> None:
    (records, *_) = probed(pygeoapi + path).findings
    assert (records.protocol, records.confidence, records.count) == ("ogc_records", CERTAIN, 3)
    assert records.address == pygeoapi
    assert "metadata" in records.why[1]
    assert "places" not in records.why[1], "features are no records"


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    text = (SERVERS / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert text.count("--hash=sha256:") > text.count("==") > 30
