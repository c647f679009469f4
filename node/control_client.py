"""Asking a node's control port."""

from __future__ import annotations

import http.client
import json
from typing import Any

from node.config_values import Address
from node.control_loop import Refusal

LOOK_S = 2.0
MOST_BYTES = 1 << 20


class NobodyAnswers(Exception):
    """No node answers there, or what answers is none."""


def ask(
    address: Address, path: str, *, post: bool = False, token: str = "", timeout: float = LOOK_S
) -> dict[str, Any]:
    """The JSON that it answers. Raises Refusal with its reason, NobodyAnswers.

    token: sent as a bearer token; it is in no message.
    """
    connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request("POST" if post else "GET", path, headers=headers)
        response = connection.getresponse()
        found = json.loads(response.read(MOST_BYTES))
    except TimeoutError:
        raise NobodyAnswers(f"{address} does not answer within {timeout:g} s") from None
    except OSError as error:
        raise NobodyAnswers(f"{address}: {error.strerror or error}") from None
    except (http.client.HTTPException, ValueError):
        raise NobodyAnswers(f"{address}: what answers there is no node of lmax") from None
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise NobodyAnswers(f"{address}: what answers there is no node of lmax")
    if response.status != http.client.OK:
        kind = str(found.get("type", "")).rpartition(":")[2]
        raise Refusal(kind, str(found.get("detail", f"HTTP status {response.status}")))
    return found
