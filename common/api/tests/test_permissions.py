import pytest
from django.contrib.auth.models import Group, Permission, User
from rest_framework.test import APIClient

from common.api.tests.conftest import ClientFor
from common.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("common.api.tests.site")]

CLOSED = ["/api/v1/undeclared/", "/api/v1/undeclared-set/"]


def user_with(*codenames: str) -> User:
    user = UserFactory.create()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


class TestModelPermissions:
    @pytest.mark.parametrize("path", ["/api/v1/groups/", *CLOSED, "/api/v1/fail/bug/"])
    def test_admit_nobody_unknown(self, client: APIClient, path: str) -> None:
        assert client.get(path).status_code == 401

    @pytest.mark.parametrize("path", CLOSED)
    def test_close_a_view_that_declares_nothing(self, token_client: ClientFor, path: str) -> None:
        everything = UserFactory.create(is_superuser=True)

        assert token_client(everything).get(path).status_code == 403

    @pytest.mark.parametrize(
        ("method", "codename", "status"),
        [
            ("get", "view_group", 200),
            ("head", "view_group", 200),
            ("put", "change_group", 200),
            ("patch", "change_group", 200),
            ("delete", "delete_group", 204),
        ],
    )
    def test_ask_for_what_the_method_does(
        self, token_client: ClientFor, method: str, codename: str, status: int
    ) -> None:
        path = f"/api/v1/optional-groups/{Group.objects.create(name='g').pk}/"
        others = {"view_group", "add_group", "change_group", "delete_group"} - {codename}

        body = {"name": "h"} if method in {"put", "patch"} else None

        refused = getattr(token_client(user_with(*others)), method)(path, body)
        admitted = getattr(token_client(user_with(codename)), method)(path, body)

        assert refused.status_code == 403
        assert admitted.status_code == status

    def test_ask_an_action_for_what_it_declares(self, token_client: ClientFor) -> None:
        path = f"/api/v1/optional-groups/{Group.objects.create(name='g').pk}/rename/"

        refused = token_client(user_with("add_group", "view_group")).post(path, {"name": "h"})
        admitted = token_client(user_with("change_group")).post(path, {"name": "h"})

        assert (refused.status_code, admitted.status_code) == (403, 200)

    def test_an_empty_declaration_admits_every_user(self, token_client: ClientFor) -> None:
        assert token_client(user_with()).get("/api/v1/fail/conflict/").status_code == 409
