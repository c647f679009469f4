"""A real token in software, SoftHSM2, in a folder of its own."""

import os
import subprocess
from pathlib import Path

from tests.servers import SOFTHSM

PIN = "canary-pin-4711"
LABEL = "venue"


class Token:
    """A token that is not there yet before `make`; its files are in `folder`.

    `environment` is what a process needs to see it. Its driver must be installed.
    """

    def __init__(self, folder: Path) -> None:
        self.driver = SOFTHSM.library_path
        self.folder = folder
        self.tokens = folder / "tokens"
        self.tokens.mkdir(parents=True)
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(config), "LMAX_PKCS11_MODULE": str(self.driver)}
        self.pin_file = folder / "pin"
        self.tell_pin(PIN)

    def make(self, label: str = LABEL) -> None:
        """A token with that label and our PIN."""
        command = [str(SOFTHSM.path), "--module", str(self.driver), "--init-token", "--free"]
        command += ["--label", label, "--so-pin", "so-4711-so", "--pin", PIN]
        environment = os.environ | self.environment
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    def tell_pin(self, pin: str) -> None:
        """What is told as the PIN from now on; the token keeps its own."""
        self.pin_file.write_text(f"{pin}\n")
        self.pin_file.chmod(0o600)

    def uri(self, key: str = "object=journal", token: str = f"token={LABEL}") -> str:
        """As `--journal-key` takes it."""
        return f"pkcs11:{token};{key}?pin-source=file:{self.pin_file}"

    def take_away(self) -> None:
        """As if it were pulled out; `bring_back` plugs it in again."""
        self.tokens.rename(self.folder / "away")
        self.tokens.mkdir()

    def bring_back(self) -> None:
        self.tokens.rmdir()
        (self.folder / "away").rename(self.tokens)
