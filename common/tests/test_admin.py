from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from knox.models import get_token_model

from common.models import IdempotencyRecord
from common.roles import Role
from common.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TOKENS = "/admin/knox/authtoken/"


@pytest.fixture
def superuser() -> Client:
    return client_of(UserFactory.create(is_staff=True, is_superuser=True))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def changed(user: User, **changes: Any) -> dict[str, Any]:
    """Return what the form of a user sends."""
    joined = user.date_joined
    return {
        "username": user.username,
        "is_active": "on",
        "date_joined_0": f"{joined:%Y-%m-%d}",
        "date_joined_1": f"{joined:%H:%M:%S}",
        **changes,
    }


class TestTokens:
    def test_are_listed_by_user_and_never_shown(self, superuser: Client) -> None:
        user = UserFactory.create(username="somebody")
        row, token = get_token_model().objects.create(user=user)

        page = superuser.get(TOKENS)

        assert page.status_code == 200
        text = page.content.decode()
        assert "somebody" in text
        assert token not in text
        assert row.token_key not in text

    def test_none_is_shown_alone_or_made_or_changed(self, superuser: Client) -> None:
        row, _ = get_token_model().objects.create(user=UserFactory.create())

        for page in ("add", f"{row.pk}/change", f"{row.pk}/delete", f"{row.pk}/history"):
            assert superuser.get(f"{TOKENS}{page}/").status_code == 403

    def test_can_be_revoked_after_asking(self, superuser: Client) -> None:
        user = UserFactory.create(username="somebody")
        row, _ = get_token_model().objects.create(user=user)
        asked = {"action": "delete_selected", "_selected_action": row.pk}

        question = superuser.post(TOKENS, asked)
        assert question.status_code == 200
        assert "a token of somebody" in question.content.decode()
        assert get_token_model().objects.exists()

        superuser.post(TOKENS, {**asked, "post": "yes"})
        assert not get_token_model().objects.exists()

    def test_search_finds_them_by_user(self, superuser: Client) -> None:
        get_token_model().objects.create(user=UserFactory.create(username="somebody"))

        assert "somebody" in superuser.get(f"{TOKENS}?q=someb").content.decode()
        assert "1 auth token" not in superuser.get(f"{TOKENS}?q=nobody").content.decode()


class TestUsers:
    def test_an_admin_gives_roles_but_not_everything(self) -> None:
        admin = UserFactory.create(role=Role.ADMIN, is_staff=True)
        group = Group.objects.get(name=Role.RESEARCHER)

        answer = client_of(admin).post(
            f"/admin/auth/user/{admin.pk}/change/",
            changed(admin, is_staff="on", is_superuser="on", groups=[group.pk]),
        )

        admin.refresh_from_db()
        assert answer.status_code == 302
        assert [role.name for role in admin.groups.all()] == [Role.RESEARCHER]
        assert admin.is_superuser is False

    @pytest.mark.parametrize("page", ["change", "password"])
    def test_an_admin_does_not_change_a_superuser(self, page: str) -> None:
        boss = UserFactory.create(is_superuser=True, is_staff=True)
        client = client_of(UserFactory.create(role=Role.ADMIN, is_staff=True))
        before = boss.password

        answer = client.post(
            f"/admin/auth/user/{boss.pk}/{page}/",
            {**changed(boss), "password1": "new pass word", "password2": "new pass word"},
        )

        boss.refresh_from_db()
        assert answer.status_code == 403
        assert (boss.is_superuser, boss.password) == (True, before)

    def test_a_superuser_makes_a_superuser(self, superuser: Client) -> None:
        user = UserFactory.create()

        superuser.post(f"/admin/auth/user/{user.pk}/change/", changed(user, is_superuser="on"))

        user.refresh_from_db()
        assert user.is_superuser is True

    def test_a_new_user_gets_a_password_and_no_power(self, superuser: Client) -> None:
        answer = superuser.post(
            "/admin/auth/user/add/",
            {
                "username": "new",
                "usable_password": "true",
                "password1": "correct horse battery",
                "password2": "correct horse battery",
            },
        )

        assert answer.status_code == 302
        user = User.objects.get(username="new")
        assert user.check_password("correct horse battery")
        assert not (user.is_staff)
        assert not (user.is_superuser)

    def test_roles_are_shown_and_not_changed(self, superuser: Client) -> None:
        group = Group.objects.get(name=Role.VIEWER)

        page = superuser.get(f"/admin/auth/group/{group.pk}/change/")

        assert "Can view run" in page.content.decode()
        assert superuser.get("/admin/auth/group/add/").status_code == 403
        for action in ("change", "delete"):
            answer = superuser.post(f"/admin/auth/group/{group.pk}/{action}/", {"name": "x"})
            assert answer.status_code == 403


class TestIdempotencyRecords:
    def test_show_the_request_and_not_the_answer(self, superuser: Client) -> None:
        record = IdempotencyRecord.objects.create(
            user=UserFactory.create(username="somebody"),
            method="POST",
            path="/api/v1/experiments/",
            key="the-key",
            body_hash="0" * 64,
            status=201,
            headers={"X-Private": "header"},
            body='{"private": "answer"}',
            created_at=datetime.now(UTC),
        )

        for address in ("", f"{record.pk}/change/"):
            page = superuser.get(f"/admin/common/idempotencyrecord/{address}").content.decode()
            assert "/api/v1/experiments/" in page
            assert "somebody" in page
            assert "private" not in page.lower()
