"""The scenario runner notices what is not so: a test that cannot fail would prove nothing."""

import pytest

from tests.engine.systems import TwinSystem
from tests.scenarios.names import to_text, to_units
from tests.scenarios.runner import Runner, ScenarioError

START = """
instrument 1 AAPL
account alice cash 1000
account bob AAPL 100
bob sells 10 AAPL @ 10.00 as b1
"""


def run(text: str) -> None:
    Runner(TwinSystem()).run(START + text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alice buys some AAPL", "not in the language"),
        ("alice buys 10 AAPL @ 10.00001 as a1", "more than 4 decimals"),
        ("alice buys 0.5 AAPL @ 10 as a1", "more than 0 decimals"),
        ("alice buys 999 AAPL @ 10 as a1", "INSUFFICIENT_CASH"),
        ("alice buys 5 AAPL @ 10 as a1\naccepted", "also did this"),
        ("alice buys 5 AAPL @ 10 as a1\naccepted\naccepted", r"trade 5 @ 10.00 \(bob b1 / alice"),
        ("alice cancels a1\nrejected: TOO_LATE", "UNKNOWN_ORDER"),
        ("alice has cash 999 (reserved 0)", "but alice has cash 1000"),
        ("alice has a lot", "holdings are told as"),
        ("zoe has cash 0 (reserved 0)", "never opened"),
        ("book AAPL\nbids | asks", "10.00: 10"),
        ("book AAPL\nbids | asks\n| 10.00: 4 6", "10.00: 10"),
        ("raw type=77", "UNKNOWN_COMMAND"),
    ],
)
def test_a_line_that_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        run(text)


def test_the_message_names_the_line() -> None:
    with pytest.raises(ScenarioError, match="line 6: alice cancels a9"):
        run("alice cancels a9 now")


def test_decimals_become_whole_numbers_exactly() -> None:
    assert to_units("922337203685477.5807", 4) == 2**63 - 1
    assert to_units("-0.005", 3) == -5
    assert to_text(2**63 - 1, 4) == "922337203685477.5807"
    assert to_text(-5, 3) == "-0.005"
    assert to_text(100_000, 4, least_decimals=2) == "10.00"
    assert to_text(7, 0) == "7"
