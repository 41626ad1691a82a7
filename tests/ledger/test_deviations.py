"""One table: profiles of a job and of the usual one → what is named, and whether it holds the job."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from harvester.ledger.drift import collapsed, deviations
from harvester.ledger.profile import Profile, Seen, Tally, profile_json, profile_of


def profile(records: int, now: dict[str, int], before: dict[str, int] | None = None, **more: Any) -> Profile:
    """All records known before, with what they had `before` (None: the same)."""
    known = more.pop("known", records)
    return Profile(
        records=records,
        found=more.pop("found", now),
        covered=now,
        known=known,
        had=now if before is None else before,
        kept=more.pop("kept", now),
        mapped=known,
        mapped_had=now if before is None else before,
        mapped_kept=now,
        **more,
    )


USUAL = profile(1000, {"title": 1000, "license": 930, "theme": 150, "modified": 500}, unread={"old": 1000}, rejected=10)


@pytest.mark.parametrize(
    ("now", "named"),
    [
        pytest.param(USUAL, [], id="as usual"),
        pytest.param(
            profile(1000, {"license": 930, "modified": 500, "theme": 150}, dict(USUAL.covered), rejected=1000),
            ["title: 100 % → 0 %!", "rejected: 1 % → 100 %"],
            id="title lost, all rejected",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "modified": 500, "theme": 150}, dict(USUAL.covered)),
            ["license: 93 % → 0 %!"],
            id="licence lost",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "modified": 500}, dict(USUAL.covered)), ["license: 93 % → 0 %!"], id="rare"
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 500, "modified": 500}, dict(USUAL.covered)),
            ["license: 93 % → 50 %"],
            id="half lost is told, not held",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 464, "modified": 500}, dict(USUAL.covered)),
            ["license: 93 % → 46 %!"],
            id="more than half",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 800, "modified": 490}, dict(USUAL.covered)), [], id="a few"
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 930}, dict(USUAL.covered), found={"modified": 500}),
            ["modified: 50 % → 0 %, found but not readable any more!"],
            id="found, but in another form",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 930, "modified": 500}, known=0, before={}, kept={}),
            [],
            id="all records are new",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "modified": 500}, known=0, before={}, kept={}),
            ["license: 93 % → 0 %"],
            id="all records are new, without licence",
        ),
        pytest.param(profile(4, {"title": 4}, {"title": 4, "license": 4}), ["license: 100 % → 0 %!"], id="all of few"),
        pytest.param(profile(4, {"title": 4, "license": 1}, {"title": 4, "license": 4}), [], id="too few to say"),
        pytest.param(profile(2, {"title": 2}, {"title": 2, "license": 2}), [], id="both of two"),
        pytest.param(profile(5, {"title": 5}, {"title": 5, "license": 5}), ["license: 100 % → 0 %!"], id="five"),
        pytest.param(
            profile(700, {"title": 700, "license": 651, "modified": 350}), ["records: 100 % → 70 %"], id="fewer"
        ),
        pytest.param(profile(800, {"title": 800, "license": 744, "modified": 400}), [], id="a little fewer"),
        pytest.param(
            profile(2500, {"title": 2500, "license": 2325, "modified": 1250}),
            ["records: 100 % → 250 %"],
            id="many more",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 930, "modified": 500}, rejected=100),
            ["rejected: 1 % → 10 %"],
            id="more are rejected",
        ),
        pytest.param(
            profile(1000, {"title": 1000, "license": 930, "modified": 500}, rejected=14), [], id="a few more rejected"
        ),
        pytest.param(
            replace(profile(1008, {"title": 1008, "license": 937, "modified": 500}), new=8, new_covered={"title": 8}),
            ["license of new records: 93 % → 0 %"],
            id="what is new has no licence",
        ),
        pytest.param(Profile(), [], id="nothing was met"),
    ],
)
def test_what_is_named(now: Profile, named: list[str]) -> None:
    """An exclamation mark: it holds the job."""
    told = [f"{one}{'!' * one.structural}" for one in deviations(now, USUAL, live=now.records, whole=now.records > 5)]
    assert told == named
    assert {one.split(":")[0] for one in named if one.endswith("!")} == set(collapsed(now, now.records))


def test_where_it_was_looked_for_and_where_it_may_be_now() -> None:
    now = profile(100, {}, {"title": 100}, unread={"old": 100, "heading": 100, "name": 40, "odd": 2})
    usual = profile(100, {"title": 100}, unread={"old": 100})
    (one,) = deviations(now, usual, expressions={"title": ("dl dt a", "h3")})
    assert str(one) == "title: 100 % → 0 % at `dl dt a` or `h3`; candidates: heading, name"


def test_a_property_speaks_for_its_parts_and_a_key_for_itself() -> None:
    before = {
        "contact_point": 100, "contact_point.email": 90, "temporal": 100, "temporal.end": 100, "additional": 100,
        "additional.부서": 100, "additional.비고": 60, "title": 100, "title at `dl dt a`": 100,
    }  # fmt: skip
    now = {"temporal": 100, "title": 100, "additional": 5, "title at `h3`": 100}
    told = [str(one) for one in deviations(profile(100, now, before), profile(100, before))]
    assert told == [
        "contact_point: 100 % → 0 %",
        "temporal.end: 100 % → 0 %",
        "additional.부서: 100 % → 0 %",
        "additional.비고: 60 % → 0 %",
        "title at `dl dt a`: 100 % → 0 %",
    ]


def test_a_lost_part_is_named_where_the_whole_is_lost_by_some_only() -> None:
    before = {"contact_point": 100, "contact_point.telephone": 100}
    told = deviations(profile(100, {"contact_point": 60}, before), profile(100, before))
    assert [f"{one}{'!' * one.structural}" for one in told] == [
        "contact_point.telephone: 100 % → 0 %!",
        "contact_point: 100 % → 60 %",
    ]


def test_an_expression_that_the_member_file_has_no_more_is_not_missed() -> None:
    before, now = {"title": 100, "title at `h1`": 100}, {"title": 100, "title at `h1 || h2`": 100}
    assert deviations(profile(100, now, before), profile(100, before), expressions={"title": ("h1 || h2",)}) == ()


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ((), "theme: 100 % → 0 %; the member file no longer looks at `cat`"),
        (("cats[0]",), "theme: 100 % → 0 % at `cats[0]`; the member file no longer looks at `cat`"),
        (("cat",), "theme: 100 % → 0 % at `cat`"),
    ],
)
def test_what_is_lost_because_the_member_file_has_changed_says_so(rules: tuple[str, ...], told: str) -> None:
    before = {"title": 100, "title at `name`": 100, "theme": 100, "theme at `cat`": 98, "theme at `kind`": 2}
    now = profile(100, {"title": 100, "title at `name`": 100}, before)
    (one, *_) = deviations(now, profile(100, before), expressions={"title": ("name",), "theme": rules})
    assert (str(one), one.structural) == (told, True)


@pytest.mark.parametrize(
    ("live", "met", "holds"),
    [
        (6, 6, True),
        (100, 6, True),
        (120, 6, False),
        (200, 12, True),
        (10**6, 29, False),
        (10**6, 31, True),
    ],
)
def test_few_that_a_job_met_of_many_tell_of_themselves(live: int, met: int, holds: bool) -> None:
    """An incremental job meets what was changed; all but one of these lose a key."""
    now = profile(met, {"title": met, "additional.전화": 1}, {"title": met, "additional.전화": met})
    assert bool(collapsed(now, live)) is holds
    assert [one.structural for one in deviations(now, None, live=live)] == [holds]


def test_a_place_where_nothing_is_found_any_more_is_told_and_not_held() -> None:
    before, now = {"title": 100, "title at `dl dt a`": 100}, {"title": 100, "title at `h3`": 100}
    assert collapsed(profile(100, now, before), 100) == ()
    (told,) = deviations(profile(100, now, before), profile(100, before))
    assert not told.structural


def test_the_first_job_has_nothing_to_differ_from() -> None:
    assert deviations(profile(100, {"title": 3}, {}, known=0), None) == ()


def test_a_profile_is_stored_whole() -> None:
    assert profile_of(profile_json(USUAL)) == USUAL
    assert profile_of(None) == Profile()


def test_what_is_counted_anew_counts_once() -> None:
    first = Tally()
    first.add(Seen(3, 1, None, mapped=True, rejected=False))
    first.add(Seen(7, 7, 7, mapped=False, rejected=False))
    before = first.after(Profile())
    assert (before.records, before.known, dict(before.covered)) == (2, 1, {"title": 2, "description": 1, "keyword": 1})
    again = Tally()
    again.take_out(Seen(7, 7, 7, mapped=False, rejected=False))
    again.add(Seen(7, 5, 7, mapped=True, rejected=True))
    after = again.after(before)
    assert (after.records, after.rejected, after.known, after.mapped) == (2, 1, 1, 1)
    assert dict(after.had) == {"title": 1, "description": 1, "keyword": 1}
    assert dict(after.kept) == {"title": 1, "keyword": 1}
