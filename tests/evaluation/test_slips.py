"""How the question sets distort a text."""

from __future__ import annotations

import random

from benchmarks.search_sets import slips


def test_a_keyboard_left_in_latin() -> None:
    assert slips.latin_keyboard("공공데이터") == "rhdrhdepdlxj"
    assert slips.latin_keyboard("닭의 뿔 PM10") == "ekfrdml Qnf PM10"


def test_initials() -> None:
    assert slips.initials("미세먼지 CCTV") == "ㅁㅅㅁㅈ CCTV"


def test_one_jamo_differs() -> None:
    for seed in range(50):
        made = slips.wrong_jamo("교통사고 AI", random.Random(seed))
        differing = [
            sum(mine != its for mine, its in zip(slips.parts(before), slips.parts(after), strict=True))
            for before, after in zip("교통사고", made, strict=False)
        ]
        assert sum(differing) == 1
        assert made.endswith(" AI")
    assert slips.wrong_jamo("AI", random.Random(1)) == "AI"


def test_particles_agree_with_the_last_letter() -> None:
    made = {slips.with_particles(["주차장", "버스"], random.Random(seed)) for seed in range(40)}
    assert any(each.startswith("주차장을 ") for each in made)
    assert not any("주차장를" in each or "버스을" in each for each in made)


def test_spaces_come_and_go() -> None:
    assert slips.split(["버스", "정류장"], random.Random(3)).replace(" ", "") == "버스정류장"
    assert slips.random_spaces("버스 정류장", random.Random(3)).replace(" ", "") == "버스정류장"
    assert slips.word_dropped("버스 정류장", random.Random(3)) in ("버스", "정류장")
