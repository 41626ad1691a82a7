"""One short file for each harvest source that no protocol fits; empty while every source is data."""
