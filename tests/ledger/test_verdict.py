from __future__ import annotations

import pytest

from harvester.ledger import Counts, Ending, Expected
from harvester.ledger.verdict import Facts, judge


def counts(seen: int, *, failed: int = 0, rejected: int = 0, duplicate: int = 0) -> Counts:
    return Counts(
        listed=seen + failed,
        seen=seen,
        created=seen - rejected - duplicate,
        rejected=rejected,
        duplicate=duplicate,
        failed=failed,
    )


def facts(**changed: object) -> Facts:
    usual = Facts(
        full=True,
        limited=False,
        listing_ended=True,
        declared_total=None,
        counts=counts(100),
        ending=Ending(),
        expected=Expected(),
        live_before=100,
    )
    return usual._replace(**changed)


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"),
    [
        ({}, "complete", ""),
        ({"full": False}, "complete", ""),
        ({"full": False, "counts": counts(0)}, "complete", ""),
        ({"ending": Ending(reason="blocked")}, "partial", "blocked"),
        ({"ending": Ending(reason="blocked"), "counts": counts(0)}, "failed", "blocked"),
        ({"ending": Ending(reason="login page"), "counts": counts(0, failed=3)}, "failed", "login page"),
        ({"listing_ended": False}, "partial", "interrupted"),
        ({"listing_ended": False, "counts": counts(0)}, "failed", "interrupted"),
        ({"listing_ended": False, "ending": Ending(lost_requests=1)}, "partial", "lost requests"),
        ({"ending": Ending(lost_requests=1)}, "partial", "lost requests"),
        ({"ending": Ending(lost_requests=1), "counts": counts(0)}, "failed", "lost requests"),
        ({"limited": True}, "partial", "limit"),
        ({"declared_total": 101}, "complete", ""),
        ({"declared_total": 102}, "partial", "total not met"),
        ({"declared_total": 90}, "complete", ""),
        ({"declared_total": 100, "counts": counts(100, duplicate=2)}, "partial", "total not met"),
        ({"declared_total": 100, "counts": counts(95, failed=5)}, "partial", "lost requests"),
        ({"declared_total": 100, "counts": counts(99, failed=1)}, "complete", ""),
        ({"declared_total": 50, "counts": counts(0)}, "failed", "total not met"),
        ({"counts": counts(98, failed=2)}, "partial", "lost requests"),
        ({"pending": 1}, "partial", "lost requests"),
        ({"lost_details": 1}, "partial", "lost requests"),
        ({"counts": counts(0)}, "held", "empty"),
        ({"counts": counts(0), "live_before": 0}, "held", "empty"),
        ({"counts": counts(0), "ending": Ending(reason="empty")}, "held", "empty"),
        ({"counts": counts(0), "ending": Ending(reason="empty"), "listing_ended": False}, "failed", "empty"),
        ({"absent": 20}, "complete", ""),
        ({"absent": 21}, "held", "suspicious drop"),
        ({"absent": 1, "expected": Expected(max_drop=0.0)}, "held", "suspicious drop"),
        ({"absent": 100, "expected": Expected(max_drop=1.0)}, "complete", ""),
        ({"counts": counts(10, rejected=9)}, "complete", ""),
        ({"counts": counts(10, rejected=10)}, "complete", ""),
        ({"counts": counts(10, rejected=10), "live_before": 0}, "partial", "layout changed"),
        ({"counts": counts(10, rejected=10), "relapsed": 1}, "held", "layout changed"),
        ({"collapsed": True}, "held", "layout changed"),
        ({"collapsed": True, "full": False}, "held", "layout changed"),
        ({"collapsed": True, "absent": 100}, "held", "layout changed"),
        ({"collapsed": True, "limited": True}, "partial", "limit"),
        ({"collapsed": True, "ending": Ending(reason="blocked")}, "partial", "blocked"),
        ({"counts": counts(10, rejected=9), "relapsed": 9}, "complete", ""),
        ({"counts": counts(10, duplicate=2), "ambiguous": 2}, "complete", ""),
        ({"counts": counts(10, duplicate=9), "ambiguous": 3}, "partial", "ambiguous identifiers"),
        ({"counts": counts(100, duplicate=19), "ambiguous": 19}, "complete", ""),
        ({"counts": counts(100, duplicate=20), "ambiguous": 20}, "partial", "ambiguous identifiers"),
    ],
)
def test_verdicts(changed: dict[str, object], verdict: str, reason: str) -> None:
    assert judge(facts(**changed)) == (verdict, reason)
