"""A journal's segments for other machines: read-only, over HTTP, so that they can mend theirs.

    GET /segments            {"name": bytes, …} of the files that are there, also the one in use
    GET /segments/NAME       the file; with `Range: bytes=A-B` that part of it

There is no TLS here: listen on this machine only and put a reverse proxy or a tunnel before it.
Whoever listens elsewhere has to name a token, which callers send as `Authorization: Bearer …`.
What is sent proves itself: who takes a segment checks its chain.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import re
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from journal.errors import JournalError

PATH = re.compile(r"/segments/(\d{8,20}\.segment)")
RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})")
PIECE_BYTES = 1 << 20
MOST_CALLERS = 16
PATIENCE_S = 30


class SegmentServer(ThreadingHTTPServer):
    """Serves the segments of `directory` until `shutdown`.

    token: what callers must send, "" for none, which is allowed on this machine only; told: called
    with one line for each request. JournalError if the address cannot be used.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        directory: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        token: str = "",
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.directory = directory
        self.token = token
        self.told = told
        self.places = threading.BoundedSemaphore(MOST_CALLERS)
        if not token and not is_here(host):
            raise JournalError(
                f"{host} can be reached from other machines: name a token, or listen on 127.0.0.1"
            )
        try:
            super().__init__((host, port), SegmentHandler)
        except OSError as error:
            raise JournalError(f"cannot listen on {host}:{port}: {error.strerror}") from None

    def segments(self) -> dict[str, int]:
        """Sizes of the segments that are there, by name."""
        return {
            path.name: path.stat().st_size
            for path in sorted(self.directory.glob("*.segment"))
            if PATH.fullmatch(f"/segments/{path.name}")
        }


def is_here(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class SegmentHandler(BaseHTTPRequestHandler):
    """One caller."""

    server: SegmentServer
    protocol_version = "HTTP/1.1"
    server_version = "lmax"
    sys_version = ""
    timeout = PATIENCE_S

    def handle(self) -> None:
        """No more callers at a time than there are places."""
        if self.server.places.acquire(blocking=False):
            try:
                super().handle()
            except OSError:
                pass  # the caller went away
            finally:
                self.server.places.release()

    def do_GET(self) -> None:
        if not self._allowed():
            self._answer(HTTPStatus.UNAUTHORIZED, b"a token is needed, or this one is wrong\n")
        elif self.path == "/segments":
            self._answer(HTTPStatus.OK, json.dumps(self.server.segments()).encode())
        elif match := PATH.fullmatch(self.path):
            self._send_segment(self.server.directory / match[1])
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"there is /segments and /segments/NAME\n")

    def _allowed(self) -> bool:
        sent = self.headers.get("Authorization", "")
        wanted = f"Bearer {self.server.token}"
        return not self.server.token or hmac.compare_digest(sent.encode(), wanted.encode())

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_segment(self, path: Path) -> None:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            self._answer(HTTPStatus.NOT_FOUND, b"no such segment\n")
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            start, end, status = 0, size, HTTPStatus.OK
            if match := RANGE.fullmatch(self.headers.get("Range", "")):
                start, end = int(match[1]), min(int(match[2]) + 1, size)
                status = HTTPStatus.PARTIAL_CONTENT
            if start >= end:
                self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"")
                return
            self.send_response(status)
            self.send_header("Content-Length", str(end - start))
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.end_headers()
            file.seek(start)
            while start < end and (data := file.read(min(PIECE_BYTES, end - start))):
                self.wfile.write(data)
                start += len(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        self.server.told(f"{self.client_address[0]} {format % args}")
