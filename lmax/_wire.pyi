"""What the C compiler made of the records of ``lmax/wire.pxd``."""

def command_layout() -> dict[str, tuple[int, int]]:
    """Field of a command: (offset, size), both in bytes."""

def event_layout() -> dict[str, tuple[int, int]]:
    """Field of an event: (offset, size), both in bytes."""

def message_layout() -> dict[str, tuple[int, int]]:
    """Field of a message: (offset, size), both in bytes."""

def report_layout() -> dict[str, tuple[int, int]]:
    """Field of a report: (offset, size), both in bytes."""

def record_sizes() -> dict[str, int]:
    """Bytes of each of the four."""

def enums() -> dict[str, int]:
    """Every enum constant of ``lmax/wire.pxd`` and its value."""
