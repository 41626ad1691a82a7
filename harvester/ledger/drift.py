"""Naming what is unusual about a job's records before it breaks anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from harvester.catalog.coverage import found_at, is_place, whole_of
from harvester.ledger.profile import Profile
from harvester.ledger.types import Deviation

_COMMON = 0.2
"""Share of records that must have had a property before: what few have comes and goes."""
_FEWEST = 5
"""Records that must have lost it: fewer are edits of single records."""
_FEWEST_OF_FEW = 3
"""As many are enough where they are all datasets of the source."""
_MANY = 30
"""As many that lost it are never taken for edits, however large the source."""
_FEWEST_SHARE = 0.05
"""Share of the source's datasets that must have lost it where that is fewer than `_MANY`: a job that meets six changed
records of thousands tells of their author, not of the portal."""
_TOLD_OF = 100
"""Datasets of the largest source in which `_FEWEST` hold a job: of a larger one, so many are told and hold nothing."""
_COLLAPSED = 0.5
"""Share of those that had it; when fewer still have it, the portal's layout has changed, not its content."""
_FALLEN = 0.75
"""The same for what is only told."""
_DEVIATIONS = 4.0
"""Standard deviations by which shares of different records must differ: a chance of one to thirty thousand."""
_GROWN = 2.0
"""Times the usual number of records."""


def collapsed(profile: Profile, live: int, *, mapped: bool = False) -> tuple[str, ...]:
    """Properties that records had before this job and, nearly all of them, lost in it: the layout has changed.

    `live` is how many datasets the source had before.
    Where another expression of the member file still finds a property, it is not lost.
    `mapped`: asks it of the records that the job has mapped so far, not of all that it met.
    """
    before, known = (profile.mapped_had, profile.mapped) if mapped else (profile.had, profile.known)
    now = profile.mapped_kept if mapped else profile.kept
    fewest = max(_FEWEST, min(_MANY, _FEWEST_SHARE * live))
    fewest = max(_FEWEST_OF_FEW, min(fewest, live))
    return tuple(
        name
        for name, had in before.items()
        if had >= _COMMON * known
        and had - now.get(name, 0) >= fewest
        and now.get(name, 0) < _COLLAPSED * had
        and not is_place(name)
    )


def deviations(
    now: Profile,
    usual: Profile | None,
    *,
    live: int = 0,
    whole: bool = True,
    expressions: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Deviation, ...]:
    """What is unusual about a job, the gravest first; `usual` is the profile of the last complete full job.

    A property is compared twice: over the records that were known before (which is certain), and, for new records too,
    with the share that was usual. `live` is how many datasets the source had before. `whole`: the job met everything,
    so that its number of records says something.
    `expressions` are the member file's, by property.
    """
    found: dict[str, Deviation] = {}
    candidates = _candidates(now, usual)
    structural = collapsed(now, live)

    def name(what: str, before: float, after: float, records: int, **more: bool) -> None:
        paths = (expressions or {}).get(what, ())
        found.setdefault(
            what,
            Deviation(
                what=what,
                before=round(before, 4),
                after=round(after, 4),
                records=records,
                expressions=paths,
                candidates=candidates if what != "records" else (),
                given_up=_given_up(what, now, usual, expressions),
                **more,
            ),
        )

    if usual and usual.records and now.records:
        before, after = usual.rejected / usual.records, now.rejected / now.records
        if after > before and _differ(usual.rejected, usual.records, now.rejected, now.records):
            name("rejected", before, after, now.rejected)
        ratio = now.records / usual.records
        if whole and (ratio < _FALLEN or ratio > _GROWN) and abs(usual.records - now.records) >= _FEWEST:
            name("records", 1.0, ratio, abs(usual.records - now.records))
    for what in collapsed(now, min(live, _TOLD_OF)):
        had, kept = now.had[what], now.kept.get(what, 0)
        before = had / now.known
        unreadable = _unreadable(what, now, had - kept)
        name(what, before, kept / now.known, had - kept, structural=what in structural, unreadable=unreadable)
    for what, number in (usual.covered if usual and usual.records and now.records else {}).items():
        assert usual is not None
        before, after = number / usual.records, now.covered.get(what, 0) / now.records
        lost = round((before - after) * now.records)
        if (
            before >= _COMMON
            and after < _FALLEN * before
            and lost >= _FEWEST
            and _differ(number, usual.records, now.covered.get(what, 0), now.records)
            and not _is_looked_for_no_more(what, expressions)
        ):
            name(what, before, after, lost, unreadable=_unreadable(what, now, lost))
    for what, number in (usual.covered if usual and usual.records and now.new else {}).items():
        assert usual is not None
        before, after = number / usual.records, now.new_covered.get(what, 0) / now.new
        lost = round((before - after) * now.new)
        if before >= _COMMON and after < _COLLAPSED * before and lost >= _FEWEST and not is_place(what):
            name(what, before, after, lost, new=True)
    own = [one for one in found.values() if not _is_told_by(one, found)]
    return tuple(sorted(own, key=lambda one: (not one.structural, one.what != "rejected", -one.records)))


def _given_up(
    what: str, now: Profile, usual: Profile | None, expressions: Mapping[str, tuple[str, ...]] | None
) -> tuple[str, ...]:
    """Expressions that found a property in many records, and that the member file does not have any more."""
    before = now.had or (usual.covered if usual else {})
    return tuple(
        place.removeprefix(f"{what} at `").removesuffix("`")
        for place, number in sorted(before.items())
        if is_place(place)
        and whole_of(place) == what
        and number >= _COMMON * before.get(what, 0)
        and _is_looked_for_no_more(place, expressions)
    )


def _is_told_by(one: Deviation, named: Mapping[str, Deviation]) -> bool:
    """Whether another name says the same: a property says it of its parts and places, a key says it of all keys."""
    if one.what == "additional":
        return any(whole_of(other) == one.what and named[other].structural >= one.structural for other in named)
    whole = whole_of(one.what)
    return whole in named and whole != "additional" and named[whole].structural >= one.structural


def _is_looked_for_no_more(what: str, expressions: Mapping[str, tuple[str, ...]] | None) -> bool:
    """Whether it is the member file that has changed, and not the portal: nobody asks this expression any more."""
    if not expressions or not is_place(what):
        return False
    whole = whole_of(what)
    return what not in [found_at(whole, one) for one in expressions.get(whole, ())]


def _unreadable(what: str, now: Profile, lost: int) -> bool:
    """Whether the values of most records that lost it are still found, so that it is their form that has changed."""
    return now.found.get(what, 0) - now.covered.get(what, 0) >= _FALLEN * lost


def _differ(one: int, of_one: int, other: int, of_other: int) -> bool:
    """Whether two shares differ by more than chance would have it, and by enough records."""
    if abs(other - one / of_one * of_other) < _FEWEST:
        return False
    pooled = (one + other) / (of_one + of_other)
    error = sqrt(pooled * (1 - pooled) * (1 / of_one + 1 / of_other))
    return abs(one / of_one - other / of_other) > _DEVIATIONS * error


def _candidates(now: Profile, usual: Profile | None) -> tuple[str, ...]:
    """Fields that nobody reads and that no record had before, the most frequent first: where the values may be now."""
    before = usual.unread if usual else {}
    fewest = max(_FEWEST_OF_FEW, min(_FEWEST, now.records))
    new = [(number, field) for field, number in now.unread.items() if not before.get(field) and number >= fewest]
    return tuple(field for number, field in sorted(new, key=lambda one: (-one[0], one[1])))[:10]
