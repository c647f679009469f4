"""Questions to etcd, version 3.4 and later, by the JSON gateway that it serves on its client port.

A witness needs two of etcd's calls and a log-in, each a POST of a few lines of JSON. So this goes
by urllib3, which keeps connections and does TLS and time limits. The clients on PyPI were looked
at: etcd3 has had no release since 2020 and brings gRPC; aetcd is asynchronous; etcd3gw is kept
well, but a transaction there is the same JSON by hand, it knows one endpoint, and it takes no
user.

Endpoints are tried one after the other within one time limit, beginning with the one that
answered last. Nothing here goes through a proxy or follows a redirection, and no secret gets into
a message.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import urllib3
from urllib3 import exceptions as http

from replicator.witness import Unavailable

REFUSED = frozenset({400, 401})
"""How etcd answers with a token that it does not know any more."""

LONGEST_REASON = 160


class Failed(Exception):
    """One endpoint gave no answer that can be used; says why. status: of HTTP, 0 for none."""

    def __init__(self, why: str, status: int = 0) -> None:
        self.status = status
        super().__init__(why)


@dataclass(frozen=True)
class Access:
    """How to come in. tls: None for plain HTTP; user "": no log-in."""

    tls: ssl.SSLContext | None = field(default=None, repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


class EtcdGateway:
    """One etcd cluster. endpoints: (host, port) of some of its members, or all of them.

    timeout: seconds for an answer, over all endpoints. One thread uses it at a time.
    """

    def __init__(
        self,
        endpoints: list[tuple[str, int]],
        access: Access | None = None,
        timeout: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoints = endpoints
        self.timeout = timeout
        self._access = access or Access()
        self._clock = clock
        self._pools = [self._pool(host, port) for host, port in endpoints]
        self._next = 0
        self._token = ""
        self._cluster = ""

    def __repr__(self) -> str:
        return f"EtcdGateway({', '.join(map(address, self.endpoints))})"

    def ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises Unavailable with what each endpoint said."""
        deadline = self._clock() + self.timeout
        problems = []
        order = [(self._next + i) % len(self._pools) for i in range(len(self._pools))]
        for tried, index in enumerate(order):
            left = deadline - self._clock()
            if left <= 0:
                break
            try:
                share = left / (len(order) - tried)
                answer = self._ask_one(index, path, question, self._clock() + share)
            except Failed as failed:
                problems.append(f"{address(self.endpoints[index])} {failed}")
                continue
            self._next = index
            return answer
        raise Unavailable(
            f"etcd gives no answer: {'; '.join(problems)}. Look whether a majority of its members"
            " runs and can be reached from here"
        )

    def close(self) -> None:
        for pool in self._pools:
            pool.close()

    def _pool(self, host: str, port: int) -> urllib3.HTTPConnectionPool:
        if self._access.tls is None:
            return urllib3.HTTPConnectionPool(host, port)
        return urllib3.HTTPSConnectionPool(host, port, ssl_context=self._access.tls)

    def _ask_one(
        self, index: int, path: str, question: dict[str, Any], until: float
    ) -> dict[str, Any]:
        """With a log-in if there has been none, and a new one if it is no longer good."""
        known = bool(self._token)
        if self._access.user and not known:
            self._log_in(index, until)
        try:
            answer = self._post(index, path, question, until)
        except Failed as failed:
            if not known or failed.status not in REFUSED:
                raise
            self._log_in(index, until)
            answer = self._post(index, path, question, until)
        self._check_cluster(answer)
        return answer

    def _log_in(self, index: int, until: float) -> None:
        self._token = ""
        question = {"name": self._access.user, "password": self._access.password}
        answer = self._post(index, "/v3/auth/authenticate", question, until)
        self._token = str(answer.get("token", ""))

    def _post(
        self, index: int, path: str, question: dict[str, Any], until: float
    ) -> dict[str, Any]:
        seconds = until - self._clock()
        if seconds <= 0:
            raise Failed("does not answer in time")
        try:
            response = self._pools[index].request(
                "POST",
                path,
                body=json.dumps(question),
                headers={"Content-Type": "application/json"}
                | ({"Authorization": self._token} if self._token else {}),
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                redirect=False,
            )
            answer = json.loads(response.data)
        except http.HTTPError as error:
            raise Failed(reason(error)) from None
        except ValueError:
            raise Failed("answers something that is not etcd's JSON") from None
        if not isinstance(answer, dict):
            raise Failed("answers something that is not etcd's JSON")
        if response.status != 200:
            raise Failed(f"refuses: {told(answer)}", response.status)
        return answer

    def _check_cluster(self, answer: dict[str, Any]) -> None:
        """Endpoints of two etcd clusters would be two witnesses, and grant an epoch twice."""
        header = answer.get("header")
        cluster = str(header.get("cluster_id", "")) if isinstance(header, dict) else ""
        if not cluster:
            raise Failed("answers something that is not etcd's JSON")
        if not self._cluster:
            self._cluster = cluster
        if cluster != self._cluster:
            raise Failed("belongs to another etcd cluster than the one that answered before")


def reason(error: http.HTTPError) -> str:
    """In our words: the library's tell addresses in memory and whole URLs."""
    if isinstance(error, http.SSLError):
        text = str(error.args[0]) if error.args else ""
        return f"and this node do not agree on TLS: {text[:LONGEST_REASON]}"
    if isinstance(error, http.NewConnectionError):
        return "cannot be connected to"
    if isinstance(error, http.TimeoutError):
        return "does not answer in time"
    return "broke off the connection"


def told(answer: dict[str, Any]) -> str:
    """What etcd says about a question that it refuses."""
    text = str(answer.get("message") or answer.get("error") or "it does not say why")
    return "".join(c for c in text[:LONGEST_REASON] if c.isprintable())


def address(endpoint: tuple[str, int]) -> str:
    host, port = endpoint
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
