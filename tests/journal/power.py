"""A simulated disk whose power is lost before any step that was named."""

from tests.journal.simulated import SimulatedFolder


class PowerCut(BaseException):
    """Before the next step."""


class Doomed(SimulatedFolder):
    """Loses power when `left` steps that change something were done."""

    left = 10**9

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise PowerCut

    def create(self, name: str) -> int:
        self._step()
        return super().create(name)

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        self._step()
        return super().write(handle, data, offset)

    def write_file(self, name: str, data: bytes) -> None:
        self._step()
        super().write_file(name, data)

    def zero(self, name: str, start: int, end: int) -> None:
        self._step()
        super().zero(name, start, end)

    def sync(self, handle: int | None = None) -> None:
        self._step()
        super().sync(handle)

    def rename(self, old: str, new: str) -> None:
        self._step()
        super().rename(old, new)

    def remove(self, name: str) -> None:
        self._step()
        super().remove(name)


def copied(source: SimulatedFolder, into: Doomed) -> Doomed:
    """The same files, at rest."""
    for name, file in source.seen_names.items():
        into.write_file(name, bytes(file.seen))
    into.sync()
    return into
