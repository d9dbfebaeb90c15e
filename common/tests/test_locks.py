import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from common.locks import LockUnavailable, locked, try_lock

ON_SQLITE = connection.vendor == "sqlite"
WORKERS = 4
ROUNDS = 5


def in_threads(work: Callable[[], None]) -> None:
    """Run the work in several threads at once, each with a connection of its own."""
    barrier = threading.Barrier(WORKERS)

    def run() -> None:
        barrier.wait(timeout=10)
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(run) for _ in range(WORKERS)]:
            done.result(timeout=30)


@pytest.mark.both_databases
class TestLockedRows:
    @pytest.mark.django_db(transaction=True)
    def test_lose_no_update_of_several_writers(self) -> None:
        counter = Group.objects.create(name="0")

        def count() -> None:
            for _ in range(ROUNDS):
                with transaction.atomic():
                    row = locked(Group.objects.filter(pk=counter.pk)).get()
                    row.name = str(int(row.name) + 1)
                    row.save()

        in_threads(count)

        counter.refresh_from_db()
        assert counter.name == str(WORKERS * ROUNDS)

    @pytest.mark.django_db(transaction=True)
    def test_are_refused_outside_a_transaction(self) -> None:
        with pytest.raises(LockUnavailable, match="outside a transaction"):
            locked(Group.objects.all())

    @pytest.mark.django_db
    def test_lock_the_models_own_rows_only(self) -> None:
        query = str(locked(Group.objects.all()).query)

        assert ("FOR UPDATE OF" in query) is not ON_SQLITE


@pytest.mark.both_databases
class TestNamedLocks:
    @pytest.mark.django_db(transaction=True)
    def test_are_refused_outside_a_transaction(self) -> None:
        with pytest.raises(LockUnavailable, match="outside a transaction"):
            try_lock("name")

    @pytest.mark.django_db(transaction=True)
    def test_are_held_by_one_transaction_at_a_time(self) -> None:
        inside: list[int] = []
        most: list[int] = []

        def enter() -> None:
            for _ in range(ROUNDS):
                with transaction.atomic():
                    if try_lock("name"):
                        inside.append(1)
                        most.append(len(inside))
                        # A round trip, so that the others get their turn while this one holds it.
                        Group.objects.count()
                        inside.pop()

        in_threads(enter)

        assert most
        assert max(most) == 1


@pytest.mark.skipif(ON_SQLITE, reason="another transaction cannot even begin there")
class TestNamedLocksOnPostgresql:
    @pytest.mark.django_db(transaction=True)
    def test_are_free_again_after_the_transaction(self) -> None:
        seen: list[bool] = []

        def look() -> None:
            with transaction.atomic():
                seen.append(try_lock("name"))
            connection.close()

        with transaction.atomic():
            assert try_lock("name")
            assert try_lock("name")
            with ThreadPoolExecutor(1) as pool:
                pool.submit(look).result(timeout=10)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(look).result(timeout=10)

        assert seen == [False, True]


@pytest.mark.both_databases
@pytest.mark.django_db
class TestDeferredTransactions:
    def test_are_refused_on_sqlite_where_they_lock_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")

        if ON_SQLITE:
            with pytest.raises(LockUnavailable, match="DEFERRED"):
                locked(Group.objects.all())
        else:
            assert "FOR UPDATE" in str(locked(Group.objects.all()).query)
