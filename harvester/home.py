"""The folder in which an installation keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

from harvester.config import Settings
from harvester.errors import ConfigurationError


def have(settings: Settings) -> None:
    """Make the home where there is none.

    Raises `ConfigurationError` where nothing can be written into it, OSError where it cannot be made.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    if not is_writable(settings.home):
        raise ConfigurationError(
            f"{settings.home}: this folder cannot be written, and ledger, index, logs and downloads are kept in it: "
            "let this user write it, or name another one with --home or DATAMOA_HOME"
        )


def is_writable(home: Path) -> bool:
    """Whether it is a folder in which this user can make files."""
    return home.is_dir() and os.access(home, os.W_OK | os.X_OK)
