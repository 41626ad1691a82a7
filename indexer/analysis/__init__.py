"""Text into terms. Pure, and the same on every engine."""

from indexer.analysis.analyser import ANALYSIS, Analyser, joined
from indexer.analysis.letters import initial_grams, initials, jamo, letters, strokes, typed_in_hangul
from indexer.analysis.morphemes import INSIDE, Token
from indexer.analysis.normal import normal

__all__ = [
    "ANALYSIS",
    "INSIDE",
    "Analyser",
    "Token",
    "initial_grams",
    "initials",
    "jamo",
    "joined",
    "letters",
    "normal",
    "strokes",
    "typed_in_hangul",
]
