"""The members as their files say at the moment, for a process that lasts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harvester import config, console
from harvester.errors import ConfigurationError
from harvester.members import HarvestSource, Member


class _Read(NamedTuple):
    """What a file said when it was last sound, known by its `stamp`, and what was told of a fault since."""

    stamp: tuple[int, int] | None = None
    member: Member | None = None
    told: str = ""


class Membership:
    """Reads a member file again when it changes. One that has a fault meanwhile counts as it was before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, _Read] = {}
        self._is_there = True

    def enabled(self) -> tuple[HarvestSource, ...]:
        """Every source that is not switched off, in the order of the files."""
        folder, was_there = self._folder / "members", self._is_there
        self._is_there = folder.is_dir()
        if self._is_there:
            self._read = {file: self._of(file) for file in config.member_files(self._folder)}
        elif was_there:
            console.notes.print(f"{folder}: this folder is gone; its members count as they were")
        members = [one.member for one in self._read.values() if one.member]
        return tuple(source for member in members for source in member.sources if source.enabled)

    def _of(self, file: Path) -> _Read:
        known = self._read.get(file, _Read())
        try:
            now = file.stat()
            stamp = now.st_mtime_ns, now.st_size
            return known if stamp == known.stamp else _Read(stamp, config.member(file))
        except (OSError, ConfigurationError) as error:
            # Not remembered as read: the fault may be mended in another file, a spider's for example.
            if str(error) != known.told:
                until = "it counts as it was" if known.member else "it is left out"
                console.notes.print(f"{error}; until it is mended {until}")
            return _Read(None, known.member, str(error))
