from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from knox.models import get_token_model
from pytest_django import Settings
from rest_framework.test import APIClient

from common.tests.factories import UserFactory

type ClientFor = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def own_cache(settings: Settings) -> None:
    """Count attempts for this test alone, whoever else uses the cache."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def editor(db: None) -> User:
    """Return a user who may do everything to groups."""
    user = UserFactory.create()
    user.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    return user


@pytest.fixture
def token_client() -> ClientFor:
    """Return what makes a client that sends a user's token."""

    def make(user: User) -> APIClient:
        _, token = get_token_model().objects.create(user=user)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return make


@pytest.fixture
def script(editor: User, token_client: ClientFor) -> APIClient:
    """Return the editor's client with a token."""
    return token_client(editor)


@pytest.fixture
def browser(editor: User) -> APIClient:
    """Return the editor's client with a session."""
    client = APIClient()
    client.force_login(editor)
    return client
