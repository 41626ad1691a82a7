"""Where a rule that finds nothing may be meant to point: what stands in the rows instead, most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from lxml import etree

from harvester.mapping.html_page import Element

_SHOWN = 3
_ROWS = 50
_ELEMENTS = 400
_REPEATED = ("tr", "li", "dl", "article", "div")


def within_rows(rows: Iterable[Element]) -> str:
    """Elements of rows that hold text or a link of their own, as selectors with the number of rows and an example."""
    counts: Counter[str] = Counter()
    texts: dict[str, dict[str, None]] = {}
    for row in islice(rows, _ROWS):
        met: set[str] = set()
        for number, element in enumerate(row.iter(etree.Element)):
            if number >= _ELEMENTS:
                break
            text = " ".join((element.text or "").split())
            if not text and element.tag != "a":
                continue
            selector = _selector(element, row)
            met.add(selector)
            said = text or element.get("onclick") or element.get("href") or ""
            texts.setdefault(selector, {}).setdefault(said)
        counts.update(met)

    def unlikely(selector: str) -> tuple[int, int, bool, int]:
        # What says something else in every row, is a link, and is long, is rather a title or an identifier.
        said = texts[selector]
        return -counts[selector], -len(said), not selector.rpartition(" ")[2].startswith("a"), -len(next(iter(said)))

    best = sorted(counts, key=unlikely)[:_SHOWN]
    return "; ".join(f"`{one}` ({counts[one]} rows, {next(iter(texts[one]))[:40]!r})" for one in best) or "none"


def of_rows(root: Element) -> str:
    """Elements that repeat beside each other with a link in each, as selectors with their number."""
    counts: Counter[str] = Counter()
    for link in _first(root.iter("a"), _ELEMENTS):
        for ancestor in link.iterancestors(*_REPEATED):
            parent = ancestor.getparent()
            if parent is not None and len(parent) >= 2:
                counts[f"{_name(parent)} > {_name(ancestor)}"] += 1
                break
    return "; ".join(f"`{selector}` ({number})" for selector, number in counts.most_common(_SHOWN)) or "none"


def _first(elements: Iterable[Element], most: int) -> Iterable[Element]:
    return (element for _, element in zip(range(most), elements, strict=False))


def _selector(element: Element, row: Element) -> str:
    steps = [_name(element)]
    for ancestor in element.iterancestors():
        if ancestor is row or len(steps) == 3:
            break
        steps.insert(0, _name(ancestor))
    return " ".join(steps)


def _name(element: Element) -> str:
    if identifier := element.get("id"):
        return f"{element.tag}#{identifier[:40]}"
    classes = (element.get("class") or "").split()
    return f"{element.tag}.{classes[0][:40]}" if classes else str(element.tag)
