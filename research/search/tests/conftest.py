"""Each test has a database and a folder of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg
import pytest

from research.search.addresses import Address, JournalFolder, PostgresAddress


@pytest.fixture
def database() -> Iterator[PostgresAddress]:
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL: run under tests.servers")
        pytest.skip("no PostgreSQL: run under tests.servers")
    name = f"search_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        parts = urlsplit(server)
        yield PostgresAddress(
            dbname=name,
            host=parts.hostname or "",
            port=str(parts.port or ""),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def journals(tmp_path: Path) -> JournalFolder:
    return JournalFolder(tmp_path / "studies")


@pytest.fixture(params=["database", "journals"])
def address(request: pytest.FixtureRequest) -> Address:
    found: Address = request.getfixturevalue(request.param)
    return found
