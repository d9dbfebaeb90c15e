from base64 import b64encode
from typing import Any

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("common.api.tests.site")]


@pytest.fixture(autouse=True)
def seven_groups(db: None) -> None:
    Group.objects.all().delete()
    for name in "gfedcba":
        Group.objects.create(name=name)


def walk(client: APIClient, address: str) -> list[list[str]]:
    """Return the names page by page."""
    pages: list[list[str]] = []
    following: str | None = address
    while following:
        page: Any = client.get(following).json()
        pages.append([row["name"] for row in page["results"]])
        following = page["next"]
    return pages


class TestCursorPages:
    def test_begin_with_the_newest(self, script: APIClient) -> None:
        assert walk(script, "/api/v1/groups/?page_size=3") == [
            ["a", "b", "c"],
            ["d", "e", "f"],
            ["g"],
        ]

    def test_follow_the_views_own_order(self, script: APIClient) -> None:
        assert walk(script, "/api/v1/optional-groups/?page_size=4") == [
            ["a", "b", "c", "d"],
            ["e", "f", "g"],
        ]

    def test_are_not_shifted_by_new_rows(self, script: APIClient) -> None:
        first = script.get("/api/v1/groups/?page_size=3").json()
        Group.objects.create(name="new")

        assert [row["name"] for row in script.get(first["next"]).json()["results"]] == [
            "d",
            "e",
            "f",
        ]

    @pytest.mark.parametrize("size", ["0", "-1", "1001", "ten", "1.5", ""])
    def test_refuse_a_size_out_of_bounds(self, script: APIClient, size: str) -> None:
        response = script.get("/api/v1/groups/", {"page_size": size})

        assert response.status_code == 400
        assert "between 1 and 1000" in response.json()["detail"]

    @pytest.mark.parametrize("content", ["p=abc", "o=x", "o=-1"])
    def test_refuse_a_cursor_that_no_page_gave(self, script: APIClient, content: str) -> None:
        cursor = b64encode(content.encode()).decode()

        response = script.get("/api/v1/groups/", {"cursor": cursor})

        assert response.status_code == 404
        assert response.json()["detail"] == "Invalid cursor"

    def test_refuse_a_cursor_that_is_not_even_encoded(self, script: APIClient) -> None:
        assert script.get("/api/v1/groups/?cursor=a").status_code == 404


class TestStrictFilters:
    def test_narrow_the_list(self, script: APIClient) -> None:
        assert walk(script, "/api/v1/groups/?name=c&page_size=5&format=json") == [["c"]]

    def test_refuse_a_parameter_that_no_filter_knows(self, script: APIClient) -> None:
        response = script.get("/api/v1/groups/?nmae=c")

        assert response.status_code == 400
        assert response.json()["extra"]["fields"] == {
            "nmae": ["Unknown parameter; known are: cursor, format, name, page_size."]
        }
