"""Help, versions, and what is refused before anything is done."""

import subprocess
import sys
from pathlib import Path

import pytest

from journal.schema import FORMAT
from lmax.rules import RULES
from lmax.schema import RECORD_FORMAT
from node import compatibility
from node.cli.errors import Failure, explain
from node.cli.exits import MEANING, Exit
from replicator.greeting import PROTOCOL
from tests.cli.driving import COMMAND, environment, inside, lmax

VERBS = [
    ["run"], ["replay"], ["journal"], ["journal", "ls"], ["journal", "verify"],
    ["journal", "dump"], ["journal", "replay"], ["ledger"], ["ledger", "check"],
    ["identity"], ["identity", "new"], ["identity", "show"],
    ["node"], ["status"], ["promote"], ["demote"], ["cluster"], ["cluster", "init"],
    ["cluster", "force"],
]  # fmt: skip


def test_the_help_of_every_verb_has_an_example():
    """In one process, as an interpreter takes longer to start than the help to print."""
    script = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from node.cli.main import cli\n"
        f"for verb in {VERBS!r}:\n"
        "    shown = CliRunner().invoke(cli, [*verb, '--help'])\n"
        "    assert shown.exit_code == 0, verb\n"
        "    assert f\"Example:\\n  \" in shown.output and 'lmax ' in shown.output, verb\n"
        "    assert '-h, --help' in shown.output, verb\n"
        "print('numpy' in sys.modules, 'psycopg' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "False"], "help loads the engine"


def test_help_names_the_verbs_and_the_exit_codes():
    done = inside("--help")
    assert done.code == 0
    for verb in ("run", "replay", "journal", "ledger", "node", "status", "promote", "cluster"):
        assert f"\n  {verb} " in done.output
    for code, meaning in MEANING.items():
        assert f"{code}  {meaning}" in done.output


def test_the_version_is_told():
    done = lmax("--version")
    assert done.code == 0
    told = f"rules {RULES}, records {RECORD_FORMAT}, journal {FORMAT}, link {PROTOCOL}, snapshots "
    assert done.output.startswith(f"lmax {compatibility.release()}; {told}")


def test_every_exit_code_has_a_meaning():
    assert set(MEANING) == set(Exit)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--for", "-1"], "-1 is not a time"),
        (["run", "--for", "nan"], "nan is not a time"),
        (["run", "--rate", "0"], "--rate"),
        (["run", "--dsn", "host=x no_such_option=1"], "no_such_option"),
        (["run", "--layout", "sideways"], "sideways"),
        (["replay", "file"], "--format"),
        (["replay", "file", "--format", "itch", "--book", "file"], "--book"),
        (["journal", "dump", "folder", "--from", "0"], "--from"),
        (["nonsense"], "nonsense"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(arguments: list[str], told: str):
    done = inside(*arguments)
    assert done.code == 2
    assert told in done.errors
    assert done.output == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_folder_that_is_a_file_is_told_in_one_line(tmp_path: Path, as_json: bool):
    (tmp_path / "file").write_text("no folder")
    done = lmax("run", "--dir", tmp_path / "file", *(["--json"] if as_json else []))
    assert done.code == 3
    told = f"{tmp_path / 'file'}: not a folder"
    assert told in done.errors
    assert "Traceback" not in done.errors
    if as_json:
        assert told in done.json["error"]
        assert done.json["exit_code"] == 3


def test_the_traceback_is_there_for_whoever_asks(tmp_path: Path):
    done = lmax("journal", "ls", tmp_path, LMAX_DEBUG="1")
    assert done.code == 3
    assert "Traceback" in done.errors


def test_a_reader_that_has_seen_enough_is_no_error(traded: tuple):
    """As `lmax journal dump | head -1`."""
    command = [*COMMAND, "journal", "dump", str(traded[0])]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as dump:
        assert dump.stdout is not None
        assert dump.stderr is not None
        assert dump.stdout.readline().split()[0] == b"1"
        dump.stdout.close()
        assert dump.stderr.read() == b""
    assert dump.returncode == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Failure(Exit.INPUT, "a file"), Exit.INPUT),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (OSError(28, "No space left on device"), Exit.CORE),
        (PermissionError(13, "Permission denied", "/x"), Exit.JOURNAL),
        (ZeroDivisionError("a\nb"), Exit.DEFECT),
    ],
)
def test_every_error_has_its_code_and_one_line(error: BaseException, code: Exit):
    found, message = explain(error)
    assert found == code
    assert "\n" not in message
