"""Weights of ranking. Change them by `datamoa evaluate`, and write the figures into docs/decisions.md.

Two kinds of weight are elsewhere: that of a text (title 4, keywords 3, …) is `boost` in `indexer.fields`, that of a
synonym is in config/search/synonyms.yml. Freshness and quality do not rank yet.
"""

from __future__ import annotations

GRAMS = 1.0
"""Letter pairs of all that was typed, in titles and keywords: they know nothing of spaces."""
WHOLE = 2.0
"""A typed word that is a whole word of a title or keyword."""
INSIDE = 1.0
"""A typed word of three or more syllables that stands somewhere inside a title, across morphemes."""
SAYS_NOTHING = 1.0
"""Words like 데이터 or 현황: they order what other words found."""
FORMAT = 20.0
"""A typed format, for documents that come in it."""

SYNONYM = 0.8
SPELLING = 0.8
WITHOUT_PARTICLE = 0.5
"""Against the same text as it was typed."""

FEW = 10
"""With fewer hits for all words, those that have most of them follow."""
COMMON = 0.03
SELDOM = 3_000
"""Terms that more documents have than this share and this number find nothing alone when words may be missing."""
ALL_WORDS = 100.0
"""Added to what has all words, so that it comes before what does not."""

KEYBOARD = 1.0
INITIALS = 0.7
COMPLETION = 0.7
AGENCY = 1.0
"""The full name of an agency for another of its names."""
ACRONYM = 0.8
IDENTIFIER = 20.0
SYLLABLE = 0.05
"""A typed word of one syllable that stands inside another word: 물 in 영상물."""

WORD_OF_SOME = 0.3
"""A typed word as a whole, where not all words were found."""
TITLE = 30.0
"""All that was typed is a title, however it is spaced."""
