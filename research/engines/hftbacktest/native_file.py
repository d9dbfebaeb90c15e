"""A person's own hftbacktest function: found in its file, given what it takes."""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numba
from numba.core.dispatcher import Dispatcher

from research.domain.backtest import NativeRequest
from research.engines.exceptions import InvalidNativeStrategy
from research.engines.hftbacktest.errors import translated
from research.engines.literals import read_literal

_MODULE: Final = "assay_native_hftbacktest"
# What examples of the library call the recorder.
_RECORDERS: Final = frozenset({"rec", "recorder", "stat"})


@contextmanager
def load_function(request: NativeRequest) -> Iterator[Callable[..., Any]]:
    """Return the function of a file; its module can be imported inside this block only.

    Raises
    ------
    InvalidNativeStrategy
        If the file has no function of that name.
    EngineFailed
        If the file itself raises.
    """
    path, name = request.path, request.class_name
    spec = spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InvalidNativeStrategy(f"{path} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[_MODULE] = module
    try:
        with translated():
            spec.loader.exec_module(module)
        yield _compilable(module, name, path)
    finally:
        sys.modules.pop(_MODULE, None)


def _compilable(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if isinstance(found, Dispatcher):
        # Compiled anew for the backtest that is observed, with the options it was given.
        return numba.njit(found.py_func, **_options(found))
    if inspect.isfunction(found):
        return numba.njit(found)
    raise InvalidNativeStrategy(f"{path.name} holds no function named {name}", name=name)


def _options(function: Any) -> dict[str, Any]:
    return {name: value for name, value in function.targetoptions.items() if name != "nopython"}


def arguments_of(
    function: Any, request: NativeRequest, *, hbt: Any, make_recorder: Callable[[], Any]
) -> tuple[Any, ...]:
    """Return what the function takes, in its order: backtest, recorder if asked for, values.

    Raises
    ------
    InvalidNativeStrategy
        If it takes no backtest, or other values than there are.
    """
    parameters = list(inspect.signature(function.py_func).parameters.values())
    if not parameters:
        raise InvalidNativeStrategy(f"{request.class_name} takes no backtest")
    first, *others = parameters
    supplied = {first.name: hbt} | {
        each.name: make_recorder() for each in others if each.name in _RECORDERS
    }
    values = supplied | {name: read_literal(value) for name, value in request.params.items()}
    unknown = sorted(set(request.params) - {each.name for each in others})
    missing = [
        each.name
        for each in others
        if each.name not in values and each.default is inspect.Parameter.empty
    ]
    if unknown or missing:
        raise InvalidNativeStrategy(
            f"{request.class_name} takes {', '.join(each.name for each in others) or 'nothing'}"
            f" beside the backtest; unknown: {', '.join(unknown) or 'none'}; missing:"
            f" {', '.join(missing) or 'none'}",
            names=[*unknown, *missing],
        )
    return tuple(values.get(each.name, each.default) for each in parameters)
