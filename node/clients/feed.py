"""A thread that follows what a core does, commands and events, for the client port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep

from journal.errors import JournalError
from node.clients.keys import Records
from node.core import Core
from node.follower import Follower

SHORTEST_S, LONGEST_S = 0.0001, 0.001
AT_ONCE = 8192
"""Events handed over together; the loop that takes them does nothing else meanwhile."""
FAR = 1 << 17
"""Commands that a standby is behind, and leaves out."""
AHEAD = 4
"""Parts handed over and not done with yet."""


class Feed:
    """Hands commands and their events to `deliver`, each once and in order, from its own thread.

    after: the first command handed over is the one behind it; where the journal does not reach
    back so far, the one behind the snapshot that the core began with: `begins` is told before
    anything comes. failed: called once with the reason when nothing more will come. Who takes a
    part says so with `done`.

    catches_up: whether the node does. Then nothing is handed over: millions of commands may come
    in a row, of which nobody will ask for all but the last. A standby that has lost the ring leaves
    out what it missed, and tells by `begins` again; what is older is looked up in the journal.
    """

    def __init__(
        self,
        core: Core,
        after: int,
        begins: Callable[[int], None],
        deliver: Callable[[Records, Records], None],
        failed: Callable[[BaseException], None],
        catches_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._core = core
        self._catches_up = catches_up
        self._deliver = deliver
        self._failed = failed
        self._follower = Follower(core, core.journal.directory, after)
        self._room = threading.Semaphore(AHEAD)
        self._stopping = False
        self._was_live = False
        self._after = after
        self._begins = begins
        self._thread = threading.Thread(target=self._run, name="client-feed", daemon=True)

    def _begin(self) -> tuple[Records, Records]:
        """The first part, which shows whether the journal still holds what is behind `after`."""
        while True:
            try:
                part = self._next()
            except JournalError:
                if self._after >= self._core.recovered:
                    raise
                # Pruned: begin with the snapshot that the core began with, else with nothing.
                snapshot, recovered = self._core.recovery.sequence, self._core.recovered
                self._after = snapshot if self._after < snapshot else recovered
                self._follower.restart(self._after)
            else:
                self._begins(self._after)
                return part

    def start(self) -> None:
        self._thread.start()

    def done(self) -> None:
        """One part was dealt with."""
        self._room.release()

    def stop(self) -> None:
        self._stopping = True
        self._room.release()
        if self._thread.is_alive():
            self._thread.join()
        self._follower.close()

    def _run(self) -> None:
        try:
            self._hand_over(*self._begin())
            self._follow()
        except BaseException as error:
            self._failed(error)

    def _follow(self) -> None:
        pause = SHORTEST_S
        while not self._stopping:
            if not self._is_up_to_date():
                sleep(LONGEST_S)
                continue
            commands, events = self._next()
            if len(commands):
                self._hand_over(commands, events)
                pause = SHORTEST_S
                continue
            self._core.raise_failure()
            sleep(pause)
            pause = min(LONGEST_S, pause * 1.5)

    def _is_up_to_date(self) -> bool:
        """Whether there is something to follow now; a primary follows all the time."""
        follower = self._follower
        if self._leads():
            return True
        if self._catches_up():
            return False
        far = self._core.synced.value - follower.position > FAR
        if follower.live or not (self._was_live or far):
            self._was_live = self._was_live or follower.live
            return True
        return self._skip()

    def _leads(self) -> bool:
        return self._core.leads

    def _skip(self) -> bool:
        """Go on with the ring as it is now; False if that cannot be at once."""
        before = self._follower.position
        if not self._follower.skip():
            return False
        if self._leads():  # by now: what it leads with must not be left out
            self._follower.restart(before)
        elif self._follower.position > before:
            self._begins(self._follower.position)
        return True

    def _next(self) -> tuple[Records, Records]:
        """The next part; empty when there is none now, or when it is to be read from the disk."""
        before = self._follower.position
        events = self._follower.poll(AT_ONCE)
        commands = self._follower.commands(events)
        if commands is None:
            self._follower.restart(before)
            return events[:0], events[:0]
        return commands, events

    def _hand_over(self, commands: Records, events: Records) -> None:
        if len(commands):
            self._room.acquire()
            if not self._stopping:
                self._deliver(commands, events)
