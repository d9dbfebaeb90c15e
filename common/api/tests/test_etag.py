from typing import Any

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.urls("common.api.tests.site"),
]


@pytest.fixture
def group(db: None) -> Group:
    return Group.objects.create(name="a")


@pytest.fixture
def path(group: Group) -> str:
    return f"/api/v1/groups/{group.pk}/"


@pytest.fixture
def optional_path(group: Group) -> str:
    return f"/api/v1/optional-groups/{group.pk}/"


def etag_of(client: APIClient, path: str) -> str:
    etag: str = client.get(path).headers["ETag"]
    return etag


def rename(client: APIClient, path: str, name: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(path, {"name": name}, format="json", headers=sent)


class TestReading:
    def test_gives_a_strong_etag_that_stays(self, script: APIClient, path: str) -> None:
        etag = etag_of(script, path)

        assert etag.startswith('"')
        assert etag.endswith('"')
        assert etag_of(script, path) == etag

    def test_another_object_has_another(self, script: APIClient, path: str) -> None:
        other = Group.objects.create(name="b")

        assert etag_of(script, f"/api/v1/groups/{other.pk}/") != etag_of(script, path)

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    def test_of_a_known_state_is_304(self, script: APIClient, path: str, form: str) -> None:
        etag = etag_of(script, path)

        response = script.get(path, headers={"If-None-Match": form.format(etag)})

        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["ETag"] == etag

    def test_of_a_changed_state_is_the_object(
        self, script: APIClient, path: str, group: Group
    ) -> None:
        etag = etag_of(script, path)
        Group.objects.filter(pk=group.pk).update(name="b")

        response = script.get(path, headers={"If-None-Match": etag})

        assert response.status_code == 200
        assert response.json()["name"] == "b"
        assert response.headers["ETag"] != etag

    def test_a_page_for_people_has_none(self, browser: APIClient, path: str) -> None:
        response = browser.get(path, headers={"Accept": "text/html", "If-None-Match": "*"})

        assert response.status_code == 200
        assert "ETag" not in response.headers

    def test_a_failure_has_none(self, script: APIClient) -> None:
        assert "ETag" not in script.get("/api/v1/groups/0/").headers

    def test_options_describe_the_form(self, script: APIClient, path: str) -> None:
        response = script.options(path)

        assert response.status_code == 200
        assert "PUT" in response.json()["actions"]


class TestChanging:
    def test_with_the_present_etag_gives_the_next(self, script: APIClient, path: str) -> None:
        before = etag_of(script, path)

        response = rename(script, path, "b", If_Match=before)

        assert response.status_code == 200
        assert response.headers["ETag"] != before
        assert response.headers["ETag"] == etag_of(script, path)

    @pytest.mark.parametrize("form", ['"other"', "W/{}", "nonsense", ""])
    def test_with_any_other_is_refused(
        self, script: APIClient, path: str, group: Group, form: str
    ) -> None:
        response = rename(script, path, "b", If_Match=form.format(etag_of(script, path)))

        assert response.status_code == 412
        assert response.json()["code"] == "precondition_failed"
        group.refresh_from_db()
        assert group.name == "a"

    def test_accepts_any_state_when_told_so(self, script: APIClient, path: str) -> None:
        assert rename(script, path, "b", If_Match="*").status_code == 200

    def test_accepts_one_of_several(self, script: APIClient, path: str) -> None:
        several = f'"other", {etag_of(script, path)}'

        assert rename(script, path, "b", If_Match=several).status_code == 200

    def test_lets_the_second_of_two_writers_know(self, script: APIClient, path: str) -> None:
        both_read = etag_of(script, path)

        assert rename(script, path, "b", If_Match=both_read).status_code == 200
        assert rename(script, path, "c", If_Match=both_read).status_code == 412

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_without_one_is_refused_where_it_is_required(
        self, script: APIClient, path: str, group: Group, method: str
    ) -> None:
        response = getattr(script, method)(path, {"name": "b"}, format="json")

        assert response.status_code == 428
        assert response.json()["code"] == "precondition_required"
        group.refresh_from_db()
        assert group.name == "a"

    def test_without_one_is_done_where_it_is_not(
        self, script: APIClient, optional_path: str
    ) -> None:
        assert rename(script, optional_path, "b").status_code == 200
        assert rename(script, optional_path, "c", If_Match='"other"').status_code == 412

    def test_by_a_browser_needs_none(self, browser: APIClient, path: str) -> None:
        assert rename(browser, path, "b").status_code == 200

    def test_removing_compares_too(self, script: APIClient, path: str) -> None:
        etag = etag_of(script, path)

        assert script.delete(path, headers={"If-Match": '"other"'}).status_code == 412
        assert script.delete(path, headers={"If-Match": etag}).status_code == 204
        assert script.get(path).status_code == 404

    def test_by_an_action_compares_too(self, script: APIClient, path: str) -> None:
        etag = etag_of(script, path)
        address, body = f"{path}rename/", {"name": "b"}

        assert script.post(address, body).status_code == 428
        assert script.post(address, body, headers={"If-Match": '"other"'}).status_code == 412

        done = script.post(address, body, headers={"If-Match": etag})
        assert done.status_code == 200
        assert done.headers["ETag"] == etag_of(script, path)

    def test_that_fails_is_undone(
        self, script: APIClient, optional_path: str, group: Group
    ) -> None:
        response = script.post(f"{optional_path}rename/", {"name": "forbidden"})

        assert response.status_code == 409
        group.refresh_from_db()
        assert group.name == "a"
