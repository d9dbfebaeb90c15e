from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from exchanges.models import Instrument, Series, Venue
from exchanges.tests.stored import make_series, store_bars

pytestmark = pytest.mark.django_db

MODELS = ("venue", "instrument", "series")


@pytest.fixture
def superuser() -> Client:
    return browser(user=UserFactory.create(is_staff=True, is_superuser=True))


@pytest.fixture
def viewer() -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


class TestPages:
    # The session, its user, the count, the rows; where there is a filter by venue, its choices;
    # a filter by what is in a column asks for its values.
    @pytest.mark.parametrize(("model", "cost"), [("venue", 5), ("instrument", 6), ("series", 6)])
    def test_a_list_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, model: str, cost: int
    ) -> None:
        client = browser(user=UserFactory.create(is_staff=True, is_superuser=True))
        make_series(1)
        for_one = count_queries(client, f"/admin/exchanges/{model}/")
        Series.objects.all().delete()
        Instrument.objects.all().delete()
        Venue.objects.all().delete()
        make_series(50)

        assert count_queries(client, f"/admin/exchanges/{model}/") == for_one == cost

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("query", ["", "?q=BTC", "?o=1", "?o=-4", "?o=5.6", "?e=1"])
    def test_lists_are_searched_and_sorted(
        self, superuser: Client, model: str, query: str
    ) -> None:
        make_series(2)

        page = superuser.get(f"/admin/exchanges/{model}/{query}", follow=True)

        assert page.status_code == 200

    def test_sizes_are_written_with_their_digits(self, superuser: Client) -> None:
        make_series(1)

        page = superuser.get("/admin/exchanges/instrument/").content.decode()

        assert ">0.00000001<" in page.replace("\n", "").replace(" ", "")
        assert ">0.01<" in page.replace("\n", "").replace(" ", "")

    @pytest.mark.parametrize("model", MODELS)
    def test_a_viewer_looks_and_does_not_touch(self, viewer: Client, model: str) -> None:
        (series,) = make_series(1)
        row = {"venue": series.instrument.venue, "instrument": series.instrument, "series": series}
        address = f"/admin/exchanges/{model}/{row[model].pk}"

        assert viewer.get(f"{address}/change/").status_code == 200
        assert viewer.post(f"{address}/change/", {"name": "x"}).status_code == 403
        assert viewer.get(f"{address}/delete/").status_code == 403
        assert viewer.get(f"/admin/exchanges/{model}/add/").status_code == 403

    @pytest.mark.parametrize("model", MODELS)
    def test_nobody_adds_or_removes_what_mirrors_the_store(
        self, superuser: Client, model: str
    ) -> None:
        (series,) = make_series(1)
        row = {"venue": series.instrument.venue, "instrument": series.instrument, "series": series}
        address = f"/admin/exchanges/{model}"

        assert superuser.get(f"{address}/add/").status_code == 403
        assert superuser.post(f"{address}/{row[model].pk}/delete/").status_code == 403
        superuser.post(
            f"{address}/",
            {"action": "delete_selected", "_selected_action": row[model].pk, "post": "yes"},
        )
        assert Series.objects.exists()
        assert Venue.objects.exists()


class TestInstrument:
    def test_its_sizes_are_changed(self, superuser: Client) -> None:
        make_series(1)
        address = f"/admin/exchanges/instrument/{Instrument.objects.get().pk}/change/"

        form = superuser.get(address).content.decode()
        answer = superuser.post(address, {"lot": "0.001", "tick": "", "min_notional": "5"})

        assert 'value="0.00000001"' in form
        assert answer.status_code == 302
        instrument = Instrument.objects.get()
        assert (instrument.lot, instrument.tick) == (Decimal("0.001"), None)

    @pytest.mark.parametrize("lot", ["0", "-1", "NaN", "", "1e-19"])
    def test_a_size_that_no_order_can_respect_is_refused(
        self, superuser: Client, lot: str
    ) -> None:
        make_series(1)
        address = f"/admin/exchanges/instrument/{Instrument.objects.get().pk}/change/"

        answer = superuser.post(address, {"lot": lot, "tick": "", "min_notional": ""})

        assert answer.status_code == 200
        assert Instrument.objects.get().lot == Decimal("1e-8")


class TestSeries:
    def test_shows_its_latest_bars(
        self, superuser: Client, settings: Settings, tmp_path: Path
    ) -> None:
        stored = store_bars(settings, tmp_path)

        page = superuser.get(f"/admin/exchanges/series/{stored.series.pk}/change/")

        text = page.content.decode()
        assert text.index("2024-03-01T00:00:00Z") < text.index("2024-01-31T22:00:00Z")

    def test_a_damaged_store_is_a_message(
        self, superuser: Client, settings: Settings, tmp_path: Path
    ) -> None:
        stored = store_bars(settings, tmp_path)
        for file in stored.store.root.rglob("*.parquet"):
            file.write_bytes(b"nonsense")

        page = superuser.get(f"/admin/exchanges/series/{stored.series.pk}/change/")

        assert page.status_code == 200
        assert ".parquet" in page.content.decode()
        assert "Latest bars" not in page.content.decode()

    def test_one_of_something_else_shows_none(self, superuser: Client) -> None:
        (series,) = make_series(1)
        Series.objects.update(kind="funding", timeframe="")

        page = superuser.get(f"/admin/exchanges/series/{series.pk}/change/")

        assert page.status_code == 200
