"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def samples() -> Path:
    """Recorded answers of real portals; they live beside the checkout, not in it."""
    folder = ROOT.parent / "shared" / "portal-samples"
    if not folder.is_dir():
        pytest.skip(f"the recorded portal samples are not here ({folder})")
    return folder
