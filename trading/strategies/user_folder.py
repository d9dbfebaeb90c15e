"""Strategies of users: one file each, in a folder that the platform only reads."""

import re
import sys
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Final, override

from common.domain.errors import InvalidInput
from trading.strategies.base import Definition
from trading.strategies.contract import first_fault

_KEY: Final = re.compile(r"^\s+key\b[^=\n]*=\s*[\"'](\w+)[\"']", re.MULTILINE)


class BrokenStrategy(InvalidInput):
    """A file of the folder that gives no strategy; the others are not touched by it.

    Parameters
    ----------
    path, line
        Where it is wrong.
    reason
        What is wrong.
    keys
        The keys the file names, as far as they can be read without running it.
    """

    code = "broken_strategy"

    def __init__(self, path: Path, line: int, *, reason: str, keys: Collection[str] = ()) -> None:
        super().__init__(f"{path}:{line}: {reason}", file=str(path), line=line, reason=reason)
        self.path = path
        self.line = line
        self.reason = reason
        self.keys = frozenset(keys)


@dataclass(frozen=True, slots=True)
class UserStrategies:
    """What a folder holds: the strategies by key, and the files that give none."""

    strategies: dict[str, Definition]
    problems: tuple[BrokenStrategy, ...]


def load_user_strategies(folder: Path, *, reserved: Collection[str] = ()) -> UserStrategies:
    """Run every `*.py` file of a folder and return the strategies they define.

    Parameters
    ----------
    folder
        Where users keep their strategies; one that does not exist holds none. Files
        whose names begin with `_` or `.` are passed over, and folders within it.
    reserved
        Keys that belong to the platform.

    Returns
    -------
    UserStrategies
        Sorted by key, and the problems by file. Where two files claim one key neither
        is taken: which of them runs must not depend on a file's name.

    Notes
    -----
    The files run with all rights of this process. They are for the terminal and the
    compute children; the web process never calls this.
    """
    loaded: list[_Loaded] = []
    problems: list[BrokenStrategy] = []
    for path in sorted(folder.glob("[!_.]*.py")):
        try:
            loaded.append(_load(path, reserved))
        except BrokenStrategy as e:
            problems.append(e)
    claims = Counter(file.definition.key for file in loaded)
    problems += [
        _claimed_twice(file, loaded) for file in loaded if claims[file.definition.key] > 1
    ]
    unique = {f.definition.key: f.definition for f in loaded if claims[f.definition.key] == 1}
    return UserStrategies(
        strategies=dict(sorted(unique.items())),
        problems=tuple(sorted(problems, key=lambda problem: problem.path)),
    )


@dataclass(frozen=True, slots=True)
class _Loaded:
    path: Path
    line: int
    definition: Definition


class _KeptSource(SourceLoader):
    # Runs the very bytes that are hashed, and never a compiled copy from the disk,
    # which can be older than the file by less than its time stamp shows.
    def __init__(self, path: Path, source: bytes) -> None:
        self._path = path
        self._source = source

    @override
    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    @override
    def get_data(self, path: str) -> bytes:
        return self._source


def _load(path: Path, reserved: Collection[str]) -> _Loaded:
    try:
        source = path.read_bytes()
    except OSError as e:
        raise BrokenStrategy(path, 1, reason=f"cannot be read: {e.strerror}") from e
    text = source.decode(errors="replace")
    keys = _KEY.findall(text)
    # A user's file may raise anything, and may even ask the process to end: whatever it
    # is, it is this file's fault and must not take the others down.
    try:
        kind = _only_strategy(_execute(path, source), path, text)
        fault = first_fault(kind)
        definition = None if fault else kind()
    except BrokenStrategy:
        raise
    except (Exception, SystemExit) as e:
        line, reason = _cause(e, path)
        raise BrokenStrategy(path, line, reason=reason, keys=keys) from e
    line = _class_line(text, kind)
    if definition is not None and definition.key in reserved:
        fault = f"key {definition.key!r} belongs to the platform's own library"
    if definition is None or fault:
        raise BrokenStrategy(path, line, reason=fault or "", keys=keys)
    return _Loaded(path, line, definition)


def _execute(path: Path, source: bytes) -> ModuleType:
    name = f"user_strategy_{path.stem}_{sha256(str(path).encode() + source).hexdigest()[:16]}"
    loader = _KeptSource(path, source)
    spec = spec_from_loader(name, loader, origin=str(path))
    if spec is None:
        raise ImportError(f"no module can be made of {path.name}")
    module = module_from_spec(spec)
    # Dataclasses and pickle look a class's module up by name.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _only_strategy(module: ModuleType, path: Path, text: str) -> type[Definition]:
    kinds = list(
        dict.fromkeys(
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, Definition)
            and value.__module__ == module.__name__
            and not value.__name__.startswith("_")
        )
    )
    if not kinds:
        raise BrokenStrategy(path, 1, reason="defines no subclass of Strategy")
    if len(kinds) > 1:
        names = ", ".join(kind.__name__ for kind in kinds)
        raise BrokenStrategy(
            path,
            _class_line(text, kinds[1]),
            reason=f"defines {len(kinds)} strategies, must be one: {names}",
            keys=_KEY.findall(text),
        )
    return kinds[0]


def _claimed_twice(file: _Loaded, loaded: list[_Loaded]) -> BrokenStrategy:
    key = file.definition.key
    others = [o.path.name for o in loaded if o.definition.key == key and o.path != file.path]
    reason = f"key {key!r} is also that of {', '.join(others)}"
    return BrokenStrategy(file.path, file.line, reason=reason, keys=[key])


def _class_line(text: str, kind: type[Definition]) -> int:
    match = re.search(rf"^\s*class\s+{kind.__name__}\b", text, re.MULTILINE)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _cause(error: BaseException, path: Path) -> tuple[int, str]:
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1, f"{type(error).__name__}: {error.msg}"
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(path)
    ]
    return (lines[-1] if lines else 1), reason
