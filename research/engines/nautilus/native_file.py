"""A person's own NautilusTrader strategy: found in its file, made with its parameters."""

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
from nautilus_trader.common.config import msgspec_decoding_hook
from nautilus_trader.config import StrategyConfig
from nautilus_trader.trading.strategy import Strategy

from research.domain.backtest import NativeRequest
from research.engines.exceptions import InvalidNativeStrategy
from research.engines.nautilus.errors import translated
from research.engines.nautilus.venue import Traded
from trading.strategies.parameters import Value

_MODULE: Final = "assay_native_nautilus"


@contextmanager
def load_strategy(request: NativeRequest, traded: Traded) -> Iterator[Strategy]:
    """Return the strategy of a file; its module can be imported inside this block only.

    Raises
    ------
    InvalidNativeStrategy
        If the file has no such strategy, or its config does not take these parameters.
    EngineFailed
        If the file or the strategy's constructor raises.
    """
    module = _module(request.path)
    sys.modules[_MODULE] = module
    try:
        with translated():
            _execute(module)
        kind = _strategy_class(module, request.class_name, request.path)
        config = _config_class(module, kind)
        with translated():
            strategy = kind(_configure(config, request.params, traded)) if config else kind()
        yield strategy
    finally:
        sys.modules.pop(_MODULE, None)


def _module(path: Path) -> ModuleType:
    spec = spec_from_file_location(_MODULE, path)
    if spec is None or not path.is_file():
        raise InvalidNativeStrategy(f"{path} is not a Python file")
    return module_from_spec(spec)


def _execute(module: ModuleType) -> None:
    loader = module.__spec__.loader if module.__spec__ else None
    if loader is not None:
        loader.exec_module(module)


def _strategy_class(module: ModuleType, name: str, path: Path) -> type[Any]:
    kind = getattr(module, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise InvalidNativeStrategy(
            f"{path.name} holds no NautilusTrader Strategy named {name}", name=name
        )
    return kind


def _config_class(module: ModuleType, kind: type[Any]) -> type[Any] | None:
    """Return the class of the constructor's `config`, by annotation or by name.

    Raises
    ------
    InvalidNativeStrategy
        If neither names one.
    """
    parameters = list(inspect.signature(kind).parameters.values())
    if not parameters:
        return None
    annotation = parameters[0].annotation
    named = annotation if isinstance(annotation, str) else f"{kind.__name__}Config"
    for found in (annotation, getattr(module, named, None)):
        if isinstance(found, type) and issubclass(found, StrategyConfig):
            return found
    raise InvalidNativeStrategy(
        f"{kind.__name__} takes {parameters[0].name}, but names no StrategyConfig for it: annotate"
        f" it, or call the class {kind.__name__}Config",
        name=kind.__name__,
    )


def _configure(config: type[Any], params: Mapping[str, Value], traded: Traded) -> Any:
    fields = set(config.__struct_fields__)
    unknown = sorted(set(params) - fields)
    if unknown:
        raise InvalidNativeStrategy(
            f"{config.__name__} has no {', '.join(unknown)}; it has"
            f" {', '.join(sorted(fields - set(StrategyConfig.__struct_fields__)))}",
            names=[*unknown],
        )
    supplied = {"instrument_id": traded.id, "bar_type": traded.bar_type}
    values = {name: value for name, value in supplied.items() if name in fields} | dict(params)
    try:
        return msgspec.convert(values, config, strict=False, dec_hook=_convert)
    except (msgspec.ValidationError, TypeError, ValueError) as e:
        raise InvalidNativeStrategy(f"{config.__name__} does not take these: {e}") from e


def _convert(kind: type[Any], value: Any) -> Any:
    return value if isinstance(value, kind) else msgspec_decoding_hook(kind, value)
