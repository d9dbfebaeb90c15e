"""The form of every management command: arguments, one service, one result."""

import argparse
import json
import sys
from abc import abstractmethod
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError

from common.domain.errors import ExternalError, InvalidArgument, InvalidPeriod, PlatformError
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import parse_utc, to_ns
from common.domain.timeframe import Timeframe


class DatabaseUnavailable(ExternalError):
    """The database is locked, full, or cannot be reached."""

    code = "database_unavailable"


class PlatformCommand(BaseCommand):
    """A command that prints one result, for people or as one JSON document.

    With `--json` stdout carries exactly one document and nothing else. Exit
    status 0 is success, 1 a failure, 2 wrong arguments; an anticipated failure
    is one line on stderr (and its JSON on stdout), a traceback only with
    `--traceback`.
    """

    requires_system_checks = []  # The checks import every view; a command needs none of them.

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add `--json` to every command."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.error = partial(_refuse, parser.error)  # type: ignore[method-assign]
        return parser

    @abstractmethod
    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do the work and return its result as JSON values."""

    @abstractmethod
    def render(self, document: dict[str, Any]) -> str:
        """Return the result as text for a person."""

    def exit_status(self, document: dict[str, Any]) -> int:  # noqa: ARG002 - for those that can fail
        """Return the exit status of a result that was obtained."""
        return 0

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run the command and print its result.

        Raises
        ------
        PlatformError
            With `--traceback` only; else it is printed and becomes the exit status.
        OperationalError
            Likewise.
        """
        try:
            document = self.execute_command(options)
        except PlatformError as error:
            if options["traceback"]:
                raise
            self._fail(error, as_json=options["json"])
        except OperationalError as error:
            if options["traceback"]:
                raise
            self._fail(DatabaseUnavailable(str(error).strip()), as_json=options["json"])
        else:
            self._print(
                json.dumps(document, allow_nan=False) if options["json"] else self.render(document)
            )
            status = self.exit_status(document)
            if status:
                sys.exit(status)

    def _print(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _fail(self, error: PlatformError, *, as_json: bool) -> NoReturn:
        if as_json:
            document = {"code": error.code, "detail": error.detail, "extra": error.extra}
            self._print(json.dumps(document))
        self.stderr.write(f"{error.code}: {error.detail}")
        sys.exit(error.exit_status)


def _refuse(say: Callable[[str], NoReturn], message: str) -> NoReturn:
    """Say what is wrong with the arguments, as the one document too where that was asked for."""
    if "--json" in sys.argv:
        document = {"code": InvalidArgument.code, "detail": message, "extra": {}}
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()
    say(message)


def positive_decimal(text: str) -> Decimal:
    """Read an option that must be a positive number.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is not.
    """
    try:
        value = Decimal(text)
    except InvalidOperation as e:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from e
    if not (value.is_finite() and value > 0):
        raise argparse.ArgumentTypeError(f"{text} must be positive")
    return value


def add_instrument_arguments(parser: CommandParser) -> None:
    """Add the options that name an instrument."""
    parser.add_argument("--venue", help="venue, such as BINANCE; may be part of the instrument")
    parser.add_argument(
        "--instrument", required=True, help="ccxt symbol, such as BTC/USDT or BTC/USDT.BINANCE"
    )


def add_series_arguments(parser: CommandParser) -> None:
    """Add the options that name a series of bars."""
    add_instrument_arguments(parser)
    parser.add_argument("--timeframe", required=True, help=" ".join(Timeframe))


def add_period_arguments(parser: CommandParser) -> None:
    """Add the options that bound a period."""
    parser.add_argument("--start", help="first open time, ISO-8601, UTC if no zone is given")
    parser.add_argument("--end", help="end of the period, not part of it")


def instrument_id(options: dict[str, Any]) -> InstrumentId:
    """Return the instrument that the options name.

    Raises
    ------
    InvalidInstrument
        If they name none.
    """
    return InstrumentId.parse(options["instrument"], options["venue"])


def series_key(options: dict[str, Any]) -> SeriesKey:
    """Return the series of bars that the options name.

    Raises
    ------
    InvalidArgument
        If they name none.
    """
    return SeriesKey.bars(instrument_id(options), Timeframe.parse(options["timeframe"]))


def period_ns(options: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return the bounds of the period in nanoseconds since 1970 UTC, None where open.

    Raises
    ------
    InvalidPeriod
        If it ends before it starts.
    InvalidArgument
        If a bound is not a time.
    """
    start, end = (
        to_ns(parse_utc(options[name])) if options[name] else None for name in ("start", "end")
    )
    if start is not None and end is not None and start >= end:
        raise InvalidPeriod(
            f"the period ends at {options['end']}, not after its start {options['start']}"
        )
    return start, end


def columns(rows: list[list[str]]) -> str:
    """Return rows of text as aligned columns, the first row being the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
