import numpy as np
import numpy.typing as npt

from lmax._view import StateView

Records = npt.NDArray[np.void]
FAULTS: dict[int, str]

class EngineFault(RuntimeError): ...

class Engine(StateView):
    def __init__(self, *, bare: bool = False, tick_size: int = 1, lot_size: int = 1) -> None: ...
    def apply(self, commands: Records) -> Records: ...
    def skim(self, commands: Records) -> int: ...
