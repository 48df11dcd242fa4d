"""When a work was composed, as catalogues write it: a year, a span of years, or nothing that can be relied on."""

from __future__ import annotations

import re

CENTURY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.)\s*-?\s*(?:c\b|cent|jh|jahrh)", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
DECADE = re.compile(r"(?<!\d)(1\d{2}0|20\d0)(?:'?s|er)\b")
SHORT_END = re.compile(r"(?<!\d)(1\d{3}|20\d{2})\s*[-–—/]\s*(\d{2})(?![\d-])")
FROM = re.compile(r"^\s*(?:after|post|nach|ab|since|>)", re.IGNORECASE)
TO = re.compile(r"^\s*(?:before|by|until|ante|vor|bis|<)", re.IGNORECASE)

Years = tuple[int | None, int | None]
UNDATED: Years = (None, None)


def years_of(text: str) -> Years:
    """The first and the last year that a date allows; ``(None, None)`` where there is none that can be read.

    An open side is None: a work ``after 1850`` has no last year, so that it counts as earlier than nothing. Of
    ``1847-03-02`` the year counts, of ``c. 1780`` the year as it is written.

    >>> years_of("1847-03-02"), years_of("1690–1720"), years_of("1780s"), years_of("18th century")
    ((1847, 1847), (1690, 1720), (1780, 1789), (1701, 1800))
    >>> years_of("before 1750"), years_of("after 1750"), years_of("1847/48"), years_of("unknown")
    ((None, 1750), (1750, None), (1847, 1848), (None, None))
    """
    spans = [(100 * int(n) - 99, 100 * int(n)) for n in CENTURY.findall(text) if 10 <= int(n) <= 21]
    spans += [(int(year), int(year)) for year in YEAR.findall(text)]
    spans += [(int(year), int(year) + 9) for year in DECADE.findall(text)]
    for first, last in SHORT_END.findall(text):
        if int(last) > int(first) % 100:
            spans.append((int(first), int(first) // 100 * 100 + int(last)))
    if not spans:
        return UNDATED
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    if FROM.match(text):
        return low, None
    return (None, high) if TO.match(text) else (low, high)


def is_before(years: Years, year: int) -> bool:
    """Whether a work is surely earlier: its last year is.

    >>> is_before((1790, 1810), 1800), is_before((None, 1750), 1800)
    (False, True)
    """
    return years[1] is not None and years[1] < year
