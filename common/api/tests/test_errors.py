import logging
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("common.api.tests.site")]


def fail(client: APIClient, kind: str) -> Any:
    return client.get(f"/api/v1/fail/{kind}/")


class TestPlatformErrors:
    @pytest.mark.parametrize(
        ("kind", "status", "body"),
        [
            (
                "argument",
                400,
                {
                    "code": "invalid_argument",
                    "detail": "period is 0, the least is 1",
                    "extra": {"period": 0},
                },
            ),
            (
                "input",
                422,
                {"code": "invalid_input", "detail": "row 3 has no price", "extra": {"row": 3}},
            ),
            (
                "missing",
                404,
                {"code": "not_found", "detail": "no series BTC/USDT", "extra": {}},
            ),
            ("refused", 403, {"code": "permission_denied", "detail": "you may not", "extra": {}}),
            ("conflict", 409, {"code": "conflict", "detail": "the run has ended", "extra": {}}),
            (
                "external",
                502,
                {"code": "external_error", "detail": "the engine failed", "extra": {}},
            ),
        ],
    )
    def test_have_a_status_by_category(
        self, script: APIClient, kind: str, status: int, body: dict[str, Any]
    ) -> None:
        response = fail(script, kind)

        assert response.status_code == status
        assert response.json() == body
        assert "Retry-After" not in response.headers

    @pytest.mark.parametrize(("kind", "wait"), [("unreachable", "3"), ("unreachable-untold", "5")])
    def test_say_when_to_come_back(self, script: APIClient, kind: str, wait: str) -> None:
        response = fail(script, kind)

        assert response.status_code == 503
        assert response.headers["Retry-After"] == wait
        assert response.json()["code"] == "unreachable"


class TestValidationErrors:
    @pytest.mark.parametrize(
        ("kind", "detail", "fields"),
        [
            ("django-validation", "name: too short", {"name": ["too short"]}),
            ("django-sentence", "all wrong", {"non_field_errors": ["all wrong"]}),
            (
                "nested",
                "legs.1.price: must be positive",
                {"legs": [{}, {"price": ["must be positive"]}]},
            ),
            ("bulk", "1.name: too long", {"1": {"name": ["too long"]}}),
        ],
    )
    def test_name_the_fields(
        self, script: APIClient, kind: str, detail: str, fields: dict[str, Any]
    ) -> None:
        response = fail(script, kind)

        assert response.status_code == 400
        assert response.json() == {
            "code": "validation_error",
            "detail": detail,
            "extra": {"fields": fields},
        }


class TestFrameworkErrors:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [("http404", 404, "not_found"), ("denied", 403, "permission_denied")],
    )
    def test_of_django_are_translated(
        self, script: APIClient, kind: str, status: int, code: str
    ) -> None:
        response = fail(script, kind)

        assert response.status_code == status
        assert response.json()["code"] == code
        assert response.json()["extra"] == {}

    def test_not_authenticated_is_a_challenge(self, client: APIClient) -> None:
        response = client.get("/api/v1/groups/")

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Token"
        assert response.json()["code"] == "not_authenticated"

    def test_a_bad_token_is_a_challenge(self) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Token of-nobody")

        response = client.get("/api/v1/groups/")

        assert response.status_code == 401
        assert response.json()["code"] == "authentication_failed"

    def test_a_wrong_method_names_the_right_ones(self, script: APIClient) -> None:
        response = script.patch("/api/v1/groups/", {}, format="json")

        assert response.status_code == 405
        assert response.json()["code"] == "method_not_allowed"
        assert "GET" in response.headers["Allow"]

    def test_malformed_json_is_a_parse_error(self, script: APIClient) -> None:
        response = script.post(
            "/api/v1/groups/",
            '{"name": ',
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )

        assert response.status_code == 400
        assert response.json()["code"] == "parse_error"

    def test_an_unknown_media_type_is_refused(self, script: APIClient) -> None:
        response = script.post(
            "/api/v1/groups/", "x", content_type="text/x", headers={"Idempotency-Key": "k"}
        )

        assert response.status_code == 415
        assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.both_databases
class TestBrokenConstraints:
    def test_of_uniqueness_are_a_conflict_without_sql(self, script: APIClient) -> None:
        response = fail(script, "duplicate")

        assert response.status_code == 409
        assert response.json() == {
            "code": "already_exists",
            "detail": "An object with these values exists already.",
            "extra": {},
        }

    def test_of_other_kinds_are_faults_of_ours(self, script: APIClient) -> None:
        with pytest.raises(Exception, match="CHECK constraint"):
            fail(script, "broken-check")


class TestFaults:
    @pytest.fixture
    def quiet(self, script: APIClient, caplog: pytest.LogCaptureFixture) -> APIClient:
        caplog.set_level(logging.CRITICAL, logger="django.request")
        script.raise_request_exception = False
        return script

    @pytest.mark.parametrize("kind", ["bug", "broken-check"])
    def test_tell_nothing_of_their_inside(self, quiet: APIClient, kind: str) -> None:
        response = fail(quiet, kind)

        assert response.status_code == 500
        assert response.json() == {
            "code": "internal_error",
            "detail": "Something failed here; it has been logged.",
            "extra": {},
        }

    def test_are_pages_beyond_the_api(self, quiet: APIClient) -> None:
        response: HttpResponse = quiet.get("/page/fail/bug/")

        assert response.status_code == 500
        assert response.headers["Content-Type"].startswith("text/html")


class TestUnknownAddresses:
    def test_are_json_under_the_api(self, client: APIClient) -> None:
        response = client.get("/api/v2/nowhere/")

        assert response.status_code == 404
        assert response.json()["code"] == "not_found"

    def test_are_pages_beyond_it(self, client: APIClient) -> None:
        assert client.get("/nowhere/").headers["Content-Type"].startswith("text/html")
