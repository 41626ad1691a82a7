"""How well searches find what they should: questions, measures, and the comparison of two runs."""
