"""POSTs that take effect once, however often they are sent."""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final, cast

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from common import idempotency
from common.api.errors import ANTICIPATED
from common.domain.errors import Conflict, InvalidArgument, InvalidInput
from common.locks import try_lock
from common.models import KEY_LENGTH, IdempotencyRecord

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
FORM_FIELD: Final = "_idempotency_key"
# What a browser's form sends besides the body proper; it differs between equal requests.
_FORM_ONLY: Final = frozenset({FORM_FIELD, "csrfmiddlewaretoken"})


class IdempotencyKeyRequired(InvalidArgument):
    """A client with a token sent no key."""

    code = "idempotency_key_required"


class InvalidIdempotencyKey(InvalidArgument):
    """The key is empty, too long, or not printable ASCII."""

    code = "invalid_idempotency_key"


class IdempotencyKeyReused(InvalidInput):
    """The key was used before, with another body."""

    code = "idempotency_key_reused"


class RequestInProgress(Conflict):
    """A request with this key is still running."""

    code = "request_in_progress"


def idempotent[HandlerT: Callable[..., Response]](handler: HandlerT) -> HandlerT:
    """Make a view's method answer a repeated request with the first one's answer.

    The method runs in a transaction of its own, in which its answer is kept;
    what it raises undoes its effect, and is an answer like any other. Answers
    of 5xx and 429 are not kept, and whatever they did is undone.

    Notes
    -----
    A key counts within user, method and path. Clients with a token must send
    the header; a browser's session may, and gets a key from the form otherwise
    (`common.api.renderers`). A session without either takes effect each time.
    On SQLite a second request with the same key waits for the first, since only
    one transaction writes; on PostgreSQL it is refused with 409.
    """

    @functools.wraps(handler)
    def answer_once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        run = functools.partial(handler, view, request, *args, **kwargs)
        key = _read_key(request)
        if key is None:
            with transaction.atomic():
                return run()
        return _answer_once(view, request, key=key, run=run)

    answer_once.is_idempotent = True  # type: ignore[attr-defined]  # read by schema and renderer
    return cast("HandlerT", answer_once)


def is_idempotent(view: APIView, method: str) -> bool:
    """Tell whether the view's handler of an HTTP method is marked as answering once."""
    actions: dict[str, str] = getattr(view, "action_map", None) or {}
    handler = getattr(view, actions.get(method.lower(), method.lower()), None)
    return getattr(handler, "is_idempotent", False)


def _answer_once(
    view: APIView, request: Request, *, key: str, run: Callable[[], Response]
) -> Response:
    scope = _scope(request, key)
    body_hash = _hash_body(request.data)
    at = timezone.now()
    with transaction.atomic():
        if not try_lock(scope.lock_name):
            raise RequestInProgress(f"a request with the key {key!r} is still running", key=key)
        record = idempotency.find_record(scope=scope, at=at)
        if record is not None:
            return _replay(record, body_hash)
        response = _run_undoing_failures(view, run)
        if (
            response.status_code >= 500
            or response.status_code == status.HTTP_429_TOO_MANY_REQUESTS
        ):
            transaction.set_rollback(True)
        else:
            idempotency.keep_answer(
                scope=scope, body_hash=body_hash, answer=_stored(response), at=at
            )
        return response


def _scope(request: Request, key: str) -> idempotency.Scope:
    user_id = request.user.pk
    if user_id is None:
        raise NotAuthenticated
    return idempotency.Scope(
        user_id=user_id, method=str(request.method), path=request.path, key=key
    )


def _read_key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None and isinstance(request.data, QueryDict):
        key = request.data.get(FORM_FIELD)
    if key is None:
        if isinstance(request.successful_authenticator, SessionAuthentication):
            return None
        raise IdempotencyKeyRequired(f"this request needs the header {HEADER}", header=HEADER)
    if not (1 <= len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKey(
            f"{HEADER} has {len(key)} characters; it takes 1 to {KEY_LENGTH}, printable ASCII",
            header=HEADER,
        )
    return key


def _hash_body(data: Any) -> str:
    """Return a hash of what the body says, not of how it was encoded.

    The boundary of a form, white space and the order of names differ between
    two sendings of the same request.
    """
    if isinstance(data, QueryDict):
        data = {name: values for name, values in data.lists() if name not in _FORM_ONLY}
    text = json.dumps(data, cls=JSONEncoder, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _run_undoing_failures(view: APIView, run: Callable[[], Response]) -> Response:
    try:
        with transaction.atomic():
            return run()
    except ANTICIPATED as e:
        # What is no anticipated failure after all is raised again from here.
        return view.handle_exception(e)


def _stored(response: Response) -> idempotency.StoredAnswer:
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    return idempotency.StoredAnswer(
        status=response.status_code, headers=dict(response.headers), body=body
    )


def _replay(record: IdempotencyRecord, body_hash: str) -> Response:
    if record.body_hash != body_hash:
        raise IdempotencyKeyReused(
            f"the key {record.key!r} was used before, for a request with another body",
            key=record.key,
        )
    return Response(
        json.loads(record.body) if record.body else None,
        status=record.status,
        headers={**record.headers, REPLAYED_HEADER: "true"},
    )
