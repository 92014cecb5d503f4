"""Reading dates and choosing the article's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text import dates
from schemas.article import DateCandidate, DateOrigin, Precision


def candidate(day: str, origin: DateOrigin, precision: Precision = Precision.DAY) -> DateCandidate:
    return DateCandidate(datetime.fromisoformat(day).replace(tzinfo=UTC), precision, origin)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("5 Февруари, 2026", date(2026, 2, 5)),
        (" date 2025-08-13 ", date(2025, 8, 13)),
        ("13:25 01.11.2019 Фото: архив", date(2019, 11, 1)),
        ("1 ноября 2019, 14:02", date(2019, 11, 1)),
        ("2025 m. rugpjūčio 13 d. 10:11", date(2025, 8, 13)),
        ("12 липня 2024 р., 08:15", date(2024, 7, 12)),
        ("Friday, November 1st, 2019", date(2019, 11, 1)),
        ("Nov. 1, 2019", date(2019, 11, 1)),
        ("1. August 2019, 17:30 Uhr", date(2019, 8, 1)),
        ("Publié le 1er août 2019", date(2019, 8, 1)),
        ("1 de noviembre de 2019", date(2019, 11, 1)),
        ("01 novembre 2019 - 17:46", date(2019, 11, 1)),
        ("1 de março de 2019", date(2019, 3, 1)),
        ("3 iulie 2019", date(2019, 7, 3)),
        ("1 września 2019", date(2019, 9, 1)),
        ("12. února 2019", date(2019, 2, 12)),
        ("12. februára 2019", date(2019, 2, 12)),
        ("3. junija 2019", date(2019, 6, 3)),
        ("12. децембра 2019.", date(2019, 12, 12)),
        ("12. decembra 2019.", date(2019, 12, 12)),
        ("3. siječnja 2019.", date(2019, 1, 3)),
        ("2019. november 1., péntek", date(2019, 11, 1)),
        ("Παρασκευή, 1η Νοεμβρίου 2019", date(2019, 11, 1)),
        ("1 ΜΑΪΟΥ 2019", date(2019, 5, 1)),
        ("21 MAYIS 2019", date(2019, 5, 21)),
        ("1 maart 2019", date(2019, 3, 1)),
        ("2025. gada 13. augusts", date(2025, 8, 13)),
        ("13. juuni 2019", date(2019, 6, 13)),
        ("2019/11/01", date(2019, 11, 1)),
        ("25/02/2026", date(2026, 2, 25)),
        ("2/25/2026", date(2026, 2, 25)),
    ],
)
def test_reads_the_day_of_a_date_line(line: str, day: date) -> None:
    found = dates.read_day(line)
    assert found is not None
    assert found.value == datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert (found.precision, found.origin, found.text) == (Precision.DAY, DateOrigin.MASTHEAD, line.strip())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Вчера, 13:54",
        "Обновление от 1 ноября, 15.23.",
        "31.02.2019",
        "1 листопада",
        "12:30",
        "Телефон: 02 987 6543",
        "05/02/2026",  # February or May?
        "1 listopada 2019",  # October in Croatian, November in Polish
        "5 Февруари 0026",
    ],
)
def test_does_not_guess_a_day(line: str) -> None:
    assert dates.read_day(line) is None


def test_the_language_settles_what_is_ambiguous() -> None:
    polish = dates.read_day("1 listopada 2019", language="pl")
    croatian = dates.read_day("1 listopada 2019", language="hr")
    french = dates.read_day("05/02/2026", language="fr")
    assert polish is not None and polish.value.month == 11
    assert croatian is not None and croatian.value.month == 10
    assert french is not None and french.value.month == 2
    assert dates.read_day("05/02/2026", language="en") is None


def test_every_language_reads_its_own_months() -> None:
    for language, months in dates._names().by_language.items():
        assert set(months.values()) == set(range(1, 13)), language
        for name, month in months.items():
            found = dates.read_day(f"7 {name} 2019", language=language)
            assert found is not None and found.value == datetime(2019, month, 7, tzinfo=UTC), (language, name)


@pytest.mark.parametrize(
    ("value", "moment", "precision"),
    [
        ("2025-08-13T10:00:05Z", "2025-08-13T10:00:05", Precision.SECOND),
        ("2025-08-13T10:00+03:00", "2025-08-13T07:00", Precision.MINUTE),
        ("2025-08-13 10:00:00 +0300", "2025-08-13T07:00", Precision.SECOND),
        ("2025-08-13 10:00:00 UTC", "2025-08-13T10:00", Precision.SECOND),
        ("2025-08-13T10:00:00", "2025-08-13T10:00", Precision.SECOND),
        ("2025-08-13", "2025-08-13", Precision.DAY),
        ("2025-08-13T00:00:00+03:00", "2025-08-13", Precision.DAY),
        ("Wed, 13 Aug 2025 10:00:00 +0300", "2025-08-13T07:00", Precision.SECOND),
        (1755079200, "2025-08-13T10:00", Precision.SECOND),
        (1755079200000, "2025-08-13T10:00", Precision.SECOND),
        (1755079200.5, "2025-08-13T10:00:00.5", Precision.SECOND),
        ("1755079200", "2025-08-13T10:00", Precision.SECOND),
    ],
)
def test_parses_the_producers_time(value: object, moment: str, precision: Precision) -> None:
    found = dates.parse(value)
    assert found is not None
    assert found.value == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert found.value.utcoffset() == timedelta(0)
    assert (found.precision, found.origin) == (precision, DateOrigin.PRODUCER)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, {}, [], "", "-", "soon", "12:30", "2025", "2025-13-01", "2025-02-30"),
        *("0000-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "2525-01-01"),
        *(0, -1, 1e308, -1e308, float("nan"), float("inf"), 10**400, 2**63, 99999999999999999999),
        "1" * 10**6,
    ],
)
def test_refuses_nonsense(value: object) -> None:
    assert dates.parse(value) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"[-0-9T:+Z. ]{8,30}")))
def test_never_raises_and_stays_in_range(value: object) -> None:
    found = dates.parse(value)
    assert found is None or dates.FIRST_YEAR - 1 <= found.value.year <= dates.LAST_YEAR + 1
    if isinstance(value, str):
        dates.read_day(value)
        dates.read_day(value, language="en")


@given(st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)))
def test_parses_what_isoformat_writes(moment: datetime) -> None:
    found = dates.parse(moment.isoformat() + "Z")
    assert found is not None
    assert found.value == moment.replace(tzinfo=UTC)


def read_seed(shared: Path, number: str) -> tuple[str, str]:
    """A seed's date line and its text after it."""
    text = next((shared / "seeds").glob(f"{number}_*.txt")).read_text(encoding="utf-8")
    return (text[:17], text[17:]) if text.startswith(" date ") else (text[:16], text[16:])


