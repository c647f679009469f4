"""Which witness: `file:/path`, or `etcd://host:2379,host2:2379/cluster-name?ca=…`.

What may stand behind the question mark, for etcd:

    ca=PATH            TLS; the servers' certificates have to come from this authority
    cert=PATH&key=PATH TLS with a certificate of our own
    tls=yes            TLS with the authorities that this machine trusts
    user=NAME&password=PLACE   PLACE is file:PATH, credential:NAME or env:NAME (journal/secret.py)
    timeout=SECONDS    for an answer, over all hosts; unless told a quarter of the lease, 2 at most

A primary renews its lease five times while it runs. An answer that is waited for longer than a
third of it would leave no time for another question before it is over, so that is refused.

No message repeats what is wrong: it could be a password that was put in the wrong place.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from urllib.parse import unquote

from journal.errors import JournalKeyError
from journal.secret import read_secret
from replicator.etcd_gateway import Access, EtcdGateway
from replicator.witness import Witness
from replicator.witness_etcd import EtcdWitness
from replicator.witness_file import FileWitness

PORT = 2379
LONGEST = 2.0
OPTIONS = ("ca", "cert", "key", "tls", "user", "password", "timeout")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
HOST = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?"
)


class BadAddress(ValueError):
    """That names no witness, or not one that can be used; says what is missing."""


def open_witness(text: str, lease: float | None = None) -> Witness:
    """Nothing is asked of it yet. Raises BadAddress.

    lease: of the primary, in seconds; None for who asks without one, as an operator does.
    """
    if text.startswith("file:"):
        return open_file(text.removeprefix("file:"), lease)
    if text.startswith("etcd://"):
        return open_etcd(text.removeprefix("etcd://"), lease)
    raise BadAddress("a witness is file:/PATH or etcd://HOST:2379,HOST2:2379/CLUSTER")


def open_file(name: str, lease: float | None) -> FileWitness:
    path = Path(name)
    if not path.is_absolute() or name.startswith("//"):
        raise BadAddress("file: wants a whole path, the same for every node: file:/PATH")
    if path.is_dir() or not path.parent.is_dir():
        raise BadAddress(f"{path} has to be a file, in a folder that is there")
    return FileWitness(path, fitting(lease))


def open_etcd(text: str, lease: float | None) -> EtcdWitness:
    where, _, query = text.partition("?")
    hosts, _, cluster = where.partition("/")
    if not NAME.fullmatch(cluster):
        raise BadAddress("etcd: a cluster's name follows the hosts, of letters, digits, . _ -")
    endpoints = [endpoint_of(host) for host in hosts.split(",")]
    if len(set(endpoints)) < len(endpoints):
        raise BadAddress("etcd: a host stands there twice")
    options = options_of(query)
    access = Access(tls_of(options), options.get("user", ""), password_of(options))
    return EtcdWitness(EtcdGateway(endpoints, access, timeout_of(options, lease)), cluster)


def endpoint_of(text: str) -> tuple[str, int]:
    if "@" in text:
        raise BadAddress(
            "etcd: a password in the address would be shown to everybody who lists processes:"
            " use ?user=NAME&password=file:PATH"
        )
    found = HOST.fullmatch(text)
    port = int(found["port"] or PORT) if found else 0
    if found is None or not 0 < port < 1 << 16:
        raise BadAddress("etcd: hosts are HOST:PORT, separated by commas, then /CLUSTER")
    return found["six"] or found["name"], port


def options_of(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in OPTIONS or name in options or not value:
            told = name if name.isalpha() else "a part"
            raise BadAddress(
                f"etcd: {told} is unknown, doubled or empty; there are {', '.join(OPTIONS)}"
            )
        options[name] = unquote(value)
    return options


def tls_of(options: dict[str, str]) -> ssl.SSLContext | None:
    if options.get("tls", "yes") != "yes":
        raise BadAddress("etcd: tls=yes, or leave it out")
    if ("cert" in options) != ("key" in options):
        raise BadAddress("etcd: cert and key go together")
    if not options.keys() & {"ca", "cert", "tls"}:
        return None
    try:
        context = ssl.create_default_context(cafile=options.get("ca"))
    except (OSError, ssl.SSLError):
        raise BadAddress("etcd: ca is no readable file of certificates") from None
    if "cert" in options:
        try:
            # Without a password here OpenSSL would ask for one on the terminal.
            context.load_cert_chain(options["cert"], options["key"], password=lambda: "")
        except (OSError, ssl.SSLError):
            raise BadAddress(
                "etcd: cert and key are no readable certificate and its key, without a password"
            ) from None
    return context


def password_of(options: dict[str, str]) -> str:
    if ("user" in options) != ("password" in options):
        raise BadAddress("etcd: user and password go together")
    if "password" not in options:
        return ""
    try:
        return read_secret(options["password"]).rstrip("\r\n")
    except JournalKeyError as error:
        raise BadAddress(f"etcd: the password: {error}") from None


def fitting(lease: float | None) -> float:
    """How long an answer is waited for where nobody said it, in seconds."""
    return LONGEST if lease is None else min(LONGEST, lease / 4)


def timeout_of(options: dict[str, str], lease: float | None) -> float:
    if "timeout" not in options:
        return fitting(lease)
    try:
        seconds = float(options["timeout"])
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 60:
        raise BadAddress("etcd: timeout is a number of seconds from 0.01 to 60")
    if lease is not None and 3 * seconds >= lease:
        raise BadAddress(
            f"etcd: timeout={seconds:g} is not below a third of the lease, {lease:g} s: one answer"
            " that is late would cost the lease; make it smaller, the lease longer, or leave it out"
        )
    return seconds
