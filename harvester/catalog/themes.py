"""Which theme a portal means: the EU's, one of data.go.kr's categories, a branch of the function tree (BRM)."""

from __future__ import annotations

from harvester.catalog.model import Concept
from harvester.catalog.names import clean_address, codes_by_name, last_step, name_key
from harvester.catalog.tables import Themes
from harvester.catalog.text import to_line
from harvester.catalog.urls import is_web_address

EU_THEME, DATAGOKR_THEME, BRM_THEME = "eu", "datagokr", "brm"
"""Schemes of themes."""

_EU = "http://publications.europa.eu/resource/authority/data-theme"


class ThemeRegister:
    """The themes of ``themes.yml``."""

    def __init__(self, themes: Themes) -> None:
        self._table = themes
        self._eu = codes_by_name((code, (label.en,)) for code, label in themes.eu.items())
        self._datagokr = {name_key(name): name for name in themes.datagokr}
        self._brm = {name_key(name): name for name in themes.brm}
        self._brm_areas = {name_key(area): name for area, name in themes.brm_areas.items()}

    def find(
        self, source: str, uri: str | None = None, scheme: str | None = None, code: str | None = None
    ) -> tuple[Concept, ...]:
        """Give the theme itself and, where a table leads there, the EU themes it falls in."""
        uri = clean_address(uri)
        text = to_line(source) or uri or clean_address(code) or ""
        for value in filter(None, (code, uri, text)):
            name = last_step(value)
            may_be_eu = scheme in (None, EU_THEME) and ("//" not in value or "/data-theme/" in value)
            if may_be_eu and (theme := self._eu.get(name_key(name))):
                return (_eu_theme(text, theme),)
            if korean := self._korean_theme(text, name, scheme):
                return korean
        return (Concept(source=text, uri=uri if uri and is_web_address(uri) else None, scheme=scheme),)

    def _korean_theme(self, source: str, name: str, scheme: str | None) -> tuple[Concept, ...]:
        """Give the category, the branch of the function tree, or both, with their EU themes; () for neither."""
        if scheme == EU_THEME:
            return ()
        top, _, area = (name_key(level) for level in name.partition(" - "))
        branch = self._brm.get(top) if scheme == BRM_THEME else None
        branch = branch or (self._brm_areas.get(area) if scheme != DATAGOKR_THEME else None)
        category = self._datagokr.get(top) if scheme != BRM_THEME or not branch else None
        if not category and not branch and scheme is None:
            branch = self._brm.get(top)
        found = [Concept(source=source, code=category, scheme=DATAGOKR_THEME)] if category else []
        found += [Concept(source=source, code=branch, scheme=BRM_THEME)] if branch else []
        eu = (*self._table.datagokr.get(category or "", ()), *self._table.brm.get(branch or "", ()))
        return (*found, *(_eu_theme(source, theme) for theme in dict.fromkeys(eu)))


def _eu_theme(source: str, code: str) -> Concept:
    return Concept(source=source, code=code, uri=f"{_EU}/{code}", scheme=EU_THEME)
