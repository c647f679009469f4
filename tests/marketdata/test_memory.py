"""What happens when the system refuses memory: the agent fails and says so."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

EXHAUST = """
import resource
import numpy as np
from lmax.ringbuffer.agent import AgentError, AgentRunner
from lmax.ringbuffer.ring import RingBuffer
from lmax.schema import EVENT, EventFlag, EventType
from marketdata._depth import MarketData

output = RingBuffer(1 << 16, dtype=EVENT)
market = MarketData(output)
events = np.zeros(60_000, EVENT)
events["type"] = EventType.BOOK
events["flags"] = EventFlag.LAST
events["quantity"] = events["order_count"] = 1
events["instrument"] = np.arange(1, 60_001)
events["price"] = 7
output.publish_array(events)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20), used + (32 << 20)))
runner = AgentRunner([market])
try:
    while runner.step():
        pass
except AgentError as error:
    print(error)
print(market.do_work(), market.depth(1).bids, 0 < market.events < 60_000)
"""


def test_an_agent_without_memory_fails_for_good_and_can_still_be_read():
    result = subprocess.run(
        [sys.executable, "-c", EXHAUST],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stdout.splitlines() == [
        "MarketData in agents failed: -1",
        "-1 [(7, 1, 1)] True",
    ], result.stderr
