"""Who a request is from."""

from django.contrib.auth.models import User
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request


def actor(request: Request) -> User:
    """Return the user.

    Raises
    ------
    NotAuthenticated
        If there is none; the view's permissions have refused that before.
    """
    if isinstance(request.user, User):
        return request.user
    raise NotAuthenticated
