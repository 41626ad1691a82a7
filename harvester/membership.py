"""The members as their files say at the moment, for a process that lasts."""

from __future__ import annotations

from pathlib import Path

from harvester import config, console
from harvester.errors import ConfigurationError
from harvester.members import HarvestSource, Member


class Membership:
    """Reads a member file again when it changes. One that has a fault meanwhile counts as it was before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, tuple[tuple[int, int], Member | None]] = {}

    def enabled(self) -> tuple[HarvestSource, ...]:
        """Every source that is not switched off, in the order of the files."""
        self._read = {file: self._of(file) for file in config.member_files(self._folder)}
        members = [member for _, member in self._read.values() if member]
        return tuple(source for member in members for source in member.sources if source.enabled)

    def _of(self, file: Path) -> tuple[tuple[int, int], Member | None]:
        known, before = self._read.get(file, ((0, 0), None))
        try:
            now = file.stat()
            if (stamp := (now.st_mtime_ns, now.st_size)) == known:
                return known, before
            known = stamp
            return stamp, config.member(file)
        except (OSError, ConfigurationError) as error:
            console.notes.print(f"{error}; until it is mended {'it counts as it was' if before else 'it is left out'}")
            return known, before
