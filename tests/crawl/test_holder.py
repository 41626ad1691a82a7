"""Who holds a lease, and whether that process still lives."""

from __future__ import annotations

import subprocess
import sys

from harvester.crawl import holder


def test_this_process_lives() -> None:
    assert not holder.is_dead(holder.this_process())


def test_a_process_that_ended_is_dead() -> None:
    code = "from harvester.crawl import holder; print(holder.this_process())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert holder.is_dead(name)


def test_another_process_with_the_same_number_is_another() -> None:
    host, pid, _ = holder.this_process().rsplit(":", 2)
    assert holder.is_dead(f"{host}:{pid}:1")


def test_of_other_hosts_nothing_is_known() -> None:
    _, pid, start = holder.this_process().rsplit(":", 2)
    assert not holder.is_dead(f"elsewhere.example:{pid}:{start}")
    assert not holder.is_dead("someone")
    assert not holder.is_dead("")
