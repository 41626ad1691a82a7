"""Measurements that anyone can rerun; each prints machine, corpus and command."""
