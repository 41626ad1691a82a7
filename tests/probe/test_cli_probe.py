"""What the command `probe` prints, writes and says, and how it exits."""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

import pytest
import yaml

from harvester.sample_portals import sample_ckan
from harvester.sample_portals.server import Answer
from tests.probe import lookalikes
from tests.probe.conftest import Command
from tests.probe.lookalikes import WORDS, Routes, as_page
from tests.probe.test_hostile import raw_server


def test_it_shows_what_was_found_and_prints_a_member_file(run: Command) -> None:
    with sample_ckan() as portal:
        code, _, out, _ = run("probe", portal.url, "--allow-private")
    assert code == 0
    assert "95%" in out
    assert "package_search" in out
    member = yaml.safe_load(out[out.index("# A start") :])
    source = member["sources"]["ckan"]
    assert (source["protocol"], source["url"], source["evidence"]) == ("ckan", portal.url, "assumed")
    assert "# config/members/127-0-0-1.yml" in out


def test_json_is_one_object_a_finding(run: Command) -> None:
    with lookalikes.hugging_face() as portal:
        code, rows, _, err = run("probe", f"{portal.url}/api/datasets?author=sample", "--allow-private", "--json")
    assert code == 0
    assert [*rows[0]] == [
        "protocol",
        "name",
        "confidence",
        "count",
        "harvested",
        "url",
        "options",
        "why",
        "unanswered",
        "member_file",
    ]
    assert rows[0]["options"] == {"organisation": "sample"}
    assert yaml.safe_load(rows[0]["member_file"])["sources"]["huggingface"]["organisation"] == "sample"
    assert all(row["member_file"] is None for row in rows[1:])
    assert rows[0]["unanswered"] == []
    assert err == ""


def test_the_file_is_written_and_nothing_is_overwritten(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "city.yml"
    with sample_ckan() as portal:
        code, _, out, err = run("probe", portal.url, "--allow-private", "--write", str(file))
        assert code == 0
        assert "protocol: ckan" in file.read_text(encoding="utf-8")
        assert "protocol: ckan" not in out
        assert "datamoa harvest city" in err
        asked = portal.requests.total()
        code, _, _, err = run("probe", portal.url, "--allow-private", "--write", str(file))
        assert code == 64
        assert "nothing is overwritten" in err
        assert portal.requests.total() == asked


@pytest.mark.parametrize("name", ["City.yml", "city.yaml", "city", "no-such-folder/city.yml"])
def test_files_that_would_not_be_members(run: Command, tmp_path: Path, name: str) -> None:
    code, _, _, err = run("probe", "http://127.0.0.1:9", "--write", str(tmp_path / name))
    assert code == 64
    assert len(err.splitlines()) == 1


def test_a_protocol_that_is_not_harvested_yet(run: Command) -> None:
    rss = lookalikes.as_xml("<rss version='2.0'><channel><title>news</title><item/></channel></rss>")
    with Routes({"/": rss}) as portal:
        code, _, out, err = run("probe", portal.url, "--allow-private")
    assert code == 0
    assert "not yet" in out
    assert "RSS: this protocol is not harvested yet" in err


def test_what_was_found_before_the_time_is_over(run: Command) -> None:
    rss = lookalikes.as_xml("<rss version='2.0'><channel><title>news</title><item/></channel></rss>")
    with Routes({"/": rss}, otherwise=Answer(seconds=30)) as portal:
        started = time.monotonic()
        code, rows, _, err = run("probe", portal.url, "--allow-private", "--timeout", "1", "--json")
        assert time.monotonic() - started < 4
        assert portal.requests.total() <= 2 + 4, "robots.txt, the address itself, and questions of 0.25 s"
    assert code == 0
    assert [row["name"] for row in rows] == ["RSS"]
    assert len(rows[0]["unanswered"]) > 5
    assert f"too slow: {len(rows[0]['unanswered'])} questions were not answered" in err
    assert "no answer within 0.25 seconds" in err
    assert "--timeout" in err


def test_a_portal_that_drips_is_answered_within_the_time(run: Command) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")
        while True:
            time.sleep(0.05)
            connection.sendall(b"<p>")

    with raw_server(drip) as url:
        started = time.monotonic()
        code, rows, _, err = run("probe", url, "--allow-private", "--timeout", "1", "--json")
        assert time.monotonic() - started < 4
        assert (code, rows) == (1, [])
    assert f"{url}/: 200, a web page, cut off after " in err
    assert "not asked: the time for all questions (1 s) was over" in err
    assert "too slow" in err


def test_a_name_that_is_looked_up_for_long_is_waited_for_no_longer_than_the_time(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def slow(*_arguments: object, **_more: object) -> None:
        over.wait(30)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    code, rows, _, err = run("probe", "http://slow.example", "--timeout", "1", "--json")
    over.set()
    assert time.monotonic() - started < 4
    assert (code, rows) == (1, [])
    assert re.fullmatch(r"datamoa: http://slow\.example/: no answer within 0\.2\d* seconds; .*--timeout\n", err)


def test_nothing_is_recognised(run: Command) -> None:
    with Routes({"/": as_page(WORDS)}) as portal:
        code, rows, _, err = run("probe", portal.url, "--allow-private", "--json")
    assert code == 1
    assert rows == []
    assert "nothing that is known was recognised" in err
    assert "html_list" in err
    assert f"asked {portal.url}/data.json: 404" in err


def test_what_was_asked_is_counted_and_listed_only_where_that_is_wanted(run: Command) -> None:
    with Routes({"/": as_page(WORDS)}) as portal:
        _, _, _, listed = run("probe", portal.url, "--allow-private", "-v")
        code, _, out, err = run("probe", portal.url, "--allow-private")
    count = listed.count("\n  asked http")
    assert count > 10
    assert (code, out) == (1, "")
    assert f"\n  asked {count} addresses; -v tells which answered what\n" in err
    assert err.count("asked") == 1
    with sample_ckan() as portal:
        assert run("probe", portal.url, "--allow-private")[3] == ""
        assert f"asked {portal.url}/: 404" in run("probe", portal.url, "--allow-private", "--verbose")[3]


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("ftp://data.example", 64, "http:// or https://"),
        ("data.go.kr", 64, "did you mean https://data.go.kr?"),
        ("http://127.0.0.1:9/", 1, "--allow-private"),
        ("http://no-such-host.invalid/", 1, "there is no host no-such-host.invalid"),
    ],
)
def test_faults_are_one_line(run: Command, url: str, code: int, words: str) -> None:
    ended, _, out, err = run("probe", url)
    assert ended == code
    assert words in err
    assert out == ""
    assert len(err.splitlines()) == 1
