import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from research.search.addresses import JournalFolder, PostgresAddress
from research.search.exceptions import SearchStorageOutdated, SearchStorageUnavailable
from research.search.study import Study
from research.search.tests.making import plan, search


def connect(address: PostgresAddress) -> psycopg.Connection:
    words = {"dbname": address.dbname, "host": address.host, "port": address.port}
    secret = {"user": address.user, "password": address.password}
    given = {name: word for name, word in (words | secret).items() if word}
    return psycopg.connect(make_conninfo("", **given), autocommit=True)


class TestPostgres:
    def test_keeps_its_tables_in_a_schema_of_their_own(self, database: PostgresAddress) -> None:
        Study.open(database, "own", plan()).close()

        with connect(database) as connection:
            found = connection.execute(
                "SELECT schemaname, count(*) FROM pg_tables WHERE schemaname NOT IN"
                " ('pg_catalog', 'information_schema') GROUP BY 1"
            ).fetchall()
        assert [schema for schema, _ in found] == ["optuna"]

    def test_lets_go_of_its_connections(self, database: PostgresAddress) -> None:
        with Study.open(database, "closed", plan()) as study, connect(database) as connection:
            count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            study.ask(5, chunk=0)
            held = connection.execute(count).fetchone()
            study.close()
            left = connection.execute(count).fetchone()

        assert (held, left) == ((2,), (1,))

    def test_goes_on_with_a_new_connection_where_one_was_cut(
        self, database: PostgresAddress
    ) -> None:
        with Study.open(database, "cut", plan()) as study, connect(database) as connection:
            search(study, 10)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

            assert [one.number for one in study.ask(2, chunk=1)] == [10, 11]

    def test_needs_no_right_to_make_a_schema_that_is_there(
        self, database: PostgresAddress
    ) -> None:
        Study.open(database, "granted", plan()).close()
        role = f"only_{database.dbname}"
        with connect(database) as connection:
            connection.execute(f"CREATE ROLE {role}")
            poor = replace(database, options={"options": f"-c role={role}"})
            try:
                with pytest.raises(SearchStorageUnavailable, match="no schema"):
                    Study.open(poor, "granted", plan())
                connection.execute(f"GRANT USAGE ON SCHEMA optuna TO {role}")
                connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA optuna TO {role}")
                connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA optuna TO {role}")
                with Study.open(poor, "granted", plan()) as study:
                    assert len(study.ask(3, chunk=0)) == 3
            finally:
                connection.execute(f"DROP OWNED BY {role}")
                connection.execute(f"DROP ROLE {role}")

    def test_refuses_tables_of_another_release(self, database: PostgresAddress) -> None:
        Study.open(database, "old", plan()).close()
        with connect(database) as connection:
            connection.execute("UPDATE optuna.alembic_version SET version_num = 'v2.6.0.a'")

        with pytest.raises(SearchStorageOutdated, match=r"version v2\.6\.0\.a, this Optuna needs"):
            Study.open(database, "old", plan())

    def test_says_that_there_is_no_server(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
            nowhere = PostgresAddress(
                dbname="x", host="127.0.0.1", port=port, user="u", password="s3cr{e}t@:/%"
            )

            with pytest.raises(SearchStorageUnavailable, match="refused") as caught:
                Study.open(nowhere, "nowhere", plan())

        assert caught.value.retryable
        assert "s3cr" not in str(caught.value)
        assert "s3cr" not in repr(nowhere)

    def test_says_that_the_database_has_gone(self, database: PostgresAddress) -> None:
        with Study.open(database, "gone", plan()) as study, connect(database) as connection:
            connection.execute("DROP SCHEMA optuna CASCADE")

            with pytest.raises(SearchStorageUnavailable, match="relation"):
                study.ask(1, chunk=0)


class TestJournalFolder:
    def test_says_that_the_disk_refuses(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(SearchStorageUnavailable, match="file"):
            Study.open(JournalFolder(tmp_path / "file"), "nowhere", plan())


class TestImports:
    def test_need_no_optuna_to_check_what_is_asked(self) -> None:
        names = ["exceptions", "methods", "space", "plan", "pareto", "addresses"]
        modules = ", ".join(f"research.search.{name}" for name in names)
        heavy = "{'optuna', 'sqlalchemy', 'django'} & set(sys.modules)"

        done = subprocess.run(
            [sys.executable, "-c", f"import sys, {modules}; print({heavy})"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        )

        assert done.stdout.strip() == "set()"
