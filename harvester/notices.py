"""Telling a command or a webhook that the verdict of a source has changed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec

from harvester.errors import NoticeError, UsageError
from harvester.ledger.types import JobReport

Notifiers: TypeAlias = tuple[str, ...]
"""Commands, and http(s) addresses of webhooks."""

INTERRUPTED = "interrupted"
"""What stands in the place of a verdict when a job's process died; the job goes on later."""

_SECONDS = 30
_WEB = ("http://", "https://")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, as one JSON object: `text` in a sentence (the key that chat webhooks read), and the parts of it.

    `job` is None where none could begin.
    """

    text: str
    source: str
    job: int | None
    verdict: str
    before: str | None
    reason: str

    def line(self) -> str:
        """The notice as JSON on one line."""
        return msgspec.json.encode(self).decode()


class Told:
    """What notifiers know of each source: the verdict of the last job that they were, or need not be, told of.

    Kept in a file, because a worker may be started anew, or another process harvest in between; where that cannot be
    written, in memory.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        try:
            self._known = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self._known = {}

    def of(self, source: str) -> str | None:
        """What is known of a source; None: nothing."""
        return self._known.get(source)

    def note(self, source: str, verdict: str) -> None:
        """Remember what is known from now on."""
        with self._lock:
            if self._known.get(source) == verdict:
                return
            self._known[source] = verdict
            new = self._file.with_suffix(".new")
            with suppress(OSError):
                new.write_bytes(msgspec.json.encode(self._known))
                new.replace(self._file)


def verdict_of(report: JobReport, *, interrupted: bool) -> str:
    """Give what is told of a job: one that could not even begin has no number, and failed."""
    return INTERRUPTED if interrupted and report.job else str(report.verdict)


def of(report: JobReport, before: str | None, verdict: str) -> Notice | None:
    """Give the notice of a job that ended otherwise than what was told last, of a first job if it is not complete."""
    if verdict == (before or "complete"):
        return None
    reason = f" ({report.why})" if report.why else ""
    job = f"job {report.job}" if report.job else "no job began"
    return Notice(
        text=f"{report.source}: {before or 'new'} → {verdict}{reason}, {job}",
        source=report.source,
        job=report.job or None,
        verdict=verdict,
        before=before,
        reason=report.reason,
    )


def of_worker(fault: str) -> Notice:
    """Give the notice of what keeps the worker from its work: it is of no source."""
    return Notice(text=f"worker: {fault}", source="", job=None, verdict="failed", before=None, reason=fault)


def checked(commands: tuple[str, ...], webhooks: tuple[str, ...]) -> Notifiers:
    """Give the notifiers; raises `UsageError` for an address that is none, a command that cannot be read."""
    for webhook in webhooks:
        if not webhook.startswith(_WEB) or not _has_host(webhook):
            raise UsageError(f"--webhook {webhook}: an http(s) address is needed")
    for command in commands:
        try:
            if not shlex.split(command):
                raise ValueError("it is empty")
        except ValueError as error:
            raise UsageError(f"--notify {command!r}: {error}") from None
    return (*commands, *webhooks)


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def send(notifier: str, line: str) -> None:
    """Give a notice to a command, on its standard input, or to a webhook by POST; raises `NoticeError`.

    The address is the operator's own and may be private, unlike those that portals name.
    """
    try:
        if notifier.startswith(_WEB):
            request = urllib.request.Request(notifier, line.encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=_SECONDS):
                return
        _run(shlex.split(notifier), line.encode() + b"\n")
    except subprocess.TimeoutExpired:
        raise NoticeError(f"{_shown(notifier)}: took longer than {_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        raise NoticeError(f"{_shown(notifier)}: ended with exit code {error.returncode}") from None
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        code = f"HTTP {error.code} " if isinstance(error, urllib.error.HTTPError) else ""
        raise NoticeError(f"{_shown(notifier)}: {code}{why}") from None


def _run(command: list[str], given: bytes) -> None:
    # A session of its own, so that what a command that hangs has started ends with it.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        try:
            process.communicate(given, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _shown(notifier: str) -> str:
    """The notifier without what may be secret: webhooks have their keys in the path, commands in the arguments."""
    if notifier.startswith(_WEB):
        return f"--webhook {urlsplit(notifier).scheme}://{urlsplit(notifier).hostname}/…"
    return f"--notify {shlex.split(notifier)[0]}"
