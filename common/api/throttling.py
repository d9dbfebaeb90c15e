"""Limits on guessing passwords; both apply, and both count every attempt."""

import hashlib
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    # REST framework reads its settings, and so this module, before its views exist.
    from rest_framework.views import APIView


class LoginAddressThrottle(SimpleRateThrottle):
    """So many attempts from one address."""

    scope = "login"

    def get_cache_key(self, request: Request, view: "APIView") -> str:  # noqa: ARG002 - the framework's signature
        """Return the counter's name."""
        return f"throttle_login_address_{self.get_ident(request)}"


class LoginNameThrottle(SimpleRateThrottle):
    """So many attempts on one name, from wherever they come."""

    scope = "login"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        """Return the counter's name; a request without a name guesses nothing."""
        name = view.get_username(request) if hasattr(view, "get_username") else ""
        if not name:
            return None
        # What a stranger types does not become part of a cache's key.
        return f"throttle_login_name_{hashlib.sha256(name.lower().encode()).hexdigest()}"
