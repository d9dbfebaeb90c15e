from typing import Any

import pytest

from common.domain.enums import SeriesKind
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from exchanges.models import Instrument, Series, Venue
from exchanges.tests.stored import make_series

pytestmark = pytest.mark.django_db

LISTS = ("venues", "instruments", "series")


def results(role: Role, address: str) -> list[dict[str, Any]]:
    answer = browser(role).get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


class TestLists:
    @pytest.mark.parametrize("name", LISTS)
    def test_costs_as_many_queries_for_fifty_rows_as_for_one(self, name: str) -> None:
        client = browser(Role.VIEWER)
        make_series(1)
        for_one = count_queries(client, f"/api/v1/{name}/")
        Series.objects.all().delete()
        Instrument.objects.all().delete()
        Venue.objects.all().delete()
        make_series(50)

        # The session, its user, his permissions and those of his groups, the rows.
        assert for_one == 5
        assert count_queries(client, f"/api/v1/{name}/") == 5
        assert len(client.get(f"/api/v1/{name}/").json()["results"]) == 50

    @pytest.mark.parametrize("name", LISTS)
    def test_pages_hold_every_row_once_although_rows_are_added_meanwhile(self, name: str) -> None:
        client = browser(Role.VIEWER)
        before = {row.pk for row in make_series(7)}
        models: dict[str, Any] = {"venues": Venue, "instruments": Instrument, "series": Series}
        wanted = sorted(models[name].objects.values_list("pk", flat=True), reverse=True)

        seen, address = [], f"/api/v1/{name}/?page_size=3"
        while address:
            page = client.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
            newest = Venue.objects.create(code=f"NEW{len(seen)}")
            Instrument.objects.create(venue=newest, symbol="ETH/USDT", market_type="SPOT")

        assert seen == wanted
        assert len(before) == 7

    def test_describes_a_series_by_venue_and_symbol(self) -> None:
        (series,) = make_series(1)

        (row,) = results(Role.VIEWER, "series/")

        assert row == {
            "id": series.pk,
            "venue": "V000",
            "symbol": "BTC/USDT",
            "kind": "bars",
            "timeframe": "1h",
            "rows": 0,
            "start_at": None,
            "end_at": None,
            "gaps": 0,
            "dataset_hash": "",
            "manifest_version": 1,
            "updated_at": series.updated_at.isoformat().replace("+00:00", "Z"),
        }

    def test_writes_sizes_as_exact_text(self) -> None:
        make_series(1)

        (row,) = results(Role.VIEWER, "instruments/")

        assert (row["lot"], row["tick"], row["min_notional"]) == ("0.00000001", "0.01", None)


class TestFilters:
    @pytest.fixture(autouse=True)
    def rows(self) -> None:
        _, other = make_series(2)
        Venue.objects.filter(code="V001").update(is_synthetic=True)
        Instrument.objects.filter(venue__code="V001").update(
            symbol="ETH/USDT:USDT", market_type="LINEAR_PERPETUAL"
        )
        other.kind, other.timeframe = SeriesKind.FUNDING, ""
        other.save()

    @pytest.mark.parametrize(
        ("address", "venue"),
        [
            ("venues/?code=V000", "V000"),
            ("venues/?is_synthetic=true", "V001"),
            ("venues/?is_synthetic=False", "V000"),
            ("instruments/?venue=V000", "V000"),
            ("instruments/?symbol=ETH/USDT:USDT", "V001"),
            ("instruments/?market_type=SPOT", "V000"),
            ("series/?venue=V001", "V001"),
            ("series/?symbol=BTC/USDT", "V000"),
            ("series/?kind=funding", "V001"),
            ("series/?timeframe=1h", "V000"),
            ("series/?timeframe=1h&venue=V000", "V000"),
        ],
    )
    def test_each_finds_its_row(self, address: str, venue: str) -> None:
        found = results(Role.VIEWER, address)

        assert [row.get("venue", row.get("code")) for row in found] == [venue]

    @pytest.mark.parametrize(
        "address",
        [
            "venues/?name=x",
            "venues/?is_synthetic=maybe",
            "instruments/?venu=V000",
            "instruments/?market_type=FUTURE",
            "series/?kind=candles",
            "series/?timeframe=7m",
            "series/?symbol=%00",
            "series/?page_size=0",
        ],
    )
    def test_refuses_what_it_would_have_to_ignore(self, address: str) -> None:
        answer = browser(Role.VIEWER).get(f"/api/v1/{address}")

        assert answer.status_code == 400
        assert answer.json()["code"] == "validation_error"
        assert list(answer.json()["extra"]["fields"]) == [
            address.split("?")[1].split("=", maxsplit=1)[0]
        ]


