"""Nothing under /api/ answers a stranger, and nothing changes for one without a role."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from common.tests.factories import UserFactory

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
# What one must reach to become known at all.
OPEN_TO_STRANGERS = {"/api/v1/auth/login/"}
# What every known user may do: see which addresses there are, read their description, and
# give his own tokens back.
OPEN_TO_USERS = re.compile(r"^/api/v1/($|\.|schema|docs|redoc|auth/)")
# Values of parameters that an expression names without a converter.
UNTYPED = {"format": "json"}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the regular expression of every address, with its converters."""
    for entry in resolver.url_patterns:
        own = prefix + entry.pattern.regex.pattern.lstrip("^")
        if isinstance(entry, URLPattern):
            yield own, {**resolver.pattern.converters, **entry.pattern.converters}
        else:
            yield from patterns(entry, own)


def addresses() -> list[str]:
    found = []
    for expression, converters in patterns(get_resolver()):
        # Django's own reading of the expression, as `reverse` uses it: a template to fill in.
        ((template, names),) = normalize(expression.replace(r"\Z", ""))[:1]
        values = {
            name: sample(converters[name]) if name in converters else UNTYPED.get(name, "1")
            for name in names
        }
        address = f"/{template % values}"
        if address.startswith("/api/"):
            found.append(address)
    return sorted(set(found))


def sample(converter: Any) -> str:
    """Return a text that the converter of a path takes."""
    candidates = ("1", "x", ".json", "00000000-0000-0000-0000-000000000000")
    return next(text for text in candidates if re.fullmatch(converter.regex, text))


@pytest.mark.django_db
class TestApi:
    def test_has_addresses_to_look_at(self) -> None:
        found = addresses()

        assert {"/api/v1/auth/login/", "/api/v1/runs/", "/api/v1/runs/1/"} <= set(found)
        assert len(found) > 15

    @pytest.mark.parametrize("method", METHODS)
    def test_answers_no_stranger(self, client: Client, method: str) -> None:
        answered = {
            address: status
            for address in addresses()
            if address not in OPEN_TO_STRANGERS
            and (status := getattr(client, method)(address).status_code) not in {401, 403}
        }

        assert answered == {}

    @pytest.mark.parametrize("method", METHODS)
    def test_answers_no_user_without_a_role(self, client: Client, method: str) -> None:
        client.force_login(UserFactory.create())

        answered = {
            address: status
            for address in addresses()
            if not OPEN_TO_USERS.match(address)
            and (status := getattr(client, method)(address).status_code) != 403
        }

        assert answered == {}
