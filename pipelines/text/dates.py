"""Reads dates where an article shows one, and chooses the article's own among them.

Nothing here knows today's date: the same article gives the same answer on every day.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from schemas.article import DateCandidate, DateOrigin, Precision

FIRST_YEAR = 1700
"""The first newspapers: an earlier year is a mistake."""
LAST_YEAR = 2100
"""A later year is a mistake or a sentinel (9999). Fixed, since nothing here may read the clock."""
FAR_DAYS = 3
"""Two dates of one article further apart contradict each other: time zones move a date by one day,
and a page and its feed or a weekend's issue were seen up to two or three apart."""
FAR_YEARS = 2
"""A masthead is contradicted where the latest past year of the text lies at least so far behind it:
news speaks of its own year or, in January, of the one before."""
KAFKA_SLACK = timedelta(days=1)
"""An article may be this much younger than its Kafka record: local time sent as UTC, clocks."""
KAFKA_SINCE = datetime(2011, 1, 1, tzinfo=UTC)
"""Kafka's first year: an older record time is an unset one (0 or -1 ms) and says nothing."""
_EPOCH_SINCE = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_EPOCH_UNTIL = datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()
_LINE_CHARS = 200  # of a line that may be a date line: a longer one is searched in its head only
_VALUE_CHARS = 64  # of a field: the longest RFC 2822 date with its comment is shorter

