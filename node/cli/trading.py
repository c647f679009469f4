"""What `lmax run` does."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from journal.files import Journal
from journal.snapshots import SUFFIX, snapshot_folder
from ledger.errors import ServerError, ServerInUse
from ledger.server import EmbeddedPostgres
from node.cli.exits import Exit
from node.cli.feeder import Feeder
from node.cli.market import market_of
from node.cli.session import Means, opened, report, result_of
from node.cli.stopping import Stop
from node.snapshots import Every
from node.system import database_folder
from node.view.watch import watching


@dataclass(frozen=True)
class Plan(Means):
    """The options of `lmax run`."""

    seconds: float
    rate: float
    seed: int
    accounts: int | None
    instruments: int | None
    shown: str | None
    fresh: bool
    timer: float
    checkpoints: float
    orders: str
    snapshot_every: Every


def trade(plan: Plan) -> Exit:
    """Run the generated market; the exit code."""
    stop = Stop()
    if plan.fresh:
        wipe(plan.directory)
    with opened(plan, stop) as system:
        market = market_of(
            system,
            seed=plan.seed,
            accounts=plan.accounts,
            instruments=plan.instruments,
            varied=plan.orders == "varied",
        )
        feeder = Feeder(system.core, market, plan.rate, plan.seconds, stop)
        with watching(
            system, stop, plain=plan.plain or plan.json, seconds=plan.seconds, instrument=plan.shown
        ) as watch:
            if plan.timer:
                system.core.start_timer(plan.timer)
            if plan.checkpoints:
                system.core.start_checkpoints(plan.checkpoints)
            if plan.snapshot_every:
                system.core.start_snapshots(plan.snapshot_every)
            feeder.start()
            while feeder.is_alive():
                watch.look()
                feeder.join(watch.pause)
            if feeder.error:
                raise feeder.error
            watch.phase = "finishing"
            outcome = system.finish(plan.patience, watch.look)
        result = result_of(
            outcome,
            system,
            ring_full=feeder.ring_full,
            seed=plan.seed,
            interrupted=stop.asked,
            dir=str(plan.directory),
        )
    return report(result, plan.json)


def wipe(directory: Path) -> None:
    """Delete the journal, its snapshots and the embedded database of a folder that nobody uses.

    Raises JournalLocked, ServerInUse.
    """
    folder = directory / "journal"
    if folder.is_dir():
        with Journal(folder):
            for path in folder.glob("*.segment"):
                path.unlink()
            for path in snapshot_folder(folder).glob(f"*{SUFFIX}*"):
                path.unlink()
    if database_folder(directory).is_dir():
        _destroy(EmbeddedPostgres(database_folder(directory)))
        shutil.rmtree(database_folder(directory))


def _destroy(server: EmbeddedPostgres) -> None:
    try:
        server.start()  # takes it from whoever died and left it running
    except ServerInUse:
        raise
    except ServerError:
        pass  # a cluster that cannot start is one more reason to delete it
    server.destroy()
