from typing import Any

import pytest

from common.indicators.registry import INDICATORS
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from trading.models import Strategy, StrategyVersion
from trading.services.catalogue import sync_strategies
from trading.strategies.registry import LIBRARY

pytestmark = pytest.mark.django_db

STRATEGIES = "/api/v1/strategies/"


def make(key: str, *versions: dict[str, Any]) -> Strategy:
    strategy = Strategy.objects.create(key=key)
    for number, facts in enumerate(versions):
        StrategyVersion.objects.create(
            strategy=strategy,
            version=str(number + 1),
            source_hash=f"{number:064d}",
            parameters=[],
            **{"contract": "targets", "origin": "library", "summary": "", **facts},
        )
    return strategy


class TestStrategies:
    def test_the_library_is_listed_from_its_rows(self) -> None:
        sync_strategies()

        rows = browser(Role.VIEWER).get(STRATEGIES).json()["results"]

        assert {row["key"] for row in rows} == set(LIBRARY)
        (cross,) = (row for row in rows if row["key"] == "sma_cross")
        (version,) = cross["versions"]
        assert cross["derived_from"] is None
        assert (version["origin"], version["contract"], version["is_present"]) == (
            "library",
            "targets",
            True,
        )
        defaults = {entry["name"]: entry["default"] for entry in version["parameters"]}
        assert defaults == {"fast": 10, "slow": 50, "allow_short": False}

    def test_costs_as_many_queries_for_fifty_rows_as_for_one(self) -> None:
        client = browser(Role.VIEWER)
        make("s0", {}, {})
        for_one = count_queries(client, STRATEGIES)
        for number in range(1, 50):
            make(f"s{number}", {}, {})

        # The session, its user, his permissions and those of his groups, rows, versions.
        assert (for_one, count_queries(client, STRATEGIES)) == (6, 6)

    def test_one_is_found_by_its_key_with_the_newest_version_first(self) -> None:
        make("mine", {"summary": "old"}, {"summary": "new"})

        answer = browser(Role.VIEWER).get(f"{STRATEGIES}mine/")

        assert [version["summary"] for version in answer.json()["versions"]] == ["new", "old"]

    @pytest.mark.parametrize("key", ["theirs", "%00", "UPPER", "a-b"])
    def test_there_is_none_of_another_key(self, key: str) -> None:
        assert browser(Role.VIEWER).get(f"{STRATEGIES}{key}/").status_code == 404

    def test_its_etag_changes_with_its_versions(self) -> None:
        strategy = make("mine", {})
        client, address = browser(Role.VIEWER), f"{STRATEGIES}mine/"
        etag = client.get(address).headers["ETag"]
        unchanged = client.get(address, headers={"If-None-Match": etag})

        strategy.versions.update(is_present=False)
        changed = client.get(address, headers={"If-None-Match": etag})

        assert (unchanged.status_code, changed.status_code) == (304, 200)
        assert changed.json()["versions"][0]["is_present"] is False


class TestFilters:
    @pytest.fixture(autouse=True)
    def rows(self, db: None) -> None:
        make("library_one", {})
        make("own", {"origin": "user", "is_present": False}, {"origin": "library"})
        make("quotes", {"contract": "quotes", "origin": "user"})

    @pytest.mark.parametrize(
        ("query", "keys"),
        [
            ("key=own", {"own"}),
            ("origin=user", {"own", "quotes"}),
            ("contract=quotes", {"quotes"}),
            ("is_present=true", {"library_one", "own", "quotes"}),
            ("is_present=false", {"own"}),
            ("contract=targets&key=own", {"own"}),
            # Of `own`, the version that is the user's is not present.
            ("origin=user&is_present=true", {"quotes"}),
        ],
    )
    def test_each_finds_strategies_with_such_a_version(self, query: str, keys: set[str]) -> None:
        rows = browser(Role.VIEWER).get(f"{STRATEGIES}?{query}").json()["results"]

        assert sorted(row["key"] for row in rows) == sorted(keys)

    @pytest.mark.parametrize("query", ["origin=web", "contract=x", "is_present=2", "name=own"])
    def test_refuses_what_it_would_have_to_ignore(self, query: str) -> None:
        answer = browser(Role.VIEWER).get(f"{STRATEGIES}?{query}")

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


class TestLineage:
    def test_what_it_is_derived_from_is_recorded_under_its_etag(self) -> None:
        parent = make("parent")
        make("child", {}, {})
        client, address = script(Role.ADMIN), f"{STRATEGIES}child/"
        etag = client.get(address).headers["ETag"]

        changed = client.patch(address, {"derived_from": "parent"}, headers={"If-Match": etag})
        stale = client.patch(address, {"derived_from": ""}, headers={"If-Match": etag})

        assert (changed.status_code, changed.json()["derived_from"]) == (200, "parent")
        assert changed.headers["ETag"] == client.get(address).headers["ETag"]
        assert [version["version"] for version in changed.json()["versions"]] == ["2", "1"]
        assert stale.status_code == 412
        assert Strategy.objects.get(key="child").derived_from == parent

    @pytest.mark.parametrize("origin", ["first", "second", "third"])
    def test_a_circle_is_refused(self, origin: str) -> None:
        first = make("first")
        second = Strategy.objects.create(key="second", derived_from=first)
        Strategy.objects.create(key="third", derived_from=second)

        answer = script(Role.ADMIN).patch(f"{STRATEGIES}first/", {"derived_from": origin})

        assert (answer.status_code, answer.json()["code"]) == (409, "circular_lineage")
        first.refresh_from_db()
        assert first.derived_from is None

    @pytest.mark.parametrize("origin", ["nobody", "\0", 7, ["first"], {"key": "first"}])
    def test_an_unknown_origin_is_refused(self, origin: Any) -> None:
        make("first")

        answer = script(Role.ADMIN).patch(
            f"{STRATEGIES}first/", {"derived_from": origin}, format="json"
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")

    @pytest.mark.parametrize("role", Role)
    def test_only_an_admin_may(self, role: Role) -> None:
        make("mine")

        answer = script(role).patch(f"{STRATEGIES}mine/", {"derived_from": None}, format="json")

        assert answer.status_code == (200 if role is Role.ADMIN else 403)

    @pytest.mark.parametrize("method", ["post", "delete"])
    def test_nobody_adds_or_removes_what_mirrors_files(self, method: str) -> None:
        make("mine")
        client = browser(user=UserFactory.create(is_superuser=True))
        address = STRATEGIES if method == "post" else f"{STRATEGIES}mine/"

        assert getattr(client, method)(address, {"key": "theirs"}).status_code == 405
        assert Strategy.objects.count() == 1


class TestIndicators:
    @pytest.mark.parametrize("role", Role)
    def test_every_role_sees_all(self, role: Role) -> None:
        document = browser(role).get("/api/v1/indicators/").json()

        assert [entry["key"] for entry in document["indicators"]] == list(INDICATORS)
        (sma,) = (entry for entry in document["indicators"] if entry["key"] == "sma")
        assert sma == INDICATORS["sma"].describe()

    def test_they_are_for_reading_only(self) -> None:
        client = browser(user=UserFactory.create(is_superuser=True))

        assert client.post("/api/v1/indicators/").status_code == 405
        assert client.options("/api/v1/indicators/").status_code == 200
