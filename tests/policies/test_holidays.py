"""The public holidays of the presets' places, 2024 to 2035, written out: a new version of `holidays` shows here.

A row is a holiday, a column a year; where a date lies on the weekend, its observed day has a row of its own.
What a city does otherwise is a closure or an opening that its admin writes down, so it does not show here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from contactcenter.presets.files import preset_names, public_holidays, read_calendar
from policies.calendar import FIRST_DAY, LAST_DAY

YEARS = range(2024, 2036)

ONTARIO = """
2024  2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035
01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 New Year's Day
  .     .     .     .   01-03   .     .     .     .   01-03 01-02   .   New Year's Day (observed)
02-19 02-17 02-16 02-15 02-21 02-19 02-18 02-17 02-16 02-21 02-20 02-19 Family Day
03-29 04-18 04-03 03-26 04-14 03-30 04-19 04-11 03-26 04-15 04-07 03-23 Good Friday
05-20 05-19 05-18 05-24 05-22 05-21 05-20 05-19 05-24 05-23 05-22 05-21 Victoria Day
07-01 07-01 07-01 07-01 07-01 07-01 07-01 07-01 07-01 07-01 07-01 07-01 Canada Day
09-02 09-01 09-07 09-06 09-04 09-03 09-02 09-01 09-06 09-05 09-04 09-03 Labour Day
10-14 10-13 10-12 10-11 10-09 10-08 10-14 10-13 10-11 10-10 10-09 10-08 Thanksgiving Day
12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 Christmas Day
12-26 12-26 12-26 12-26 12-26 12-26 12-26 12-26 12-26   .   12-26 12-26 Boxing Day
  .     .     .     .     .     .     .     .     .   12-26   .     .   Boxing Day; Christmas Day (observed)
  .     .     .   12-27   .     .     .     .   12-27   .     .     .   Christmas Day (observed)
  .     .   12-28 12-28   .     .     .     .   12-28   .     .     .   Boxing Day (observed)
"""
UTAH = """
2024  2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035
01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 New Year's Day
01-15 01-20 01-19 01-18 01-17 01-15 01-21 01-20 01-19 01-17 01-16 01-15 Martin Luther King Jr. Day
02-19 02-17 02-16 02-15 02-21 02-19 02-18 02-17 02-16 02-21 02-20 02-19 Washington and Lincoln Day
05-27 05-26 05-25 05-31 05-29 05-28 05-27 05-26 05-31 05-30 05-29 05-28 Memorial Day
  .     .     .   06-18   .     .     .     .   06-18 06-20   .     .   Juneteenth National Independence Day (observed)
06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 Juneteenth National Independence Day
07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 Independence Day
  .     .   07-03 07-05   .     .     .     .   07-05   .     .     .   Independence Day (observed)
  .     .     .   07-23   .     .     .     .   07-23 07-25   .     .   Pioneer Day (observed)
07-24 07-24 07-24 07-24 07-24 07-24 07-24 07-24 07-24 07-24 07-24 07-24 Pioneer Day
09-02 09-01 09-07 09-06 09-04 09-03 09-02 09-01 09-06 09-05 09-04 09-03 Labor Day
10-14 10-13 10-12 10-11 10-09 10-08 10-14 10-13 10-11 10-10 10-09 10-08 Columbus Day
11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 Veterans Day
  .     .     .     .   11-10 11-12   .     .     .     .   11-10 11-12 Veterans Day (observed)
11-28 11-27 11-26 11-25 11-23 11-22 11-28 11-27 11-25 11-24 11-23 11-22 Thanksgiving Day
  .     .     .   12-24   .     .     .     .   12-24 12-26   .     .   Christmas Day (observed)
12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 Christmas Day
  .     .     .   12-31   .     .     .     .   12-31   .   01-02   .   New Year's Day (observed)
"""
CALIFORNIA = """
2024  2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035
01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 New Year's Day
01-15 01-20 01-19 01-18 01-17 01-15 01-21 01-20 01-19 01-17 01-16 01-15 Martin Luther King Jr. Day
02-15 02-15 02-15   .   02-15 02-15 02-15 02-15 02-15 02-15 02-15 02-15 Susan B. Anthony Day
  .     .     .   02-15   .     .     .     .     .     .     .     .   Presidents' Day; Susan B. Anthony Day
02-19 02-17 02-16   .   02-21 02-19 02-18 02-17 02-16 02-21 02-20 02-19 Presidents' Day
03-31 03-31 03-31 03-31 03-31 03-31 03-31 03-31 03-31 03-31 03-31 03-31 Cesar Chavez Day
04-01   .     .     .     .     .   04-01   .     .     .     .     .   Cesar Chavez Day (observed)
05-27 05-26 05-25 05-31 05-29 05-28 05-27 05-26 05-31 05-30 05-29 05-28 Memorial Day
  .     .     .   06-18   .     .     .     .   06-18 06-20   .     .   Juneteenth National Independence Day (observed)
06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 Juneteenth National Independence Day
07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 Independence Day
  .     .   07-03 07-05   .     .     .     .   07-05   .     .     .   Independence Day (observed)
09-02 09-01 09-07 09-06 09-04 09-03 09-02 09-01 09-06 09-05 09-04 09-03 Labor Day
  .     .   11-08 10-29 10-17 11-05 10-26 11-14 11-02 10-22   .   10-30 Diwali
  .     .     .     .     .     .     .     .     .     .   11-10   .   Diwali; Veterans Day (observed)
