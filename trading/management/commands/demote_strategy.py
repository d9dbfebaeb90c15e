"""`demote_strategy`: take a step down."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from trading.domain.stages import Stage
from trading.selectors.people import get_actor
from trading.selectors.promotions import describe_promotion
from trading.services import promotions


class Command(PlatformCommand):
    """Demote what was promoted."""

    help = "Take a step down from where a promotion led; it needs no second look."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the promotion, the stage, the person and the reason."""
        parser.add_argument("promotion", type=int, help="the last step; list_promotions shows it")
        parser.add_argument("--to", default=Stage.RESEARCH.value, help=" ".join(Stage))
        parser.add_argument("--as", required=True, metavar="USERNAME", help="who decides")
        parser.add_argument("--reason", required=True)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Demote."""
        taken = promotions.demote(
            promotion_id=options["promotion"],
            to_stage=Stage.parse(options["to"]),
            user=get_actor(options["as"]),
            reason=options["reason"],
            at=SystemClock().now(),
        )
        return describe_promotion(taken)

    def render(self, document: dict[str, Any]) -> str:
        """Return what became of it."""
        return (
            f"promotion {document['promotion_id']}: {document['strategy']['key']} is"
            f" {document['to_stage']} again, {document['config_hash'][:12]}"
        )
