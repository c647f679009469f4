"""The rules of docs/matching.md a second time, in plain Python: slow, short and easy to check.

``Twin().apply(command)`` returns the command's events; ``state`` and ``records`` turn what it
holds, and what it takes and gives, into the shapes the tests compare with the engine's.
"""

from tests.twin.commands import Command, Event
from tests.twin.engine import Twin

__all__ = ["Command", "Event", "Twin"]
