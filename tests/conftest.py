"""Fixtures that every room's tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

_LONGEST = ("test_walk.py", "test_children.py", "test_demo.py", "test_killing.py")


def pytest_configure() -> None:
    """Take Ctrl-C as in a terminal: what a shell starts in the background ignores it, and so would all our children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one of them at the end."""
    items.sort(key=lambda test: test.path.name not in _LONGEST)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Recorded answers of real portals; they live beside the checkout, not in it."""
    folder = ROOT.parent / "shared" / "portal-samples"
    if not folder.is_dir():
        pytest.skip(f"the recorded portal samples are not here ({folder})")
    return folder
