"""Text as a searcher should read it: Unicode NFC, no markup, no control characters, damage repaired where provable.

Every function is idempotent. Markup is taken out token by token, without building a tree: tree builders either take
quadratic time on deeply nested input or drop its text (both were measured), and only the text is wanted here.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from unicodedata import is_normalized, normalize

# Names that HTML knows. Whatever else stands in angle brackets is text: titles are written like that in Korea.
_BLOCKS = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|head|header|hr|html|legend|li|main|menu|nav|ol|option|p|pre|section|summary|table|tbody|tfoot|thead"
    "|title|tr|ul"
)
_INLINES = (
    "a|abbr|acronym|area|audio|b|base|basefont|bdi|bdo|big|button|canvas|cite|code|col|colgroup|del|dfn|em|embed|font"
    "|i|iframe|img|input|ins|kbd|label|link|map|mark|marquee|meta|nobr|noscript|object|o:p|optgroup|output|param"
    "|picture|q|s|samp|script|select|small|source|span|strike|strong|style|sub|sup|svg|td|textarea|th|tt|u|var|video|wbr"
)
# The length of attributes is bounded so that a thousand opened and never closed tags cost linear, not quadratic time.
_ATTRIBUTES = r"""(?:[\s/](?:"[^"]*+"|'[^']*+'|[^"'<>]){0,4000}+)?"""
_BLOCK = re.compile(rf"</?(?:{_BLOCKS}){_ATTRIBUTES}>", re.IGNORECASE)
_CELL = re.compile(rf"</(?:td|th){_ATTRIBUTES}>", re.IGNORECASE)
_INLINE = re.compile(rf"</?(?:{_INLINES}){_ATTRIBUTES}>", re.IGNORECASE)
_MARKUP = re.compile(rf"</?(?:{_BLOCKS}|{_INLINES})[\s/>]|<!--", re.IGNORECASE)
_UNREAD = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE))
    for opening, closing in ((r"<!--", r"-->"), (r"<script[\s>]", r"</script\s*>"), (r"<style[\s>]", r"</style\s*>"))
)
# Only references that end in a semicolon: `&copy=2` in an address is not a copyright sign.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NESTED = re.compile(r"&(?:(?:amp|#0*38|#[xX]0*26);)+", re.IGNORECASE)

# Control and format characters that say nothing; joiners (U+200C, U+200D) belong to emoji and several scripts.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")

# UTF-8 bytes read as Latin-1, and EUC-KR syllables (two or more) read as Latin-1.
# Both begin with one set of letters: Python searches such a pattern four times faster than alternatives.
_MISREAD_UTF8 = re.compile("[\xc2-\xf4][\x80-\xbf](?:(?<=[\xc2-\xdf].)|[\x80-\xbf])")
_MISREAD_EUC_KR = re.compile("[\xb0-\xc8][\xa1-\xfe][\xb0-\xc8][\xa1-\xfe]")
_MISREAD_SIGN = re.compile("[ÂÃ][\x80-\xbf]")
_REPLACED = "\ufffd"

_HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")

_TELLING = 30  # as many letters of a text tell how all of it was read
_ROUNDS = 8
_LONGEST_CACHED = 4000


def is_plain(text: str) -> bool:
    """Whether the text needs no work at all; cheap, and never true for text that `to_line` would change."""
    return (
        text.isprintable()
        and "<" not in text
        and "&" not in text
        and "  " not in text
        and text[:1] != " " != text[-1:]
        and (text.isascii() or _is_sound(text))
    )


def _is_sound(line: str) -> bool:
    """Whether printable text is in NFC and shows no sign of damage; may say no without need."""
    return (
        # Ã and Â are how misread UTF-8 shows where no control character gives it away.
        (("Ã" not in line and "Â" not in line) or not _MISREAD_SIGN.search(line))
        and _REPLACED not in line
        and is_normalized("NFC", line)
        and not _MISREAD_EUC_KR.search(line, 0, _TELLING)
    )


