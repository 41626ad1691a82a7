"""Text into terms. Pure, and the same on every engine."""

from indexer.analysis.analyser import ANALYSIS, Analyser, grams
from indexer.analysis.morphemes import Token
from indexer.analysis.normal import normal

__all__ = ["ANALYSIS", "Analyser", "Token", "grams", "normal"]
