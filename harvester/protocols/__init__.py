"""How to page through a source: one module a protocol, yielding pages and nothing else."""
