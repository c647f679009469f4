"""All faults that there are, by their names."""

from __future__ import annotations

from node.drill.cuts import Link, OneWay, Partition
from node.drill.faults import Fault, Kill, Stall, Stop, Sync, Witness
from node.drill.full import Disk

FAULTS: dict[str, type[Fault]] = {
    "kill": Kill,
    "stop": Stop,
    "partition": Partition,
    "link": Link,
    "oneway": OneWay,
    "disk": Disk,
    "sync": Sync,
    "stall": Stall,
    "witness": Witness,
}
