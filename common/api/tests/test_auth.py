from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils.dateparse import parse_datetime
from knox.models import AuthToken
from rest_framework.test import APIClient

from common.tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("common.api.tests.site")]

LOGIN = "/api/v1/auth/login/"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ATTEMPTS = 5


@pytest.fixture
def user(db: None) -> User:
    return UserFactory.create()


def login(name: str, password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    body = {"username": name, "password": password}
    return APIClient().post(LOGIN, body, format="json", REMOTE_ADDR=address)


def basic(name: str, password: str = PASSWORD) -> Any:
    pair = b64encode(f"{name}:{password}".encode()).decode()
    return APIClient().post(LOGIN, headers={"Authorization": f"Basic {pair}"})


def client_of(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def is_admitted(token: str) -> bool:
    # The view is closed by what the user may not do, not by who he is.
    return bool(client_of(token).get("/api/v1/fail/conflict/").status_code == 409)


class TestLogin:
    @pytest.mark.parametrize("send", [login, basic])
    def test_gives_a_token_that_admits(self, user: User, send: Any) -> None:
        response = send(user.username)

        assert response.status_code == 200
        assert is_admitted(response.json()["token"])
        assert response.headers["Cache-Control"] == "no-store"
        user.refresh_from_db()
        assert user.last_login is not None

    def test_keeps_a_hash_of_the_token_only(self, user: User) -> None:
        token = login(user.username).json()["token"]

        row = AuthToken.objects.get()
        assert token not in {row.digest, row.token_key}
        assert len(row.digest) == 128

    def test_gives_a_token_that_expires(self, user: User) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            answer = login(user.username).json()

            assert parse_datetime(answer["expiry"]) == NOW + timedelta(days=30)
            clock.move_to(NOW + timedelta(days=30))
            assert is_admitted(answer["token"])
            clock.move_to(NOW + timedelta(days=30, microseconds=1))
            assert not is_admitted(answer["token"])

    @pytest.mark.parametrize("send", [login, basic])
    def test_does_not_say_which_of_the_two_was_wrong(self, user: User, send: Any) -> None:
        wrong, unknown = send(user.username, "wrong"), send("nobody", PASSWORD)

        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert wrong.json() == unknown.json()
        assert wrong.json()["code"] == "authentication_failed"
        assert wrong.headers["WWW-Authenticate"].startswith("Basic")

    def test_refuses_a_user_who_is_not_active(self) -> None:
        user = UserFactory.create(is_active=False)

        assert login(user.username).status_code == 401

    @pytest.mark.parametrize(
        "body", [{}, {"username": "a"}, [], "text", {"username": [], "password": {}}]
    )
    def test_refuses_a_body_without_both(self, body: Any) -> None:
        response = APIClient().post(LOGIN, body, format="json")

        assert response.status_code == 400

    @pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic /w=="])
    def test_refuses_basic_that_is_none(self, header: str) -> None:
        response = APIClient().post(LOGIN, headers={"Authorization": header})

        assert response.status_code == 400


class TestThrottle:
    def test_stops_one_address_after_some_attempts(self, user: User) -> None:
        for _ in range(ATTEMPTS):
            assert login("nobody", "wrong").status_code == 401

        refused = login(user.username)

        assert refused.status_code == 429
        assert refused.json()["code"] == "throttled"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert refused.json()["extra"]["retry_after_seconds"] == int(
            refused.headers["Retry-After"]
        )

    def test_stops_guessing_one_name_from_many_addresses(self, user: User) -> None:
        for n in range(ATTEMPTS):
            login(user.username.upper(), "wrong", address=f"192.0.2.{n}")

        assert login(user.username, address="198.51.100.1").status_code == 429
        assert login("other", address="198.51.100.1").status_code == 401

    def test_counts_basic_attempts_too(self, user: User) -> None:
        for _ in range(ATTEMPTS):
            basic(user.username, "wrong")

        assert basic(user.username).status_code == 429

    def test_lets_go_after_a_minute(self, user: User) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            for _ in range(ATTEMPTS):
                login(user.username, "wrong")
            clock.shift(timedelta(seconds=61))

            assert login(user.username).status_code == 200


class TestLogout:
    def test_revokes_the_one_token(self, user: User) -> None:
        first, second = (login(user.username).json()["token"] for _ in range(2))

        response = client_of(first).post("/api/v1/auth/logout/")

        assert response.status_code == 204
        assert (is_admitted(first), is_admitted(second)) == (False, True)

    def test_of_all_revokes_every_token_of_the_user(self, user: User) -> None:
        other = UserFactory.create()
        tokens = [login(who.username).json()["token"] for who in (user, user, other)]

        response = client_of(tokens[0]).post("/api/v1/auth/logout-all/")

        assert response.status_code == 204
        assert [is_admitted(token) for token in tokens] == [False, False, True]

    @pytest.mark.parametrize("path", ["/api/v1/auth/logout/", "/api/v1/auth/logout-all/"])
    def test_needs_a_token(self, browser: APIClient, path: str) -> None:
        assert APIClient().post(path).status_code == 401
        assert browser.post(path).status_code == 401
