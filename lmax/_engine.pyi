import numpy as np
import numpy.typing as npt

from lmax.view._view import StateView

Records = npt.NDArray[np.void]

class EngineFault(RuntimeError): ...

class Diverged(EngineFault):
    sequence: int
    expected: int
    found: int
    def __init__(self, sequence: int, expected: int, found: int) -> None: ...

class Engine(StateView):
    check_every: int
    def __init__(self, *, check_every: int = 0, most_trades: int = 4_194_304) -> None: ...
    def apply(self, commands: Records) -> Records: ...
    def skim(self, commands: Records) -> int: ...