@pytest.mark.parametrize("number", ["000", "001", "002", "003"])
def test_an_injected_date_is_the_articles(shared: Path, number: str) -> None:
    line, text = read_seed(shared, number)
    injected = dates.read_day(line, origin=DateOrigin.INJECTED)
    assert injected is not None
    chosen, conflict = dates.choose([injected], text)
    assert chosen is injected and not conflict
    assert chosen.value == datetime(2025, 8, 13, tzinfo=UTC)
    assert (chosen.precision, chosen.origin) == (Precision.DAY, DateOrigin.INJECTED)


def test_a_masthead_of_the_crawl_is_not_the_articles(shared: Path) -> None:
    line, text = read_seed(shared, "004")
    masthead = dates.read_day(line)
    assert masthead is not None and masthead.value == datetime(2026, 2, 5, tzinfo=UTC)
    assert dates.choose([masthead], text) == (None, True)


def test_a_masthead_stands_where_nothing_speaks_against_it() -> None:
    masthead = candidate("2019-11-01", DateOrigin.MASTHEAD)
    recorded = candidate("2019-11-02T07:00", DateOrigin.KAFKA, Precision.SECOND)
    assert dates.choose([masthead], "Nothing about time.") == (masthead, False)
    assert dates.choose([masthead, recorded], "It began in 2016 and ends in 2019.") == (masthead, False)
    assert dates.choose([masthead], "It is planned for 2035.") == (masthead, False)
    assert dates.choose([masthead], "He won 2017 votes in 2017.") == (None, True)
    assert dates.choose([masthead], "It cost 1.2015 or 2,015 or 12015.") == (masthead, False)


@pytest.mark.parametrize(
    ("others", "day", "conflict"),
    [
        ([], "2025-08-13", False),
        ([candidate("2025-08-15", DateOrigin.MASTHEAD)], "2025-08-13", False),
        ([candidate("2026-02-05", DateOrigin.MASTHEAD)], "2025-08-13", True),
        ([candidate("2025-08-14", DateOrigin.MARKUP)], "2025-08-14", False),
        ([candidate("2025-01-14", DateOrigin.MARKUP)], "2025-01-14", True),
        ([candidate("2025-08-12", DateOrigin.KAFKA)], "2025-08-13", False),
        ([candidate("2029-08-12", DateOrigin.KAFKA)], "2025-08-13", False),
        ([candidate("2025-08-10", DateOrigin.KAFKA)], None, True),
        ([candidate("1970-01-01", DateOrigin.KAFKA)], "2025-08-13", False),
        (
            [candidate("2035-08-13", DateOrigin.PRODUCER), candidate("2025-08-14", DateOrigin.KAFKA)],
            "2025-08-13",
            True,
        ),
    ],
)
def test_the_most_trusted_date_wins_and_far_ones_conflict(
    others: list[DateCandidate], day: str | None, conflict: bool
) -> None:
    chosen, flagged = dates.choose([*others, candidate("2025-08-13", DateOrigin.INJECTED)], "")
    assert (chosen and chosen.value.date().isoformat(), flagged) == (day, conflict)


def test_a_finer_time_of_the_same_day_is_taken() -> None:
    day = candidate("2025-08-13", DateOrigin.MARKUP)
    minute = candidate("2025-08-13T10:20", DateOrigin.PRODUCER, Precision.MINUTE)
    assert dates.choose([day, minute], "") == (minute, False)
    assert dates.choose([minute], "") == (minute, False)
    other_day = candidate("2025-08-15T10:20", DateOrigin.PRODUCER, Precision.MINUTE)
    assert dates.choose([day, other_day], "") == (day, False)


@given(
    st.lists(
        st.builds(
            candidate,
            st.dates(date(2000, 1, 1), date(2030, 1, 1)).map(date.isoformat),
            st.sampled_from(DateOrigin),
            st.sampled_from(Precision),
        )
    ),
    st.text(),
)
def test_chooses_among_the_candidates_that_may_be_chosen(found: list[DateCandidate], text: str) -> None:
    chosen, conflict = dates.choose(found, text)
    assert chosen is None or chosen in found
    assert chosen is None or chosen.origin is not DateOrigin.KAFKA
    assert isinstance(conflict, bool)
