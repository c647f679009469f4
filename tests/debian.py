"""Programs from packages of the machine's Debian or Ubuntu, unpacked into a folder of the checkout.

Nothing is installed on the machine and nobody has to be root; apt checks the signatures. What the
packages need themselves must be there, which for libraries as common as these it is.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 300


@dataclass(frozen=True)
class DebianPackages:
    """Some packages of one version.

    folder: to unpack them into; program, library: their paths in it, "" where no library is
    wanted; places: where else the library is, when the machine has it with the program on PATH.
    """

    name: str
    version: str
    packages: tuple[str, ...]
    folder: Path
    program: str
    library: str = ""
    places: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[Path, Path] | None:
        """Program and library of the machine, if it has both, or the program where one does."""
        program = shutil.which(Path(self.program).name)
        if program and not self.library:
            return Path(program), Path()
        for place in self.places:
            library = Path(place, Path(self.library).name)
            if program and library.is_file():
                return Path(program), library
        return None

    @property
    def path(self) -> Path:
        """Of the program."""
        return self.own[0] if self.own else self.folder / self.program

    @property
    def library_path(self) -> Path:
        return self.own[1] if self.own else self.folder / self.library

    def build(self) -> None:
        """Unpack them. RuntimeError says why that cannot be done."""
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise RuntimeError(f"{self.name} is taken from Debian's packages; install it yourself")
        half = self.folder.with_name(f".{self.folder.name}-{os.getpid()}")
        half.mkdir()
        try:
            self._fetch(half)
            for package in sorted(half.glob("*.deb")):
                run("dpkg-deb", "-x", package, half, folder=half)
                package.unlink()
            run(half / self.program, "--version", folder=half)
            if self.library and not (half / self.library).is_file():
                raise RuntimeError(f"Debian's packages brought no {self.library}")
            half.rename(self.folder)
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def _fetch(self, folder: Path) -> None:
        """By the machine's lists of packages, or by lists of our own where it has none."""
        wanted = [f"{package}={self.version}*" for package in self.packages]
        try:
            run("apt-get", "-q", "download", *wanted, folder=folder)
        except RuntimeError:
            state = folder / "apt"
            (state / "lists" / "partial").mkdir(parents=True)
            own = ["-o", f"Dir::State={state}", "-o", f"Dir::Cache={state}"]
            own += ["-o", "Dir::State::status=/var/lib/dpkg/status"]
            run("apt-get", "-q", *own, "update", folder=folder)
            run("apt-get", "-q", *own, "download", *wanted, folder=folder)
            shutil.rmtree(state)


def run(*command: str | Path, folder: Path) -> None:
    """RuntimeError with the program's last line if it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{command[0]}: {error}") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise RuntimeError(f"{Path(command[0]).name} {command[1]}: {lines[-1]}")
