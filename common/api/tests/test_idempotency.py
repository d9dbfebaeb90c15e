import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient

from common.api.tests import site
from common.api.tests.conftest import ClientFor
from common.domain.errors import Conflict
from common.models import IdempotencyRecord
from common.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("common.api.tests.site")]

PATH = "/api/v1/groups/"
ON_SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the table of what creating a group of a name does besides."""
    table: dict[str, Any] = {}
    monkeypatch.setattr(site, "EFFECTS", table)
    return table


def post(client: APIClient, body: Any, key: str | None = "k", **options: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(PATH, body, headers=headers, **{"format": "json", **options})


def made(name: str) -> int:
    return Group.objects.filter(name=name).count()


def raising(error: Exception) -> Any:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.both_databases
class TestRepeatedRequests:
    def test_get_the_first_answer_again(self, script: APIClient) -> None:
        first = post(script, {"name": "a"})
        second = post(script, {"name": "a"})

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert made("a") == 1

    def test_get_the_headers_again_too(self, script: APIClient, effects: dict[str, Any]) -> None:
        effects["a"] = lambda: Response({"b": 1, "a": 0.1}, headers={"Location": "/here/"})

        first, second = post(script, {"name": "a"}), post(script, {"name": "a"})

        assert first.headers["Location"] == second.headers["Location"] == "/here/"
        assert first.content == second.content == b'{"b":1,"a":0.1}'

    def test_with_another_key_take_effect_again(self, script: APIClient) -> None:
        post(script, {"name": "a"}, key="1")
        post(script, {"name": "b"}, key="2")

        assert (made("a"), made("b")) == (1, 1)

    def test_with_another_body_are_refused(self, script: APIClient) -> None:
        post(script, {"name": "a"})

        response = post(script, {"name": "b"})

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert made("b") == 0

    def test_are_the_same_however_the_body_is_encoded(self, script: APIClient) -> None:
        post(script, {"name": "a", "x": [1, {"p": 1, "q": 2}]})

        response = post(
            script,
            '{ "x": [1, {"q": 2, "p": 1}],\n "name": "a" }',
            format=None,
            content_type="application/json",
        )

        assert response.headers["Idempotent-Replayed"] == "true"

    def test_of_another_user_are_his_own(self, script: APIClient, token_client: ClientFor) -> None:
        other = UserFactory.create()
        other.user_permissions.set(Permission.objects.filter(codename="add_group"))
        post(script, {"name": "a"})

        response = post(token_client(other), {"name": "b"})

        assert response.status_code == 201
        assert made("b") == 1

    def test_count_as_new_after_seven_days(self, script: APIClient) -> None:
        now = timezone.now()
        with time_machine.travel(now, tick=False) as clock:
            post(script, {"name": "a"})
            clock.move_to(now + timedelta(days=7, microseconds=-1))
            assert "Idempotent-Replayed" in post(script, {"name": "a"}).headers
            clock.move_to(now + timedelta(days=7))
            assert post(script, {"name": "b"}).status_code == 201


@pytest.mark.both_databases
class TestFailures:
    def test_of_the_client_are_kept_and_undo_the_effect(
        self, script: APIClient, effects: dict[str, Any]
    ) -> None:
        effects["a"] = raising(Conflict("not now"))

        first = post(script, {"name": "a"})
        effects.clear()
        second = post(script, {"name": "a"})

        assert (first.status_code, second.status_code) == (409, 409)
        assert second.json()["code"] == "conflict"
        assert second.headers["Idempotent-Replayed"] == "true"
        assert made("a") == 0

    def test_of_validation_are_kept(self, script: APIClient) -> None:
        first, second = post(script, {}), post(script, {})

        assert (first.status_code, second.status_code) == (400, 400)
        assert second.headers["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize(
        ("effect", "status"),
        [
            (raising(site.Unreachable("no answer")), 503),
            (lambda: Response({}, status=502), 502),
            (lambda: Response({}, status=429), 429),
        ],
    )
    def test_that_may_pass_are_not_kept_and_leave_nothing(
        self, script: APIClient, effects: dict[str, Any], effect: Any, status: int
    ) -> None:
        effects["a"] = effect

        assert post(script, {"name": "a"}).status_code == status
        assert (made("a"), IdempotencyRecord.objects.count()) == (0, 0)

        effects.clear()
        retried = post(script, {"name": "a"})

        assert retried.status_code == 201
        assert "Idempotent-Replayed" not in retried.headers
        assert made("a") == 1

    def test_of_ours_are_not_kept_and_leave_nothing(
        self, script: APIClient, effects: dict[str, Any]
    ) -> None:
        effects["a"] = raising(RuntimeError("a bug"))

        with pytest.raises(RuntimeError, match="a bug"):
            post(script, {"name": "a"})

        assert (made("a"), IdempotencyRecord.objects.count()) == (0, 0)

    def test_of_permission_do_not_use_the_key_up(self, editor: User, script: APIClient) -> None:
        right = Permission.objects.get(codename="add_group")
        editor.user_permissions.remove(right)
        refused = post(script, {"name": "a"})
        editor.user_permissions.add(right)

        assert refused.status_code == 403
        assert post(script, {"name": "a"}).status_code == 201


class TestKeys:
    def test_are_required_with_a_token(self, script: APIClient) -> None:
        response = post(script, {"name": "a"}, key=None)

        assert response.status_code == 400
        assert response.json()["code"] == "idempotency_key_required"
        assert made("a") == 0

    @pytest.mark.parametrize("key", ["", "k" * 256, "\x7f", "ключ"])
    def test_must_be_short_and_printable(self, script: APIClient, key: str) -> None:
        response = script.post(PATH, {"name": "a"}, format="json", HTTP_IDEMPOTENCY_KEY=key)

        assert response.status_code == 400
        assert response.json()["code"] == "invalid_idempotency_key"
        assert made("a") == 0

    def test_may_have_255_characters(self, script: APIClient) -> None:
        assert post(script, {"name": "a"}, key="k" * 255).status_code == 201


class TestBrowsers:
    def test_need_no_key(self, browser: APIClient) -> None:
        assert post(browser, {"name": "a"}, key=None).status_code == 201
        assert not IdempotencyRecord.objects.exists()

    def test_may_send_one(self, browser: APIClient) -> None:
        post(browser, {"name": "a"})

        assert post(browser, {"name": "a"}).headers["Idempotent-Replayed"] == "true"

    def test_find_a_fresh_one_in_each_form(self, browser: APIClient) -> None:
        pages = [browser.get(PATH, headers={"Accept": "text/html"}) for _ in range(2)]

        keys = {self.key_in(page.content.decode()) for page in pages}
        assert len(keys) == 2

    def test_that_send_a_form_twice_take_effect_once(self, browser: APIClient) -> None:
        page = browser.get(PATH, headers={"Accept": "text/html"}).content.decode()
        form = {"name": "a", "_idempotency_key": self.key_in(page)}
        html = {"Accept": "text/html"}

        first = browser.post(PATH, form, headers=html)
        second = browser.post(PATH, {**form, "csrfmiddlewaretoken": "other"}, headers=html)

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert made("a") == 1

    @staticmethod
    def key_in(page: str) -> str:
        _, _, rest = page.partition('name="_idempotency_key" value="')
        key, quote, _ = rest.partition('"')
        assert quote
        return key


class Gate:
    """Holds the effect until the test opens it, and tells when it has been reached."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        if not self.opened.wait(timeout=20):
            raise TimeoutError("the gate was never opened")


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
class TestConcurrentRequests:
    @pytest.fixture
    def gate(self, effects: dict[str, Any]) -> Iterator[Gate]:
        gate = Gate()
        effects["a"] = gate
        yield gate
        gate.opened.set()

    def test_take_effect_once(self, editor: User, token_client: ClientFor, gate: Gate) -> None:
        # Each thread has a client of its own; the user is what makes the scope.
        script, *clients = (token_client(editor) for _ in range(3))

        def send() -> Any:
            try:
                return post(clients.pop(), {"name": "a"})
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(send)
            assert gate.reached.wait(timeout=10)
            second = pool.submit(send)
            if not ON_SQLITE:
                # Refused at once, while the first still runs.
                assert second.result(timeout=10).status_code == 409
                assert second.result().json()["code"] == "request_in_progress"
            gate.opened.set()
            answers = [first.result(timeout=20), second.result(timeout=20)]

        assert answers[0].status_code == 201
        if ON_SQLITE:
            # It waited for the first to end, and so got the answer.
            assert answers[1].status_code == 201
            assert answers[1].headers["Idempotent-Replayed"] == "true"
        assert made("a") == 1
        assert json.loads(IdempotencyRecord.objects.get().body) == answers[0].json()
        assert post(script, {"name": "a"}).headers["Idempotent-Replayed"] == "true"
