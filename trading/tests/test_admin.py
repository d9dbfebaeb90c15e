import pytest
from django.test import Client

from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from trading.models import Strategy, StrategyVersion
from trading.services.catalogue import sync_strategies

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser() -> Client:
    return browser(user=UserFactory.create(is_staff=True, is_superuser=True))


def add_versions(count: int) -> None:
    for number in range(count):
        strategy = Strategy.objects.create(
            key=f"s{number}", derived_from=Strategy.objects.order_by("pk").last()
        )
        StrategyVersion.objects.create(
            strategy=strategy, version="1", source_hash="0" * 64, parameters=[]
        )


class TestPages:
    @pytest.mark.parametrize(("model", "cost"), [("strategy", 5), ("strategyversion", 7)])
    def test_a_list_costs_as_many_queries_for_fifty_rows_as_for_two(
        self, model: str, cost: int
    ) -> None:
        client = browser(user=UserFactory.create(is_staff=True, is_superuser=True))
        add_versions(2)
        for_two = count_queries(client, f"/admin/trading/{model}/")
        StrategyVersion.objects.all().delete()
        Strategy.objects.update(derived_from=None)
        Strategy.objects.all().delete()
        add_versions(50)

        assert count_queries(client, f"/admin/trading/{model}/") == for_two == cost

    def test_details_are_shown(self, superuser: Client) -> None:
        sync_strategies()
        cross = Strategy.objects.get(key="sma_cross")

        page = superuser.get(f"/admin/trading/strategy/{cross.pk}/change/")
        version = superuser.get(
            f"/admin/trading/strategyversion/{cross.versions.get().pk}/change/"
        )

        assert cross.versions.get().source_hash in page.content.decode()
        assert "allow_short" in version.content.decode()

    @pytest.mark.parametrize("model", ["strategy", "strategyversion"])
    def test_nobody_adds_or_removes_what_mirrors_files(
        self, superuser: Client, model: str
    ) -> None:
        add_versions(1)
        row = {"strategy": Strategy, "strategyversion": StrategyVersion}[model]._default_manager
        address = f"/admin/trading/{model}"

        assert superuser.get(f"{address}/add/").status_code == 403
        assert superuser.post(f"{address}/{row.get().pk}/delete/").status_code == 403
        assert row.exists()

    def test_a_viewer_looks_and_does_not_touch(self) -> None:
        add_versions(1)
        viewer = browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))
        address = f"/admin/trading/strategy/{Strategy.objects.get().pk}/change/"

        assert viewer.get(address).status_code == 200
        assert viewer.post(address, {"derived_from": ""}).status_code == 403


class TestLineage:
    def inline(self) -> dict[str, str]:
        return {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}

    def test_is_recorded(self, superuser: Client) -> None:
        parent = Strategy.objects.create(key="parent")
        child = Strategy.objects.create(key="child")

        answer = superuser.post(
            f"/admin/trading/strategy/{child.pk}/change/",
            {"derived_from": str(parent.pk), **self.inline()},
        )

        child.refresh_from_db()
        assert (answer.status_code, child.derived_from) == (302, parent)

    def test_a_circle_is_refused_with_its_sentence(self, superuser: Client) -> None:
        parent = Strategy.objects.create(key="parent")
        child = Strategy.objects.create(key="child", derived_from=parent)

        answer = superuser.post(
            f"/admin/trading/strategy/{parent.pk}/change/",
            {"derived_from": str(child.pk), **self.inline()},
        )

        parent.refresh_from_db()
        assert (answer.status_code, parent.derived_from) == (200, None)
        assert "which is of its own lineage" in answer.content.decode()
