"""Every strategy by its key: the library, and what a user's folder adds."""

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Final

from common.domain.errors import InvalidArgument
from trading.strategies.base import Contract, Definition, Strategy
from trading.strategies.parameters import Value
from trading.strategies.quoting import QuotingStrategy
from trading.strategies.source import source_hash
from trading.strategies.user_folder import BrokenStrategy, UserStrategies, load_user_strategies

_LIBRARY: Final = "trading.strategies.library"
LIBRARY: Final = {
    "bollinger_reversion": f"{_LIBRARY}.bollinger_reversion.BollingerReversion",
    "buy_and_hold": f"{_LIBRARY}.buy_and_hold.BuyAndHold",
    "donchian_breakout": f"{_LIBRARY}.donchian_breakout.DonchianBreakout",
    "ema_adx": f"{_LIBRARY}.ema_adx.EmaAdx",
    "quote_both_sides": f"{_LIBRARY}.quote_both_sides.QuoteBothSides",
    "rsi_reversion": f"{_LIBRARY}.rsi_reversion.RsiReversion",
    "sma_cross": f"{_LIBRARY}.sma_cross.SmaCross",
    "vol_target_momentum": f"{_LIBRARY}.vol_target_momentum.VolTargetMomentum",
}


class UnknownStrategy(InvalidArgument):
    """A key that neither the library nor the folder has."""

    code = "unknown_strategy"


class WrongContract(InvalidArgument):
    """A strategy that quotes where targets are needed, or the other way round."""

    code = "wrong_contract"

    def __init__(self, definition: Definition, wanted: Contract) -> None:
        super().__init__(
            f"strategy {definition.key} answers with {definition.contract}, not with {wanted}",
            strategy=definition.key,
            contract=str(definition.contract),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyDescription:
    """What a list shows of a strategy.

    Parameters
    ----------
    parameters
        For each its name, type, default and bounds, as JSON values.
    warm_up
        Bars before the period at the default parameters; 0 where it quotes.
    origin
        `library` or `user`.
    """

    key: str
    version: str
    summary: str
    source_hash: str
    contract: Contract
    parameters: list[dict[str, Value | list[Value]]]
    warm_up: int
    origin: str


@dataclass(frozen=True, slots=True)
class StrategyList:
    """All strategies sorted by key, and the files of the folder that give none."""

    strategies: tuple[StrategyDescription, ...]
    problems: tuple[BrokenStrategy, ...]


def get_definition(key: str, folder: Path | None = None) -> Definition:
    """Return the strategy of that key, whatever its contract.

    Parameters
    ----------
    key
        Name in the library, or in the folder.
    folder
        Where users keep their strategies. Its files are run, but only for a key that
        the library does not have.

    Raises
    ------
    UnknownStrategy
        If there is none; the message names those that are spelt alike.
    BrokenStrategy
        If a file of the folder names the key but gives no strategy.
    """
    if key in LIBRARY:
        return _from_library(key)
    users = _users(folder)
    if key in users.strategies:
        return users.strategies[key]
    for problem in users.problems:
        if key in problem.keys or key == problem.path.stem:
            raise problem
    near = get_close_matches(key, [*LIBRARY, *users.strategies])
    raise UnknownStrategy(
        f"unknown strategy {key!r}; {_hint(near, users)}", strategy=key, near=[*near]
    )


def get_strategy(key: str, folder: Path | None = None) -> Strategy:
    """Return the strategy of that key, which answers with targets; see `get_definition`.

    Raises
    ------
    UnknownStrategy
        If there is none.
    BrokenStrategy
        If a file of the folder names the key but gives no strategy.
    WrongContract
        If it quotes.
    """
    definition = get_definition(key, folder)
    if not isinstance(definition, Strategy):
        raise WrongContract(definition, Contract.TARGETS)
    return definition


def get_quoting_strategy(
    key: str, folder: Path | None = None
) -> QuotingStrategy[tuple[float, ...]]:
    """Return the strategy of that key, which answers with quotes; see `get_definition`.

    Raises
    ------
    UnknownStrategy
        If there is none.
    BrokenStrategy
        If a file of the folder names the key but gives no strategy.
    WrongContract
        If it has targets.
    """
    definition = get_definition(key, folder)
    if not isinstance(definition, QuotingStrategy):
        raise WrongContract(definition, Contract.QUOTES)
    return definition


def list_strategies(folder: Path | None = None) -> StrategyList:
    """Return what a list shows of every strategy; the files of the folder are run."""
    users = _users(folder)
    described = [describe(_from_library(key), "library") for key in LIBRARY]
    described += [describe(definition, "user") for definition in users.strategies.values()]
    return StrategyList(
        strategies=tuple(sorted(described, key=lambda description: description.key)),
        problems=users.problems,
    )


def describe(definition: Definition, origin: str) -> StrategyDescription:
    """Return what a list shows of one strategy; `origin` is `library` or `user`."""
    warm_up = 0
    if isinstance(definition, Strategy):
        warm_up = definition.warm_up(definition.admit({}))
    return StrategyDescription(
        key=definition.key,
        version=definition.version,
        summary=definition.summary,
        source_hash=source_hash(definition),
        contract=definition.contract,
        parameters=[{"name": p.name, **p.describe()} for p in definition.parameters],
        warm_up=warm_up,
        origin=origin,
    )


def _from_library(key: str) -> Definition:
    module, _, name = LIBRARY[key].rpartition(".")
    kind: type[Definition] = getattr(import_module(module), name)
    return kind()


def _users(folder: Path | None) -> UserStrategies:
    if folder is None:
        return UserStrategies({}, ())
    return load_user_strategies(folder, reserved=LIBRARY)


def _hint(near: list[str], users: UserStrategies) -> str:
    known = sorted([*LIBRARY, *users.strategies])
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    # The key may stand in a file that could not be read far enough to find it.
    broken = [problem.path.name for problem in users.problems]
    return f"{hint} (broken files: {', '.join(broken)})" if broken else hint
