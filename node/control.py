"""A node's control port: what it is, for people and Prometheus, and a change of roles on request.

    GET  /status    JSON: role, epoch, sequences, peers, lease, problems
    GET  /metrics   the same for Prometheus
    GET  /hash      {"sequence", "hash"} of the last checkpoint, to compare with another node's
    POST /demote    hand over to a standby that is in sync, with ?to=NAME to that one; answers
                    when that is done
    POST /promote   have this standby take over: asks the primary to hand over to it

What cannot be done is answered as `application/problem+json` (RFC 9457). There is no TLS here:
listen on this machine, or in a network of the operators', and name a token, which callers send
as `Authorization: Bearer …`.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from journal.serve import is_here
from node.config_values import NAME, Address, ConfigError
from node.control_loop import PATIENCE_S, ControlLoop, Refusal
from node.control_metrics import CONTENT_TYPE, exposition
from node.observing import Observed, as_json

CALLER_S = 30
PROBLEM = "application/problem+json"
URN = "urn:lmax:problem:"

DemoteAt = Callable[[str, str, float], None]
"""Asks the node of that name to hand over to another, at most so many seconds; raises Refusal."""

TO = "/demote?to="


class ControlServer(ThreadingHTTPServer):
    """Answers for one node until `shutdown`.

    token: what callers must send, "" for none, which is allowed on this machine only; demote_at:
    how another node is asked. ConfigError if the address cannot be used.
    """

    daemon_threads = True

    def __init__(
        self, address: Address, loop: ControlLoop, demote_at: DemoteAt, *, token: str = ""
    ) -> None:
        self.loop = loop
        self.demote_at = demote_at
        self.token = token
        if not token and not is_here(address.host):
            raise ConfigError(
                f"[node] control: {address} can be reached from other machines;"
                " name a control_token, or listen on 127.0.0.1"
            )
        try:
            super().__init__(address, ControlHandler)
        except OSError as error:
            raise ConfigError(
                f"[node] control: cannot listen on {address}: {error.strerror};"
                " end what listens there, or name another port"
            ) from None


class ControlHandler(BaseHTTPRequestHandler):
    """One caller."""

    server: ControlServer
    protocol_version = "HTTP/1.1"
    server_version = "lmax"
    sys_version = ""
    timeout = CALLER_S

    def do_GET(self) -> None:
        self._dispatch(
            {"/status": self._status, "/metrics": self._metrics, "/hash": self._hash}, "POST"
        )

    def do_POST(self) -> None:
        self._dispatch({"/demote": self._demote, "/promote": self._promote}, "GET")

    def _dispatch(self, verbs: dict[str, Callable[[], None]], other: str) -> None:
        if not self._has_no_body():
            return
        if not self._allowed():
            self._problem(HTTPStatus.UNAUTHORIZED, "token", "a token is needed, or is another one")
        elif self._verb() not in verbs:
            there = ", ".join(verbs)
            told = f"{self.command} knows {there}; see {other} for the others"
            self._problem(HTTPStatus.NOT_FOUND, "no-such-path", told)
        else:
            try:
                verbs[self._verb()]()
            except Refusal as refusal:
                self._problem(HTTPStatus.CONFLICT, refusal.kind, str(refusal))

    def _verb(self) -> str:
        """The path, without whom to hand over to; anything else behind it is another path."""
        return "/demote" if NAME.fullmatch(self._heir()) else self.path

    def _heir(self) -> str:
        return self.path.removeprefix(TO) if self.path.startswith(TO) else ""

    def _has_no_body(self) -> bool:
        """Nothing is read from a caller but the first lines, so a body would be taken for those."""
        if self.headers.get("Content-Length", "0") == "0" and not self.headers.get(
            "Transfer-Encoding"
        ):
            return True
        self.close_connection = True
        self._problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body", "send no body")
        return False

    def _allowed(self) -> bool:
        sent = self.headers.get("Authorization", "")
        wanted = f"Bearer {self.server.token}"
        return not self.server.token or hmac.compare_digest(sent.encode(), wanted.encode())

    # ---- what there is

    def _status(self) -> None:
        self._json(as_json(self.server.loop.shown()))

    def _metrics(self) -> None:
        self._answer(HTTPStatus.OK, CONTENT_TYPE, exposition(self.server.loop))

    def _hash(self) -> None:
        sequence, state_hash = checkpoint(self.server.loop)
        self._json({"sequence": sequence, "hash": f"{state_hash:016x}"})

    def _demote(self) -> None:
        self.server.loop.demote(self._heir())
        self._status()

    def _promote(self) -> None:
        promote(self.server.loop, self.server.demote_at)
        self._status()

    # ---- how it is answered

    def _json(self, body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        kind = "application/json" if status == HTTPStatus.OK else PROBLEM
        self._answer(status, kind, json.dumps(body).encode() + b"\n")

    def _problem(self, status: HTTPStatus, kind: str, detail: str) -> None:
        body = {"type": URN + kind, "title": status.phrase, "status": int(status), "detail": detail}
        self._json(body, status)

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        pass  # what a request changes is told by the control loop


def checkpoint(loop: ControlLoop) -> tuple[int, int]:
    """(sequence, state hash) of the last checkpoint, read twice, as commands may be applied."""
    if loop.member is None:
        raise Refusal("not-ready", f"{loop.seen.name} reads its journal; ask again")
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        first = loop.member.core.business.state.checkpoint
        time.sleep(0.001)
        if first == loop.member.core.business.state.checkpoint:
            return int(first[0]), int(first[1])
    raise Refusal("busy", "checkpoints come too fast to be read")


def promote(loop: ControlLoop, demote_at: DemoteAt, timeout: float = PATIENCE_S) -> None:
    """Have this node lead. Raises Refusal."""
    seen = loop.seen
    if seen.role == "PRIMARY":
        return
    if seen.role not in ("IN_SYNC", "PROMOTING"):
        why = f"{seen.name} is {seen.role}; only a standby that is in sync may take over"
        raise Refusal("not-in-sync", why + (f". {seen.problem}" if seen.problem else ""))
    if seen.role == "IN_SYNC" and seen.leader and seen.leader != seen.name:
        try:
            demote_at(seen.leader, seen.name, timeout)
        except Refusal as refusal:
            if refusal.kind != "not-primary":
                raise
            # Somebody else had it hand over already: to us perhaps.
    if not loop.wait(lambda now: now.role == "PRIMARY" or _is_other(now, seen), timeout):
        leads = f"{loop.seen.leader} leads" if loop.seen.leader else "nobody leads"
        why = f"{loop.seen.name} is {loop.seen.role} after {timeout:g} s; {leads}"
        raise Refusal("not-promoted", why)
    now = loop.seen
    if now.role != "PRIMARY":
        why = f"{now.name} is {now.role}; {now.leader} leads epoch {now.epoch}"
        raise Refusal("not-promoted", why)


def _is_other(now: Observed, before: Observed) -> bool:
    """Whether a third one has the lead by now: two were asked to promote at the same time, say."""
    return now.epoch > before.epoch and now.leader not in ("", now.name)
