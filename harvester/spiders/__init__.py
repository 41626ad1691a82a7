"""Spiders of portals that no protocol fits: what they are built on. Each is a short file in ``spiders/`` of a
configuration folder, so that one can be added without touching the program.
"""

from harvester.spiders.paged import Fields, PagedSpider

__all__ = ["Fields", "PagedSpider"]
