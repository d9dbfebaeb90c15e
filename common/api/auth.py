"""Tokens: got for a name and a password, given back when done."""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, override

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from drf_spectacular.utils import extend_schema
from knox import views as knox_views
from knox.models import get_token_model
from knox.settings import knox_settings
from rest_framework import serializers, status
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api.throttling import LoginAddressThrottle, LoginNameThrottle


class CredentialsSerializer(serializers.Serializer[None]):
    """A name and its password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(
        max_length=1000, trim_whitespace=False, style={"input_type": "password"}
    )


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    """A token; it is shown this once and kept as a hash only."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField()


class LoginView(APIView):
    """Give a token for a name and a password, as JSON, a form or by Basic authentication.

    Send it afterwards as `Authorization: Token <token>`.
    """

    # Checked in `post`, after the throttles: a framework's authentication class would run
    # before them and let passwords be tried without limit.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (LoginAddressThrottle, LoginNameThrottle)

    def get_username(self, request: Request) -> str:
        """Return the name that is being tried, for the throttle."""
        return str(_credentials(request).get("username", ""))

    @extend_schema(
        request=CredentialsSerializer,
        responses={200: TokenSerializer},
        # The stubs say text; the schema's own requirement objects are passed through.
        auth=[{"basicAuth": []}, {}],  # type: ignore[list-item]
        operation_id="auth_login",
    )
    def post(self, request: Request) -> Response:
        """Check the password and make a token.

        Raises
        ------
        AuthenticationFailed
            If name and password do not fit, or the user is not active.
        """
        credentials = CredentialsSerializer(data=_credentials(request))
        credentials.is_valid(raise_exception=True)
        user = authenticate(request, **credentials.validated_data)
        if user is None:
            raise AuthenticationFailed("The user name or the password is wrong.")
        instance, token = get_token_model().objects.create(
            user=user, expiry=knox_settings.TOKEN_TTL, prefix=knox_settings.TOKEN_PREFIX
        )
        user_logged_in.send(sender=type(user), request=request, user=user)
        answer = TokenSerializer({"token": token, "expiry": instance.expiry})
        return Response(answer.data, headers={"Cache-Control": "no-store"})

    @override
    def get_authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes a wrong password a 401."""
        return 'Basic realm="api"'


@extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
class LogoutView(knox_views.LogoutView):  # type: ignore[misc]  # knox has no types
    """Revoke the token that the request carries."""

    serializer_class = None


@extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
class LogoutAllView(knox_views.LogoutAllView):  # type: ignore[misc]  # knox has no types
    """Revoke all tokens of the user."""

    serializer_class = None


def _credentials(request: Request) -> Any:
    scheme, _, encoded = get_authorization_header(request).partition(b" ")
    if scheme.lower() != b"basic":
        if not hasattr(request.data, "get"):
            raise ParseError("The body must be an object with username and password.")
        return request.data
    try:
        username, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError) as e:
        raise ParseError("The Basic authentication is not base64 of UTF-8 text.") from e
    return {"username": username, "password": password}
