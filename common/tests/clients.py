"""Clients of the API and of the back office, for tests."""

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import get_token_model
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from common.roles import Role
from common.tests.factories import UserFactory


def browser(role: Role | None = None, *, user: User | None = None) -> APIClient:
    """Return a client with the session of a new user of a role, or of the user given."""
    client = APIClient()
    client.force_login(_fresh(user or UserFactory.create(role=role)))
    return client


def script(role: Role) -> APIClient:
    """Return a client with a token of a new user of a role."""
    user = _fresh(UserFactory.create(role=role))
    _, token = get_token_model().objects.create(user=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def count_queries(client: Client, address: str) -> int:
    """Return how many queries a successful GET takes."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return len(queries)


def _fresh(user: User) -> User:
    """Forget what users of other tests asked for, who had the same number."""
    cache.delete(UserRateThrottle.cache_format % {"scope": "user", "ident": user.pk})
    return user
