"""A machine whose nodes are in rooms of their own, so that a network between them can fail."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from node.cluster_files import PORTS_EACH
from node.drill.machine import NAMES, Machine
from node.drill.network import HERE, Network

PORT = 7500
"""Of the first node; nobody else is there who could have it."""

TOKEN = "token"


class ApartMachine(Machine):
    """Two nodes. Clients and operators reach them from outside of their rooms, with a token."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, base_port=PORT, **options)
        self.network = Network(NAMES)
        self.token = secrets.token_hex(16)
        self.clients = [self._address(name, HERE, 1) for name in NAMES]
        for file in self.files.values():
            text = file.read_text()
            for one, other in (NAMES, NAMES[::-1]):
                for place, to in ((0, other), (1, HERE), (2, HERE)):
                    here = f'"127.0.0.1:{self._port(one, place)}"'
                    text = text.replace(here, f'"{self._address(one, to, place)}"')
            token = file.absolute().with_name(TOKEN)
            token.touch(mode=0o600)
            token.write_text(self.token)
            shown = f'control_token = "file:{TOKEN}"\nclient_token_file = "{TOKEN}"\n'
            file.write_text(text.replace("[node]\n", f"[node]\n{shown}", 1))

    def _port(self, name: str, place: int) -> int:
        return PORT + PORTS_EACH * NAMES.index(name) + place

    def _address(self, name: str, to: str, place: int) -> str:
        return f"{self.network.address(name, to)}:{self._port(name, place)}"

    def _enter(self, name: str) -> list[str]:
        return self.network.rooms[name].enter

    def end(self) -> None:
        super().end()
        self.network.close()