class TestDetails:
    @pytest.mark.parametrize("name", LISTS)
    def test_an_unchanged_one_is_not_sent_again(self, name: str) -> None:
        make_series(1)
        client = browser(Role.VIEWER)
        address = f"/api/v1/{name}/{client.get(f'/api/v1/{name}/').json()['results'][0]['id']}/"

        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

        assert first.status_code == 200
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("number", ["0", "99999999999999999999", "-1", "abc"])
    def test_there_is_none_of_another_number(self, name: str, number: str) -> None:
        answer = browser(Role.VIEWER).get(f"/api/v1/{name}/{number}/")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestChanges:
    def test_the_name_of_a_venue_is_changed_under_its_etag(self) -> None:
        make_series(1)
        venue = Venue.objects.get()
        client, address = script(Role.ADMIN), f"/api/v1/venues/{venue.pk}/"
        etag = client.get(address).headers["ETag"]

        changed = client.patch(
            address, {"name": "Better", "code": "HACKED"}, headers={"If-Match": etag}
        )
        stale = client.patch(address, {"name": "Worse"}, headers={"If-Match": etag})

        assert (changed.status_code, changed.json()["name"]) == (200, "Better")
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert changed.headers["ETag"] == client.get(address).headers["ETag"] != etag
        venue.refresh_from_db()
        assert (venue.code, venue.name) == ("V000", "Better")

    def test_the_sizes_of_an_instrument_are_changed_to_the_digit(self) -> None:
        make_series(1)
        address = f"/api/v1/instruments/{Instrument.objects.get().pk}/"

        answer = script(Role.TRADER).patch(
            address,
            {"lot": "0.000000000000000001", "tick": None, "min_notional": "5"},
            format="json",
        )

        assert answer.status_code == 200
        instrument = Instrument.objects.get()
        assert str(instrument.lot) == "1E-18"
        assert (instrument.tick, instrument.min_notional) == (None, 5)

    @pytest.mark.parametrize("lot", ["0", "-0.1", "NaN", 0.1, None, "1e-19", "x", {}])
    def test_a_size_that_no_order_can_respect_is_refused(self, lot: Any) -> None:
        make_series(1)
        address = f"/api/v1/instruments/{Instrument.objects.get().pk}/"

        answer = script(Role.TRADER).patch(address, {"lot": lot}, format="json")

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
        assert list(answer.json()["extra"]["fields"]) == ["lot"]
        assert str(Instrument.objects.get().lot) == "1E-8"

    @pytest.mark.parametrize(
        ("name", "change", "allowed"),
        [
            ("venues", {"name": "x"}, {Role.ADMIN}),
            ("instruments", {"tick": "0.5"}, {Role.TRADER, Role.ADMIN}),
            ("series", {"rows": 1}, set()),
        ],
    )
    @pytest.mark.parametrize("role", Role)
    def test_only_some_roles_may(
        self, name: str, change: dict[str, str], allowed: set[Role], role: Role
    ) -> None:
        make_series(1)
        client = script(role)
        number = client.get(f"/api/v1/{name}/").json()["results"][0]["id"]

        answer = client.patch(f"/api/v1/{name}/{number}/", change)

        assert answer.status_code == (200 if role in allowed else 403)

    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("method", ["post", "delete"])
    def test_nobody_adds_or_removes_what_mirrors_the_store(self, name: str, method: str) -> None:
        make_series(1)
        client = browser(user=UserFactory.create(is_superuser=True))
        number = client.get(f"/api/v1/{name}/").json()["results"][0]["id"]
        address = f"/api/v1/{name}/" if method == "post" else f"/api/v1/{name}/{number}/"

        assert getattr(client, method)(address).status_code == 405
        assert Series.objects.count() == 1

    @pytest.mark.parametrize("method", ["put", "patch"])
    def test_nobody_changes_a_series(self, method: str) -> None:
        (series,) = make_series(1)
        client = browser(user=UserFactory.create(is_superuser=True))

        answer = getattr(client, method)(f"/api/v1/series/{series.pk}/", {"rows": 9})

        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
