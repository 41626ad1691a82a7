"""What a job's records show, counted as they are committed. Pure.

A profile grows with each transaction of its job and is stored with it, so it is exact wherever the job is broken off
and taken up again; records that have not changed are counted by what is stored of them, without being mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from harvester.catalog import coverage


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbers of records a property or trait: before normalising (`found`) and after (`covered`), of a job's `records`.

    Of those that an earlier job had covered, and whose parts are of this job (`known`): how many `had` each property
    before this job and have it now (`kept`, or gained it). The same for those among them that this job mapped:
    `mapped`, `mapped_had`, `mapped_kept`. Of those that no job had covered: `new`, `new_covered`.
    `unread` counts payload fields that no mapping reads, over the whole source, when the job ended.
    """

    records: int = 0
    rejected: int = 0
    found: Mapping[str, int] = {}
    covered: Mapping[str, int] = {}
    known: int = 0
    had: Mapping[str, int] = {}
    kept: Mapping[str, int] = {}
    mapped: int = 0
    mapped_had: Mapping[str, int] = {}
    mapped_kept: Mapping[str, int] = {}
    new: int = 0
    new_covered: Mapping[str, int] = {}
    unread: Mapping[str, int] = {}


_DECODER = msgspec.json.Decoder(Profile)
_ENCODER = msgspec.json.Encoder(order="sorted")


def profile_of(stored: str | None) -> Profile:
    """The stored profile of a job."""
    return Profile() if stored is None else _DECODER.decode(stored)


def profile_json(profile: Profile) -> str:
    """A profile as it is stored."""
    return _ENCODER.encode(profile).decode()


class Seen(msgspec.Struct, frozen=True):
    """What one record adds to the profile of a job: its coverage now, before this job (None: not known), each with its
    traits, and whether this job mapped it.
    """

    found: int
    covered: int
    before: int | None
    mapped: bool
    rejected: bool


class Tally:
    """What the records of one transaction add to the profile of its job; some are taken out to be counted anew.

    `traits` are the source's, by their bit.
    """

    def __init__(self, traits: Sequence[str] = ()) -> None:
        self._traits = traits
        self._added: list[Seen] = []
        self._taken: list[Seen] = []

    def add(self, seen: Seen) -> None:
        """Count a record."""
        self._added.append(seen)

    def take_out(self, seen: Seen) -> None:
        """Forget what the job counted for a record before."""
        self._taken.append(seen)

    def after(self, profile: Profile) -> Profile:
        """The profile with these records."""
        return _moved(_moved(profile, self._added, 1, self._traits), self._taken, -1, self._traits)


def _moved(profile: Profile, seen: list[Seen], sign: int, traits: Sequence[str]) -> Profile:
    if not seen:
        return profile
    known = [one for one in seen if one.before is not None]
    mapped = [one for one in known if one.mapped]
    new = [one for one in seen if one.before is None and one.mapped]

    def moved(counts: Mapping[str, int], numbers: list[int]) -> Mapping[str, int]:
        more = coverage.count(numbers, traits)
        sums = {name: counts.get(name, 0) + sign * more.get(name, 0) for name in {*counts, *more}}
        return {name: number for name, number in sums.items() if number}

    return Profile(
        records=profile.records + sign * len(seen),
        rejected=profile.rejected + sign * sum(one.rejected for one in seen),
        found=moved(profile.found, [one.found for one in seen]),
        covered=moved(profile.covered, [one.covered for one in seen]),
        known=profile.known + sign * len(known),
        had=moved(profile.had, [one.before or 0 for one in known]),
        kept=moved(profile.kept, [one.covered for one in known]),
        mapped=profile.mapped + sign * len(mapped),
        mapped_had=moved(profile.mapped_had, [one.before or 0 for one in mapped]),
        mapped_kept=moved(profile.mapped_kept, [one.covered for one in mapped]),
        new=profile.new + sign * len(new),
        new_covered=moved(profile.new_covered, [one.covered for one in new]),
        unread=profile.unread,
    )
