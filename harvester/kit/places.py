"""Where fixtures are kept: in a checkout with its tests, elsewhere in the folder that the author works in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harvester import config
from harvester.errors import UsageError

_CHECKOUT = Path(__file__).parent.parent.parent


def fixtures_folder(settings: config.Settings, given: Path | None) -> Path:
    """The folder that holds a folder for each source: the one that was `given`; ``tests/fixtures`` of a checkout whose
    own configuration is used; else ``./fixtures``.
    """
    if given is not None:
        return given
    tests = _CHECKOUT / "tests"
    own = settings.config == _CHECKOUT / "config" and tests.is_dir()
    return tests / "fixtures" if own else Path("fixtures")


def must_be_writable(folder: Path) -> None:
    """Raise `UsageError` where a fixture's folder cannot be made or written; nothing is left there."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        said = f"{folder}: no fixture can be written here: {there}: {error.strerror}"
        raise UsageError(f"{said}; --into names the folder of fixtures") from None
