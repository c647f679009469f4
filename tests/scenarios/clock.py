"""Times of day and lengths of time in scenarios, as nanoseconds."""

import re

SECOND = 10**9
DAY = 86_400 * SECOND
OF_DAY = re.compile(r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?")
LENGTH = re.compile(r"(?P<count>\d+)(?P<unit>ns|s|min|h)")
UNITS = {"ns": 1, "s": SECOND, "min": 60 * SECOND, "h": 3_600 * SECOND}


def time_of_day(text: str) -> int:
    """``09:30:00`` or ``09:30:00.000000001`` as ns since midnight; ValueError if it is neither."""
    m = OF_DAY.fullmatch(text)
    if m is None:
        raise ValueError(f"{text} is not a time like 09:30:00")
    seconds = int(m["hour"]) * 3_600 + int(m["minute"]) * 60 + int(m["second"])
    return seconds * SECOND + int((m["part"] or "0").ljust(9, "0"))


def length(text: str) -> int:
    """``30s``, ``5min`` or ``2h`` as ns; ValueError if it is none of them."""
    m = LENGTH.fullmatch(text)
    if m is None:
        raise ValueError(f"{text} is not a length of time like 30s or 5min")
    return int(m["count"]) * UNITS[m["unit"]]
