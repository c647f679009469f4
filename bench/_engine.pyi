import numpy as np
import numpy.typing as npt

from lmax._engine import Engine
from lmax.histogram import Histogram

Commands = npt.NDArray[np.void]

def play(engine: Engine, commands: Commands, slots: int) -> tuple[int, int]: ...
def time_each(
    engine: Engine, commands: Commands, found: Histogram, slots: int, ahead: bool = True
) -> int: ...
def events_of_each(engine: Engine, commands: Commands) -> npt.NDArray[np.uint8]: ...
def raw(commands: Commands, events: npt.NDArray[np.uint8], slots: int) -> int: ...
