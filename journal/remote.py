"""The segments of another machine, as `journal/serve.py` gives them, read like a folder."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from journal.errors import JournalError
from journal.folder import Bytes, ReadFolder

PATIENCE_S = 30.0
SCHEMES = ("http", "https")


class RemoteFolder(ReadFolder):
    """Segments at http://HOST:PORT or https://HOST:PORT.

    token: sent as a bearer token; it is in no message. Raises JournalError when the other machine
    does not answer, or refuses.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc:
            raise JournalError("another machine is named http://HOST:PORT or https://HOST:PORT")
        self.path = Path(parts.netloc)
        self._where = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname, parts.port, timeout=PATIENCE_S)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._open: dict[int, str] = {}
        self.names()

    def names(self) -> list[str]:
        found = json.loads(self._get("/segments"))
        self._sizes = {str(name): int(size) for name, size in found.items()}
        return list(self._sizes)

    def exists(self, name: str) -> bool:
        return name in self._sizes

    def size(self, name: str) -> int:
        if name not in self._sizes:
            raise JournalError(f"{self._where} has no {name}")
        return self._sizes[name]

    def open_to_read(self, name: str) -> int:
        self.size(name)
        with self._lock:
            handle = max(self._open, default=0) + 1
            self._open[handle] = name
        return handle

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        name = self._open[handle]
        end = min(offset + len(into), self._sizes[name])
        if offset >= end:
            return 0
        data = self._get(f"/segments/{name}", (offset, end - 1))
        into[: len(data)] = np.frombuffer(data, np.uint8)
        return len(data)

    def close(self, handle: int) -> None:
        with self._lock:
            del self._open[handle]

    def _get(self, path: str, part: tuple[int, int] | None = None) -> bytes:
        headers = self._headers | ({"Range": "bytes={}-{}".format(*part)} if part else {})
        try:
            with self._lock:
                self._connection.request("GET", self._base + path, headers=headers)
                answer = self._connection.getresponse()
                data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise JournalError(
                f"{self._where} does not answer ({type(error).__name__}): is `lmax journal serve`"
                " running there?"
            ) from None
        if answer.status not in (200, 206) or (part and len(data) > part[1] + 1 - part[0]):
            reason = data.decode("utf-8", "replace").strip()[:200]
            raise JournalError(f"{self._where}{path}: {answer.status} {answer.reason}: {reason}")
        return data
