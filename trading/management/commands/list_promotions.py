"""`list_promotions`: which stage holds, what led there, and what waits."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand, columns
from trading.selectors.promotions import (
    describe_promotion,
    describe_request,
    list_promotions,
    pending_requests,
)


class Command(PlatformCommand):
    """List promotions and the requests that wait."""

    help = "List the steps that strategies took, the newest first, and the requests that wait."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the strategy."""
        parser.add_argument("--strategy", default="", help="key; all strategies without it")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read the rows."""
        steps, waiting = list_promotions().order_by("-pk"), pending_requests()
        if options["strategy"]:
            of_key = {"strategy_version__strategy__key": options["strategy"]}
            steps, waiting = steps.filter(**of_key), waiting.filter(**of_key)
        return {
            "promotions": [describe_promotion(step) for step in steps],
            "pending": [describe_request(request) for request in waiting],
        }

    def render(self, document: dict[str, Any]) -> str:
        """Return a table of the steps, and one of what waits."""
        steps = [["promotion", *_HEADERS, "approved by", "at"]]
        for each in document["promotions"]:
            when = [each["approved_by"], each["created_at"]]
            steps.append([str(each["promotion_id"]), *_step(each), *when])
        waiting = [["request", *_HEADERS, "requested by", "at"]]
        for each in document["pending"]:
            when = [each["requested_by"], each["requested_at"]]
            waiting.append([str(each["request_id"]), *_step(each), *when])
        return f"{columns(steps)}\n\n{columns(waiting)}"


_HEADERS = ("strategy", "instrument", "timeframe", "step", "configuration")


def _step(each: dict[str, Any]) -> list[str]:
    setting = each["setting"]
    return [
        each["strategy"]["key"],
        f"{setting['instrument']}.{setting['venue']}",
        setting["timeframe"],
        f"{each['from_stage']} -> {each['to_stage']}",
        each["config_hash"][:12],
    ]
