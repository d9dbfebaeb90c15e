"""`promote_strategy`: ask for a step up, on a verdict."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from research.selectors.validations import get_validation
from research.services.promotions import request_promotion
from trading.domain.confirmations import PAUSE
from trading.domain.stages import Stage
from trading.selectors.people import get_actor
from trading.selectors.promotions import describe_request
from trading.services.catalogue import sync_strategies


class Command(PlatformCommand):
    """Ask for a promotion."""

    help = (
        "Ask for the promotion of what a verdict is on. It waits for approve_promotion, by"
        " another person, or by the same one ten minutes later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the verdict, the stage, the person and the reason."""
        parser.add_argument(
            "--validation", type=int, required=True, metavar="N", help="as validate_strategy says"
        )
        parser.add_argument("--to", default=Stage.CANDIDATE.value, help=" ".join(Stage))
        parser.add_argument("--as", required=True, metavar="USERNAME", help="who asks")
        parser.add_argument("--reason", required=True)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask."""
        user, to_stage = get_actor(options["as"]), Stage.parse(options["to"])
        # Here the files themselves can be looked at, not only their rows.
        sync_strategies()
        request = request_promotion(
            validation=get_validation(options["validation"]),
            to_stage=to_stage,
            user=user,
            reason=options["reason"],
            at=SystemClock().now(),
        )
        return describe_request(request)

    def render(self, document: dict[str, Any]) -> str:
        """Return what waits, and how it goes on."""
        minutes = PAUSE.total_seconds() / 60
        return (
            f"request {document['request_id']}: {document['strategy']['key']} from"
            f" {document['from_stage']} to {document['to_stage']}, {document['config_hash'][:12]}\n"
            f"approve_promotion {document['request_id']} --as USERNAME takes the step; for"
            f" {document['requested_by']} in {minutes:g} minutes"
        )
