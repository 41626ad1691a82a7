"""What a finished job may call itself, and why. Pure."""

from __future__ import annotations

from typing import NamedTuple

from harvester.ledger.types import Counts, Ending, Expected, Verdict

BLOCKED = "blocked"
ROBOTS = "robots"
LOGIN_PAGE = "login page"
ERROR_INSIDE_200 = "error inside 200"
LAYOUT_CHANGED = "layout changed"
EMPTY = "empty"
SUSPICIOUS_DROP = "suspicious drop"
TIMEOUT = "timeout"
LIMIT = "limit"
NOT_FOUND = "not found"
SERVER_ERROR = "server error"
UNREADABLE_ANSWER = "unreadable answer"
ENDLESS_PAGING = "endless paging"
INTERRUPTED = "interrupted"
LOST_REQUESTS = "lost requests"
TOTAL_NOT_MET = "total not met"
AMBIGUOUS_IDENTIFIERS = "ambiguous identifiers"
SUPERSEDED = "superseded"

ANSWERED = frozenset({NOT_FOUND, UNREADABLE_ANSWER, ERROR_INSIDE_200, LAYOUT_CHANGED, EMPTY, LIMIT})
"""Issue codes of a part that could not be had although the portal did answer: no request was lost."""

_TOLERANCE = 0.01
"""Share of a listing that may be missing: portals change while they are read."""
_AMBIGUOUS = 0.2
"""Share of a listing that may have the identifier of another entry and other contents: feeds repeat some."""
_FEWEST_AMBIGUOUS = 3


class Judgement(NamedTuple):
    """A verdict with its reason (empty for most complete jobs)."""

    verdict: Verdict
    reason: str


class Facts(NamedTuple):
    """What a verdict is made from.

    `pending` are records whose details nobody asked for, `live_before` the datasets of the source when the job began,
    `absent` those of them that a full job did not meet, `relapsed` live datasets whose record it rejected. `collapsed`:
    nearly all records lost a property that they had (`harvester.ledger.drift`). `ambiguous` are entries that have the
    identifier of another and other contents.
    """

    full: bool
    limited: bool
    listing_ended: bool
    declared_total: int | None
    counts: Counts
    ending: Ending
    expected: Expected
    pending: int = 0
    lost_details: int = 0
    live_before: int = 0
    absent: int = 0
    relapsed: int = 0
    collapsed: bool = False
    ambiguous: int = 0


def explained(judgement: Judgement, facts: Facts) -> str:
    """The sentence behind a reason, where it is not the crawl that knows it."""
    if judgement.reason == AMBIGUOUS_IDENTIFIERS:
        entries = f"{facts.ambiguous:,} of {facts.counts.seen:,} entries"
        return f"{entries} have the identifier of another and other contents: does `identifier` name what they share?"
    return facts.ending.detail


def judge(facts: Facts) -> Judgement:
    """The verdict of a job that ended.

    Complete: the listing ended where the protocol says, the declared total was met within 1 % (records met twice count
    once: offset paging that shows one twice has skipped another), no request was lost, and identifiers tell the entries
    apart. A detail that the portal
    answered but that could not be used (`ANSWERED`) leaves its issue and nothing more; one that was given up is a lost
    request. Held: all that, but a full job found nothing, or misses more than `max_drop` of the live datasets; or the
    layout has changed: records lost what they had, or a full job could not read a single one that was read before.
    """
    counts, ending = facts.counts, facts.ending
    unfinished: Verdict = "partial" if counts.seen else "failed"
    distinct = counts.seen - counts.duplicate
    if ending.reason is not None and ending.reason != EMPTY:
        return Judgement(unfinished, ending.reason)
    if facts.limited:
        return Judgement("partial", LIMIT)
    if ending.lost_requests:
        return Judgement(unfinished, LOST_REQUESTS)
    if not facts.listing_ended:
        return Judgement(unfinished, ending.reason or INTERRUPTED)
    if facts.declared_total is not None and distinct < facts.declared_total * (1 - _TOLERANCE):
        lost_explain_it = distinct + counts.failed >= facts.declared_total * (1 - _TOLERANCE)
        return Judgement(unfinished, LOST_REQUESTS if lost_explain_it else TOTAL_NOT_MET)
    if counts.failed > counts.listed * _TOLERANCE or facts.pending or facts.lost_details:
        return Judgement(unfinished, LOST_REQUESTS)
    if facts.ambiguous >= max(_FEWEST_AMBIGUOUS, _AMBIGUOUS * counts.seen):
        return Judgement("partial", AMBIGUOUS_IDENTIFIERS)  # what the ledger holds is not what was listed
    if facts.full and not counts.seen:
        return Judgement("held", EMPTY)
    if facts.collapsed or (facts.full and facts.relapsed and counts.rejected == distinct):
        return Judgement("held", LAYOUT_CHANGED)
    if not facts.full:
        return Judgement("complete", "")
    if counts.rejected == distinct and not facts.live_before:
        return Judgement("partial", LAYOUT_CHANGED)  # a source that never gave anything usable is not complete
    if facts.absent > facts.expected.max_drop * facts.live_before:
        return Judgement("held", SUSPICIOUS_DROP)
    return Judgement("complete", "")
