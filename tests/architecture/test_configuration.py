"""Every key of the configuration is read somewhere."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from platform_site.configuration import CONFIG_FILE, PlatformConfig, load_configuration
from tests.architecture.test_files import production_sources


def keys() -> Iterator[str]:
    for section, field in PlatformConfig.model_fields.items():
        assert field.annotation is not None
        for key in field.annotation.model_fields:
            yield f"{section}.{key}"


def unread(names: Iterable[str], sources: Iterable[Path]) -> list[str]:
    text = "\n".join(path.read_text() for path in sources)
    return [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]


def test_every_key_is_read_by_some_module() -> None:
    sources = [path for path in production_sources() if path.name != "configuration.py"]
    # gunicorn.py and management/arguments.py bind a section to a name of their own.
    aliases = {"web.": "_web.", "backtest.": "defaults."}
    names = [*keys()]
    missing = [
        name
        for name in unread(names, sources)
        if not any(
            name.startswith(prefix) and not unread([name.replace(prefix, alias)], sources)
            for prefix, alias in aliases.items()
        )
    ]

    assert missing == []


def test_a_key_that_nobody_reads_is_found() -> None:
    assert unread(["api.no_such_key"], production_sources()) == ["api.no_such_key"]


def test_the_file_that_ships_is_valid() -> None:
    assert load_configuration(Path(CONFIG_FILE)).web.port == 8000