_TRUST = {DateOrigin.MARKUP: 0, DateOrigin.PRODUCER: 1, DateOrigin.INJECTED: 2}
_FINENESS = {Precision.DAY: 0, Precision.MINUTE: 1, Precision.SECOND: 2}
_YEAR = re.compile(r"(?s:(?:19|20)\d\d(?<![\d.,]....)(?!\d|[.,]\d))")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-./])[ ]?(\d{1,2})\2[ ]?(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([-./])[ ]?(\d{1,2})\2[ ]?(\d{4})(?!\d)")
_WORD = re.compile(r"\d+|[^\W\d_]+")
_EMAIL_DATE = re.compile(r"(?:[A-Za-z]{3,9},? )?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4} \d{1,2}:\d\d")
_TIME = re.compile(r"\d[T ]\d\d:?\d\d(:?\d\d)?")


class _Names(NamedTuple):
    anywhere: Mapping[str, int]
    """Month names that mean one month in every language that has them."""
    by_language: Mapping[str, Mapping[str, int]]
    particles: frozenset[str]
    slash_is_ambiguous: frozenset[str]


def parse(value: object) -> DateCandidate | None:
    """The producer's `published_at`: a string or a number as JSON gives it; never raises.

    Read are RFC 3339 and its ISO 8601 kin, a date alone, RFC 2822, and the Unix epoch in seconds or
    milliseconds (1990 to 2100). A time without a zone is UTC. None for anything else, and for years
    outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    if isinstance(value, str):
        if value.strip().lstrip("-").replace(".", "", 1).isdecimal() and len(value.strip()) > 8:
            return _read_epoch(float(value), value) if len(value) <= _VALUE_CHARS else None
        return read_time(value, DateOrigin.PRODUCER, zone=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_epoch(value, str(value)[:_VALUE_CHARS]) if abs(value) < 1e15 else None
    return None


def read_time(text: str, origin: DateOrigin, *, zone: timezone | None) -> DateCandidate | None:
    """A date or time in a machine's notation (ISO 8601, RFC 3339, RFC 2822), or None; never raises.

    Args:
        text: the whole field.
        origin: where it stood.
        zone: the zone of a time that names none. Without one such a time is good for its day only.

    Midnight sharp is a day written as a time, and is read as that day.
    """
    text = text.strip()
    if not 8 <= len(text) <= _VALUE_CHARS:
        return None
    moment = _read_iso(text) or _read_email(text)
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    written = _TIME.search(text)
    is_day = written is None or moment.time() == time.min
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    if is_day or moment.tzinfo is None:
        return _day(moment.date(), origin, text)
    seconds = written is not None and written.group(1) is not None
    precision = Precision.SECOND if seconds else Precision.MINUTE
    return DateCandidate(moment.astimezone(UTC), precision, origin, text)


def read_day(
    line: str, *, origin: DateOrigin = DateOrigin.MASTHEAD, language: str | None = None
) -> DateCandidate | None:
    """The first day named in a line that people read, or None; never raises.

    Read are ISO days, `5.2.2026` and its kin, and days with a month's name in the languages of
    `rules/dates.toml`. A time of day beside it is not read: it names no zone.

    Args:
        line: a date line, such as `5 Февруари, 2026` or ` date 2025-08-13 `.
        origin: `MASTHEAD` or `INJECTED`.
        language: the line's language, if it is known: only then are `05/02/2026` and a month's name
            that differs between languages read, where that language makes them plain.
    """
    line = line.strip()[:_LINE_CHARS]
    found = _read_numbers(line, language) or _read_names(line, language)
    return None if found is None else _day(found, origin, line)


def choose(candidates: Sequence[DateCandidate], text: str) -> tuple[DateCandidate | None, bool]:
    """The article's date among the candidates, and whether the clues contradict each other.

    Args:
        candidates: what was found, of every origin; of one origin, the best first.
        text: the clean text, without the lines that the candidates were read from.

    Returns:
        The candidate of the most trusted origin (`DateOrigin`), in the finest precision that another
        one on the same day gives; and the conflict flag. A masthead is chosen only where nothing
        better is there and no other clue stands far from it, since on a crawled page it is the day
        of the crawl; contradicted, it leaves no date at all. A date that lies after the record's
        entry into Kafka is impossible: it is passed over, and flagged.
    """
    recorded = [c.value for c in candidates if c.origin is DateOrigin.KAFKA and c.value >= KAFKA_SINCE]
    strong = sorted((c for c in candidates if c.origin in _TRUST), key=lambda c: _TRUST[c.origin])
    mastheads = [c for c in candidates if c.origin is DateOrigin.MASTHEAD]
    possible = [c for c in strong if all(c.value <= moment + KAFKA_SLACK for moment in recorded)]
    if strong:
        if not possible:
            return None, True
        best = possible[0]
        contradicted = any(_apart_days(best, other) > FAR_DAYS for other in (*strong, *mastheads))
        for other in possible:
            if _FINENESS[other.precision] > _FINENESS[best.precision] and _apart_days(best, other) <= 1:
                best = other
        return best, contradicted or len(possible) < len(strong)
    if not mastheads:
        return None, False
    masthead = mastheads[0]
    contradicted = (
        any(_apart_days(masthead, other) > FAR_DAYS for other in mastheads)
        or any(abs((moment.date() - masthead.value.date()).days) > FAR_DAYS for moment in recorded)
        or _is_far_from_text(masthead, text)
    )
    return (None, True) if contradicted else (masthead, False)


def _is_far_from_text(masthead: DateCandidate, text: str) -> bool:
    years = [int(year) for year in _YEAR.findall(text)]
    past = [year for year in years if year <= masthead.value.year]
    return bool(past) and masthead.value.year - max(past) >= FAR_YEARS


def _apart_days(one: DateCandidate, other: DateCandidate) -> int:
    return abs((one.value.date() - other.value.date()).days)


def _day(day: date, origin: DateOrigin, text: str) -> DateCandidate:
    return DateCandidate(datetime(day.year, day.month, day.day, tzinfo=UTC), Precision.DAY, origin, text)


def _read_epoch(number: float, text: str) -> DateCandidate | None:
    for seconds in (number, number / 1000):
        if _EPOCH_SINCE <= seconds < _EPOCH_UNTIL:
            moment = datetime.fromtimestamp(seconds, UTC)
            return DateCandidate(moment, Precision.SECOND, DateOrigin.PRODUCER, text)
    return None


def _read_iso(text: str) -> datetime | None:
    text = text.removesuffix(" UTC").removesuffix(" GMT") + "Z" if text.endswith((" UTC", " GMT")) else text
    try:
        return datetime.fromisoformat(text.upper().replace(" +", "+").replace(" Z", "Z"))
    except ValueError:
        return None


def _read_email(text: str) -> datetime | None:
    if _EMAIL_DATE.match(text) is None:
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _read_numbers(line: str, language: str | None) -> date | None:
    if match := _YEAR_FIRST.search(line):
        year, _, month, day = match.groups()
        return _valid(int(year), int(month), int(day))
    if match := _DAY_FIRST.search(line):
        first, separator, second, year = match.groups()
        day, month = int(first), int(second)
        plain = separator == "." or day > 12 or day == month
        if not plain and (language is None or language in _names().slash_is_ambiguous):
            # 2/13/2026 can only be read one way; 2/5/2026 is not read.
            return _valid(int(year), day, month) if month > 12 else None
        return _valid(int(year), month, day)
    return None


def _read_names(line: str, language: str | None) -> date | None:
    names = _names()
    own = names.by_language.get(language or "", {})
    words = [word for word in _WORD.findall(_fold(line)) if word not in names.particles]
    for i, word in enumerate(words):
        month = own.get(word) or names.anywhere.get(word)
        if month is None:
            continue
        before, after = words[max(0, i - 2) : i], words[i + 1 : i + 3]
        for year, day in (
            (after[:1], before[-1:]),  # 5 February 2026
            (after[1:], after[:1]),  # February 5, 2026
            (before[-1:], after[:1]),  # 2026. február 5.
            (before[:1] if len(before) == 2 else [], before[-1:]),  # 2026. gada 5. februāris
        ):
            if _is_number(year, 4) and _is_number(day, 1, 2):
                return _valid(int(year[0]), month, int(day[0]))
    return None


def _fold(text: str) -> str:
    """Lower case without accents: capitals often stand without theirs, and Turkish I has two."""
    letters = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _is_number(word: list[str], *digits: int) -> bool:
    return bool(word) and len(word[0]) in digits and word[0].isdecimal()


def _valid(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _names() -> _Names:
    table = tomllib.loads(files("pipelines").joinpath("rules", "dates.toml").read_text(encoding="utf-8"))
    by_language: dict[str, dict[str, int]] = {
        language: {_fold(name): number for number, names in enumerate(months, 1) for name in names.split()}
        for language, months in table["months"].items()
    }
    meanings: dict[str, set[int]] = {}
    for months in by_language.values():
        for name, number in months.items():
            meanings.setdefault(name, set()).add(number)
    anywhere = {name: numbers.pop() for name, numbers in meanings.items() if len(numbers) == 1}
    return _Names(
        anywhere,
        by_language,
        frozenset(map(_fold, table["particles"])),
        frozenset(table["slash_is_ambiguous"]),
    )
