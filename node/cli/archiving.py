"""`lmax journal archive` and its neighbours: keeping a journal for years, and getting it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, json_option, key_option

YEARS = 7


def check_range(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """A-B, or one number, as two."""
    if value is None:
        return None
    first, dash, last = value.partition("-")
    last = last if dash else first
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise click.BadParameter(f"{value!r} is not a range of segments such as 3-7")
    return int(first), int(last)


def check_kept(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """NUMBER:HASH, as a checkpoint."""
    from journal.archive.manifest import checkpoint_of

    try:
        return checkpoint_of(value) if value else None
    except ValueError:
        raise click.BadParameter(f"{value!r} is not NUMBER:HASH, as `archive` prints it") from None


def in_days(ctx: click.Context, param: click.Parameter, value: float) -> timedelta:
    return timedelta(days=value)


def store_options[Command: Callable[..., Any]](command: Command) -> Command:
    """--endpoint"""
    return click.option(
        "--endpoint",
        metavar="URL",
        default="",
        envvar="AWS_ENDPOINT_URL_S3",
        help="Of an S3-compatible store that is not Amazon's.",
    )(command)


def retention_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--retention-days"""
    return click.option(
        "--retention-days",
        "retention",
        type=click.FloatRange(1 / 86_400, 36_525),
        default=round(365.2425 * YEARS) + 1,
        show_default=True,
        callback=in_days,
        metavar="DAYS",
        help="How long what is written now must be kept; a lock cannot be made shorter.",
    )(command)


def signing_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--key"""
    return click.option(
        "--key", type=FOLDER, required=True, help="Private key that signs; `archive-key` makes it."
    )(command)


def public_option(required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--public-key"""
    return click.option(
        "--public-key", type=FOLDER, required=required, help="The .pub file of the archive's key."
    )


def kept_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--checkpoint"""
    return click.option(
        "--checkpoint",
        "kept",
        metavar="NUMBER:HASH",
        callback=check_kept,
        help="Of the manifest, kept elsewhere: it tells if entries were cut off since.",
    )(command)


@click.command("archive-key", short_help="Make the key that signs an archive's manifest.")
@click.argument("file", type=FOLDER)
@click.option("--instead-of", "old", type=FOLDER, help="The key that signed so far.")
@click.option("--archive", "target", metavar="FOLDER|s3://BUCKET/PREFIX", help="Where it signed.")
@store_options
@retention_option
@json_option
@guarded
def archive_key(**options: Any) -> Exit:
    """Write a new Ed25519 key to FILE, for its owner only, and the public one to FILE.pub.

    Give FILE.pub to everybody who checks archives; keep FILE where only the archiver reads it. With
    --instead-of and --archive the old key vouches for the new one in the manifest: from then on the
    new one signs, and the archive is still checked with the first one's public key.

    \b
    Example:
      lmax journal archive-key archive.key
      lmax journal archive-key new.key --instead-of archive.key --archive /backup/venue
    """
    from node.cli.archive_verbs import new_key

    return new_key(**options)


@click.command(short_help="Copy full segments and snapshots to where they cannot be changed.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--to", "target", metavar="FOLDER|s3://BUCKET/PREFIX", required=True)
@store_options
@signing_option
@click.option("--tail", is_flag=True, help="Also what the segment in use holds by now.")
@click.option(
    "--lock-mode",
    type=click.Choice(["compliance", "governance"]),
    default="compliance",
    show_default=True,
    help="Of the store's object lock: governance can be lifted by who is allowed to.",
)
@retention_option
@kept_option
@key_option
@json_option
@guarded
def archive(**options: Any) -> Exit:
    """Archive what is not archived yet: compressed, written once, read back, and only then recorded
    in a signed and chained manifest. It may run beside the system, as often as one likes.

    Credentials for S3 come from the environment or the usual profile. The last line is a
    checkpoint: keep it elsewhere. docs/archive.md tells what is where.

    \b
    Example:
      lmax journal archive lmax-data --to /backup/venue --key archive.key
      lmax journal archive lmax-data --to s3://vault/venue --key archive.key --tail
    """
    from node.cli.archive_verbs import archive_journal

    return archive_journal(**options)


@click.command("verify-archive", short_help="Check an archive: manifest, objects, every byte.")
@click.argument("source", metavar="FOLDER|s3://BUCKET/PREFIX")
@store_options
@public_option(required=True)
@kept_option
@click.option("--quick", is_flag=True, help="The manifest, and names and sizes, only.")
@key_option
@json_option
@guarded
def verify_archive(**options: Any) -> Exit:
    """Check every signature and link of the manifest, and that each object is what it says.

    The first bad entry is named (exit code 8). That the end was cut off can only be told with a
    checkpoint that was kept elsewhere.

    \b
    Example:
      lmax journal verify-archive /backup/venue --public-key archive.key.pub
    """
    from node.cli.archive_verbs import check_archive

    return check_archive(**options)


@click.command(short_help="Get a journal back from an archive.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--from", "source", metavar="FOLDER|s3://BUCKET/PREFIX", required=True)
@store_options
@public_option(required=True)
@kept_option
@click.option("--upto", type=click.IntRange(1), metavar="SEQUENCE", help="No segment after it.")
@click.option("--segments", "numbers", metavar="A-B", callback=check_range, help="Only these.")
@key_option
@json_option
@guarded
def restore(**options: Any) -> Exit:
    """Write archived segments and snapshots to the data folder DIR, each checked against the
    manifest and by its own chain. What is there with other bytes is never overwritten.

    \b
    Example:
      lmax journal restore lmax-data --from s3://vault/venue --public-key archive.key.pub
    """
    from node.cli.archive_verbs import restore_journal

    return restore_journal(**options)


@click.command(short_help="Delete local segments that are safe in an archive.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--archive", "target", metavar="FOLDER|s3://BUCKET/PREFIX", required=True)
@store_options
@signing_option
@click.option(
    "--older-than",
    metavar="DAYS",
    type=click.FloatRange(0, 36_525),
    default=30,
    show_default=True,
    callback=in_days,
    help="Days since it was archived.",
)
@click.option(
    "--snapshots",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="N",
    help="What any of the last N good snapshots needs stays.",
)
@click.option(
    "--seen",
    type=click.IntRange(0),
    multiple=True,
    metavar="SEQUENCE",
    help="The last command that a consumer of events has; what it still needs stays.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be deleted.")
@key_option
@json_option
@guarded
def prune(**options: Any) -> Exit:
    """Delete segments here that are archived, old enough, and that no good snapshot needs.

    Each is fetched from the archive and compared before; each deletion is recorded there first.

    \b
    Example:
      lmax journal prune lmax-data --archive /backup/venue --key archive.key
    """
    from node.cli.archive_verbs import prune_journal

    return prune_journal(**options)


@click.command(short_help="Delete from an archive what is past its date.")
@click.argument("target", metavar="FOLDER|s3://BUCKET/PREFIX")
@store_options
@signing_option
@retention_option
@click.option("--dry-run", is_flag=True, help="Only tell what would be deleted.")
@json_option
@guarded
def expire(**options: Any) -> Exit:
    """Delete objects whose date has passed, oldest first, and record each in the manifest.

    A segment goes only if a snapshot that stays stands for all its commands.

    \b
    Example:
      lmax journal expire s3://vault/venue --key archive.key
    """
    from node.cli.archive_verbs import expire_archive

    return expire_archive(**options)


VERBS = [archive_key, archive, verify_archive, restore, prune, expire]