11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 Veterans Day
  .     .     .     .   11-10 11-12   .     .     .     .     .   11-12 Veterans Day (observed)
11-28 11-27 11-26 11-25 11-23 11-22 11-28 11-27 11-25 11-24 11-23 11-22 Thanksgiving Day
11-29 11-28 11-27 11-26 11-24 11-23 11-29 11-28 11-26 11-25 11-24 11-23 Day After Thanksgiving
  .     .     .   12-24   .     .     .     .   12-24 12-26   .     .   Christmas Day (observed)
12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 Christmas Day
  .     .     .   12-31   .     .     .     .   12-31   .   01-02   .   New Year's Day (observed)
"""
PENNSYLVANIA = """
2024  2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035
01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 01-01 New Year's Day
01-15 01-20 01-19 01-18 01-17 01-15 01-21 01-20 01-19 01-17 01-16 01-15 Martin Luther King Jr. Day
02-19 02-17 02-16 02-15 02-21 02-19 02-18 02-17 02-16 02-21 02-20 02-19 Presidents' Day
05-27 05-26 05-25 05-31 05-29 05-28 05-27 05-26 05-31 05-30 05-29 05-28 Memorial Day
  .     .     .   06-18   .     .     .     .   06-18 06-20   .     .   Juneteenth National Independence Day (observed)
06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 06-19 Juneteenth National Independence Day
07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 07-04 Independence Day
  .     .   07-03 07-05   .     .     .     .   07-05   .     .     .   Independence Day (observed)
09-02 09-01 09-07 09-06 09-04 09-03 09-02 09-01 09-06 09-05 09-04 09-03 Labor Day
10-14 10-13 10-12 10-11 10-09 10-08 10-14 10-13 10-11 10-10 10-09 10-08 Columbus Day
11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 11-11 Veterans Day
  .     .     .     .   11-10 11-12   .     .     .     .   11-10 11-12 Veterans Day (observed)
11-28 11-27 11-26 11-25 11-23 11-22 11-28 11-27 11-25 11-24 11-23 11-22 Thanksgiving Day
11-29 11-28 11-27 11-26 11-24 11-23 11-29 11-28 11-26 11-25 11-24 11-23 Day After Thanksgiving
  .     .     .   12-24   .     .     .     .   12-24 12-26   .     .   Christmas Day (observed)
12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 12-25 Christmas Day
  .     .     .   12-31   .     .     .     .   12-31   .   01-02   .   New Year's Day (observed)
"""
PLACES = {
    ("CA", "ON"): ONTARIO,
    ("US", "UT"): UTAH,
    ("US", "CA"): CALIFORNIA,
    ("US", "PA"): PENNSYLVANIA,
}
PLACE_OF = {
    "demo": ONTARIO,
    "dufferin": ONTARIO,
    "pickering": ONTARIO,
    "eagle-mountain": UTAH,
    "san-jose": CALIFORNIA,
    "philadelphia": PENNSYLVANIA,
}


def listed(table: str) -> dict[date, str]:
    """Return the holidays of a table by date."""
    return dict(_rows(table))


def _rows(table: str) -> Iterator[tuple[date, str]]:
    head, *rows = table.strip().splitlines()
    assert head.split() == [str(year) for year in YEARS]
    for row in rows:
        *days, name = row.split(maxsplit=len(YEARS))
        for year, day in zip(YEARS, days, strict=True):
            if day != ".":
                yield date.fromisoformat(f"{year}-{day}"), name


def in_these_years(holidays: dict[date, str]) -> dict[date, str]:
    return {on: name for on, name in holidays.items() if on.year in YEARS}


@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_place_has_the_public_holidays_that_are_written_here(place: tuple[str, str]) -> None:
    assert in_these_years(public_holidays(*place)) == listed(PLACES[place])


@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize("preset", PLACE_OF)
def test_a_preset_ships_the_holidays_of_its_place_and_no_day_of_its_own(preset: str) -> None:
    shipped = read_calendar(preset)
    assert in_these_years(dict(shipped.holidays)) == listed(PLACE_OF[preset])
    assert shipped.days == {}


def test_every_shipped_preset_has_its_place_here() -> None:
    assert preset_names() == sorted(PLACE_OF)


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_holidays_are_known_for_every_covered_year_and_no_other(place: tuple[str, str]) -> None:
    years = {on.year for on in public_holidays(*place)}
    assert years == set(range(FIRST_DAY.year, LAST_DAY.year + 1))


@pytest.mark.parametrize(
    ("place", "on"),
    [
        (("CA", "ON"), date(2026, 4, 6)),
        (("CA", "ON"), date(2026, 8, 3)),
        (("CA", "ON"), date(2026, 11, 11)),
        (("CA", "ON"), date(2026, 12, 24)),
        (("US", "UT"), date(2027, 6, 21)),
    ],
    ids=["Easter Monday", "Civic Holiday", "Remembrance Day", "Christmas Eve", "Utah's Juneteenth Monday"],
)
def test_what_only_some_cities_keep_is_left_to_their_admins(place: tuple[str, str], on: date) -> None:
    assert on not in public_holidays(*place)
