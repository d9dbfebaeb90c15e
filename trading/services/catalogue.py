"""Rows of strategies: what the library and the configured folder hold, by version."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from trading.models import Strategy, StrategyVersion
from trading.strategies import registry
from trading.strategies.base import Contract, Definition
from trading.strategies.base import Strategy as StrategyCode
from trading.strategies.quoting import QuotingStrategy
from trading.strategies.registry import (
    StrategyDescription,
    StrategyList,
    UnknownStrategy,
    WrongContract,
)


def load_strategy(key: str) -> StrategyCode:
    """Return the code of a strategy of the library or of the configured folder.

    Raises
    ------
    UnknownStrategy
        If there is none.
    BrokenStrategy
        If its file gives none.
    WrongContract
        If it quotes where targets are needed.
    """
    return registry.get_strategy(key, Path(settings.STRATEGY_FOLDER))


@transaction.atomic
def sync_strategies() -> StrategyList:
    """Make the rows say which strategies are present, and return the listing.

    The web process lists rows: it never runs the code of a strategy.
    """
    listing = registry.list_strategies(Path(settings.STRATEGY_FOLDER))
    present = [_record(description).pk for description in listing.strategies]
    StrategyVersion.objects.filter(pk__in=present, is_present=False).update(is_present=True)
    StrategyVersion.objects.exclude(pk__in=present).update(is_present=False)
    return listing


def load_any_strategy(key: str) -> StrategyCode | QuotingStrategy[tuple[float, ...]]:
    """Return the code of a strategy, whether it has targets or quotes.

    Raises
    ------
    UnknownStrategy, BrokenStrategy
        As `load_strategy`.
    WrongContract
        If it answers with neither.
    """
    definition = registry.get_definition(key, Path(settings.STRATEGY_FOLDER))
    if isinstance(definition, StrategyCode | QuotingStrategy):
        return definition
    raise WrongContract(definition, Contract.TARGETS)


def record_version(strategy: Definition) -> StrategyVersion:
    """Return the row of the strategy's present source, made the first time it is run."""
    origin = "library" if strategy.key in registry.LIBRARY else "user"
    return _record(registry.describe(strategy, origin))


def record_native_version(*, key: str, engine: str, source_hash: str) -> StrategyVersion:
    """Return the row of a person's own strategy file of an engine.

    Nobody can choose it from a list: it runs at the terminal, from its file alone.
    """
    return _record(
        StrategyDescription(
            key=key,
            version="1",
            summary=f"A strategy file of {engine}",
            source_hash=source_hash,
            contract=Contract.NATIVE,
            parameters=[],
            warm_up=0,
            origin="native",
        )
    )


def record_described(description: StrategyDescription) -> StrategyVersion:
    """Return the row of a strategy's source that another process has loaded."""
    return _record(description)


def present_version(key: str) -> StrategyVersion:
    """Return the row of a strategy that is present, without running a user's code.

    A strategy of the library is recorded if it is not yet; those of users are once
    `sync_strategies` has listed them.

    Raises
    ------
    UnknownStrategy
        If no row of that key is present.
    """
    rows = StrategyVersion.objects.select_related("strategy")
    row = rows.filter(strategy__key=key, is_present=True).order_by("-pk").first()
    if row is not None:
        return row
    if key in registry.LIBRARY:
        return record_version(registry.get_definition(key))
    raise UnknownStrategy(
        f"unknown strategy {key!r}; sync_strategies lists what the library and the configured"
        " folder hold",
        strategy=key,
    )


@transaction.atomic
def _record(description: StrategyDescription) -> StrategyVersion:
    strategy, _ = Strategy.objects.get_or_create(key=description.key)
    version, _ = StrategyVersion.objects.get_or_create(
        strategy=strategy,
        version=description.version,
        source_hash=description.source_hash,
        defaults={
            "contract": description.contract,
            "summary": description.summary,
            "origin": description.origin,
            "parameters": description.parameters,
            "is_present": description.contract is not Contract.NATIVE,
        },
    )
    # The caller needs the key too; it is known, and saves a query.
    version.strategy = strategy
    return version
