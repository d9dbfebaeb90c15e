"""`approve_promotion`: take the step that a request asks for, or refuse it."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from trading.selectors.people import get_actor
from trading.selectors.promotions import describe_promotion, describe_request
from trading.services import promotions
from trading.services.catalogue import sync_strategies


class Command(PlatformCommand):
    """Decide on a request."""

    help = "Take the step that a request asks for, if the evidence still admits it; or decline it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the request, the person and what he says."""
        parser.add_argument("request", type=int, help="list_promotions shows those that wait")
        parser.add_argument("--as", required=True, metavar="USERNAME", help="who decides")
        parser.add_argument("--reason", default="", help="needed to decline")
        parser.add_argument("--decline", action="store_true", help="refuse, or withdraw your own")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Decide."""
        asked: dict[str, Any] = {
            "request_id": options["request"],
            "user": get_actor(options["as"]),
            "reason": options["reason"],
            "at": SystemClock().now(),
        }
        if options["decline"]:
            return describe_request(promotions.decline(**asked))
        # Here the files themselves can be looked at, not only their rows.
        sync_strategies()
        return describe_promotion(promotions.approve(**asked))

    def render(self, document: dict[str, Any]) -> str:
        """Return what became of it."""
        if "promotion_id" not in document:
            return f"request {document['request_id']}: {document['state']}"
        return (
            f"promotion {document['promotion_id']}: {document['strategy']['key']} is"
            f" {document['to_stage']}, {document['config_hash'][:12]}"
        )