def _is_clean(line: str) -> bool:
    return line.isprintable() and (line.isascii() or _is_sound(line))


def to_line(text: str) -> str:
    """Give the text on one line: for titles, names and keywords."""
    return text if is_plain(text) else cleaned(text, lines=False)[0]


def to_block(text: str) -> str:
    """Give the text with its line breaks (at most one empty line in a row): for descriptions."""
    return text if is_plain(text) else cleaned(text, lines=True)[0]


def cleaned(text: str, *, lines: bool) -> tuple[str, bool]:
    """Give the text as `to_block` (`lines`) or `to_line` do, and whether `is_damaged` could be true of it."""
    if "<" not in text and "&" not in text:
        spaced = _spaced(text, lines=lines)
        if _is_clean(spaced.replace("\n", " ")):
            return spaced, False
    return _cleaned_again(text, lines) if len(text) <= _LONGEST_CACHED else _cleaned_once(text, lines)


def is_damaged(text: str) -> bool:
    """Whether characters were lost or read in the wrong encoding somewhere before the text came here."""
    if text.isascii():
        return False
    if _REPLACED in text or _MISREAD_UTF8.search(text) or _SURROGATES.search(text):
        return True
    syllables = _MISREAD_EUC_KR.search(text)
    return syllables is not None and max(syllables[0]) >= "À"  # rows of dots and degrees are no syllables


def repaired(text: str) -> str:
    """Read UTF-8 rightly that was read as Latin-1; the text stays unless all of it proves to be such text."""
    while not text.isascii() and _MISREAD_UTF8.search(text):
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text


def has_hangul(text: str) -> bool:
    """Whether any Korean letter stands in the text."""
    return not text.isascii() and _HANGUL.search(text) is not None


def _cleaned_once(text: str, lines: bool) -> tuple[str, bool]:
    for attempt in range(_ROUNDS):
        before = text
        text = _spaced(_without_markup(text), lines=lines)
        if _is_final(text):
            return text, attempt > 0
        text = normalize("NFC", _CONTROLS.sub("", repaired(_SURROGATES.sub(_REPLACED, text))))
        if text == before:
            return text, True
    # Whoever hides markup in more layers than that means mischief: take away what layers are made of.
    return _spaced(normalize("NFC", re.sub("[<&\x80-\xff]", "", text)), lines=lines), True


# Portals repeat long texts within one record and from record to record; few are remembered, so that memory stays small.
_cleaned_again = lru_cache(maxsize=512)(_cleaned_once)


def _is_final(text: str) -> bool:
    """Whether another round would change nothing; may say no without need."""
    return (
        _is_clean(text.replace("\n", " "))
        and not ("<" in text and _MARKUP.search(text))
        and not ("&" in text and (_REFERENCE.search(text) or _NESTED.search(text)))
    )


def _without_markup(text: str) -> str:
    if "<" in text and _MARKUP.search(text):
        for opening, closing in _UNREAD:
            text = _without_spans(text, opening, closing)
        text = _INLINE.sub("", _CELL.sub(" ", _BLOCK.sub("\n", text)))
    if "&" in text:
        text = _REFERENCE.sub(lambda match: html.unescape(match[0]), _NESTED.sub("&", text))
    return text


def _without_spans(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """Drop what stands between opening and closing marks; an opening that is never closed drops nothing."""
    kept: list[str] = []
    position = 0
    while (start := opening.search(text, position)) and (end := closing.search(text, start.end())):
        kept.append(text[position : start.start()])
        position = end.end()
    return "".join((*kept, text[position:])) if kept else text


def _spaced(text: str, *, lines: bool) -> str:
    if not lines or text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    for line in text.splitlines():
        if stripped := " ".join(line.split()):
            kept.append(stripped)
        elif kept and kept[-1]:
            kept.append("")
    return "\n".join(kept).strip("\n")
