"""Which agents share a thread, and how a thread waits.

| layout | for | threads |
|---|---|---|
| dedicated | production: a pinned core for each agent, busy spin | one for each agent |
| shared | two cores, laptops, CI | the journal and the logic in turn; the outputs |
| invoker | tests, simulation, embedding in another loop | none: the caller steps the agents |

In the shared layout the journaler and the logic take turns on one thread: the logic can do
nothing while a batch is being synced and the disk nothing while it is being applied, so a
hand-over between two threads would only add a wake-up (docs/architecture.md has the numbers).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from lmax.ringbuffer.agent import AgentBase, AgentRunner
from lmax.ringbuffer.wait import WaitStrategy

LAYOUTS = ("shared", "dedicated", "invoker")


def runners(
    layout: str, inner: Sequence[AgentBase], outputs: Sequence[AgentBase]
) -> list[AgentRunner]:
    """The threads of a layout, not started.

    inner: journaler and logic, in the order in which a command meets them; outputs: consumers
    of events. Raises ValueError for an unknown layout or too few cores.
    """
    if layout == "invoker":
        return [AgentRunner([*inner, *outputs], name="invoker", strategy=WaitStrategy.YIELD)]
    if layout == "shared":
        return [
            AgentRunner(inner, name="core", strategy=WaitStrategy.BACKOFF, max_sleep=0.00005),
            AgentRunner(outputs, name="outputs", strategy=WaitStrategy.BACKOFF, max_sleep=0.001),
        ]
    if layout == "dedicated":
        return _pinned([*inner, *outputs])
    raise ValueError(f"layout is one of {', '.join(LAYOUTS)}, not {layout!r}")


def _pinned(agents: Sequence[AgentBase]) -> list[AgentRunner]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) <= len(agents):
        raise ValueError(
            f"the dedicated layout needs {len(agents) + 1} cores (one stays free for the kernel),"
            f" this process has {len(cores)}; use --layout shared"
        )
    return [
        AgentRunner(
            [agent], name=type(agent).__name__.lower(), strategy=WaitStrategy.BUSY_SPIN, core=core
        )
        for agent, core in zip(agents, cores[1:], strict=False)
    ]
