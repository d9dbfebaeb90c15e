"""`demo`: the main job from end to end on a fresh machine."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from tqdm import tqdm

from common.commands import PlatformCommand, columns
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from common.first_admin import ensure_admin
from exchanges.selectors.market_data import open_store
from research.domain.demo import DemoBars
from research.engines.registry import list_engines
from research.management.stopping import stoppable
from research.selectors.metrics import format_metric
from research.selectors.runs import describe_run
from research.services import demo, demo_bars
from trading.services.catalogue import sync_strategies

_COLUMNS = (
    ("total_return", "net return", "percent"),
    ("benchmark_return", "buy and hold", "percent"),
    ("fees", "costs", "number"),
    ("sharpe", "Sharpe", "number"),
    ("max_drawdown", "max drawdown", "percent"),
    ("n_round_trips", "round trips", "count"),
)


class Command(PlatformCommand):
    """Bars, checks, every strategy on every installed engine for bars, the ledger."""

    help = "Get bars, check them, run every strategy on every engine, show the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the user's own file."""
        parser.add_argument("--bars", type=Path, metavar="FILE", help="your own file of bars")
        parser.add_argument(
            "--instrument", help="what the file holds, SYMBOL.VENUE; its name by default"
        )
        parser.add_argument("--timeframe", help="its timeframe; the smallest step by default")
        parser.add_argument("--no-funding", action="store_true", help="leave funding out")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do the whole job.

        Raises
        ------
        InvalidArgument
            If a file is described and none is given.
        Interrupted
            On SIGINT or SIGTERM.
        """
        if (options["timeframe"] or options["instrument"]) and not options["bars"]:
            raise InvalidArgument(
                "--instrument and --timeframe describe the file of --bars, and there is none"
            )
        with stoppable("what was fetched and run is kept, the next demo goes on from there"):
            return self._do(options)

    def _do(self, options: dict[str, Any]) -> dict[str, Any]:
        store, clock = open_store(), SystemClock()
        admin_made = ensure_admin(Path(settings.VAR) / "admin-password")
        sync_strategies()
        bars = self._bars(options, store)
        self._say(f"using {bars.sentence}")
        quality = demo.check(bars=bars, store=store)
        engines = [engine for engine in list_engines() if engine.capabilities["bars"]]
        questions = demo.questions(
            bars,
            [engine.name for engine in engines if engine.installed],
            funding=not options["no_funding"],
        )
        runs = [
            demo.find_or_run(question=question, store=store, clock=clock)
            for question in tqdm(questions, desc="runs", disable=None)
        ]
        web = settings.PLATFORM.web
        return {
            "source": bars.source,
            "sentence": bars.sentence,
            "series": str(bars.key),
            "quality": quality.describe(),
            "engines": [engine.name for engine in engines if engine.installed],
            "missing_engines": [engine.describe() for engine in engines if not engine.installed],
            "runs": [
                {**describe_run(done.run, with_fills=False), "was_known": done.was_known}
                for done in runs
            ],
            "admin_url": f"http://{web.host}:{web.port}/admin/",
            "admin_password_file": str(Path(settings.VAR) / "admin-password"),
            "admin_made": admin_made,
        }

    def render(self, document: dict[str, Any]) -> str:
        """Return the result as a table."""
        rows = [["strategy", "engine", *(label for _, label, _ in _COLUMNS), "trials", "run"]]
        for run in document["runs"]:
            metrics = run["metrics"]
            cells = [format_metric(metrics.get(name), form) for name, _, form in _COLUMNS]
            known = " (known)" if run["was_known"] else ""
            rows.append([
                run["strategy"]["key"],
                run["engine"]["name"],
                *cells,
                str(run["trials"]),
                f"{run['run_id']} {run['status'].lower()}{known}",
            ])
        quality = document["quality"]
        findings = "; ".join(finding["sentence"] for finding in quality["findings"])
        known = sum(run["was_known"] for run in document["runs"])
        admin = (
            f"admin: {document['admin_url']} after `make dev`, user admin, password in"
            f" {document['admin_password_file']}"
        )
        missing = [
            f"engine {engine['name']} is not installed: {engine['install']}"
            for engine in document["missing_engines"]
        ]
        return "\n".join([
            f"{document['series']}: {document['sentence']}",
            f"{quality['rows']:,} bars checked, {findings or 'nothing is wrong'}",
            "",
            columns(rows),
            "",
            *_failures(document["runs"]),
            *missing,
            f"{len(document['runs']) - known} new runs, {known} found in the ledger",
            admin,
        ])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 unless there were runs and all succeeded."""
        statuses = {run["status"] for run in document["runs"]}
        return 0 if statuses == {RunStatus.SUCCEEDED} else 1

    def _bars(self, options: dict[str, Any], store: SeriesStore) -> DemoBars:
        if options["bars"]:
            instrument, timeframe = options["instrument"], options["timeframe"]
            return demo_bars.from_file(
                store=store,
                path=options["bars"],
                instrument=InstrumentId.parse(instrument) if instrument else None,
                timeframe=Timeframe.parse(timeframe) if timeframe else None,
            )
        stored = demo_bars.stored(store=store)
        if stored is not None:
            return stored
        with tqdm(desc="bars", unit=" bars", disable=None) as bar:

            def show(settled: int, missing: int) -> None:
                bar.total = missing
                bar.update(settled - bar.n)

            return demo_bars.from_best_source(
                store=store, clock=SystemClock(), say=self._say, progress=show
            )

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, self.style.NOTICE)


def _failures(runs: list[dict[str, Any]]) -> list[str]:
    """Return each reason once, with the runs that have it."""
    numbers: dict[str, list[str]] = {}
    for run in runs:
        if "code" in run:
            reason = f"{run['status'].lower()}, {run['code']}: {run['detail']}"
            numbers.setdefault(reason, []).append(str(run["run_id"]))
    return [f"run {', '.join(having)} {reason}" for reason, having in numbers.items()]
