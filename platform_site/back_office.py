"""The back office's sidebar and its first page."""

from typing import Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Max, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from common.domain.enums import RunStatus
from exchanges.models import Series
from research.models import Experiment, Run
from research.selectors import open_work
from research.selectors.metrics import format_metric
from research.selectors.runs import list_runs

type Cell = dict[str, Any]

_NEWEST: Final = 10
_AT_WORK: Final = 20
# Title, and for each entry its title, icon, app and model.
_GROUPS: Final = (
    (
        "Market data",
        (
            ("Series", "candlestick_chart", "exchanges", "series"),
            ("Instruments", "currency_bitcoin", "exchanges", "instrument"),
            ("Venues", "storefront", "exchanges", "venue"),
        ),
    ),
    (
        "Research",
        (
            ("Runs", "play_circle", "research", "run"),
            ("Comparisons", "compare_arrows", "research", "comparison"),
            ("Sweeps", "grid_on", "research", "sweep"),
            ("Validations", "verified", "research", "validation"),
            ("Examinations", "biotech", "research", "examination"),
            ("Jobs", "work_history", "research", "job"),
            ("Experiments", "science", "research", "experiment"),
            ("Datasets", "dataset", "research", "dataset"),
        ),
    ),
    (
        "Trading",
        (
            ("Strategies", "function", "trading", "strategy"),
            ("Strategy versions", "history", "trading", "strategyversion"),
            ("Promotions", "trending_up", "trading", "promotion"),
            ("Promotion requests", "how_to_vote", "trading", "promotionrequest"),
            ("Thresholds", "tune", "trading", "gatethreshold"),
            ("Threshold requests", "rule", "trading", "thresholdrequest"),
        ),
    ),
    (
        "Access",
        (
            ("Users", "person", "auth", "user"),
            ("Roles", "group", "auth", "group"),
            ("Tokens", "key", "knox", "authtoken"),
            ("Repeated requests", "repeat_one", "common", "idempotencyrecord"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: what the user may see, and the ways to the API."""
    groups = [
        {
            "title": title,
            "items": [
                {
                    "title": label,
                    "icon": icon,
                    "link": reverse(f"admin:{app}_{model}_changelist"),
                }
                for label, icon, app, model in entries
                if request.user.has_perm(f"{app}.view_{model}")
            ],
        }
        for title, entries in _GROUPS
    ]
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    interfaces = [
        {"title": "API", "icon": "api", "link": reverse("api-root")},
        {"title": "Swagger", "icon": "description", "link": reverse("swagger")},
    ]
    return [
        {"items": [overview]},
        *(group for group in groups if group["items"]),
        {"title": "Interfaces", "items": interfaces},
    ]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first page, as far as the user may see it."""
    user = request.user
    cards: list[dict[str, Any]] = []
    if user.has_perm("exchanges.view_series"):
        cards += _market_data()
    if user.has_perm("research.view_run"):
        cards += _runs(user)
        context |= {"newest_runs": _table(_NEWEST), "alerts": _table(_NEWEST, alerts=True)}
    return {**context, "title": "Overview", "cards": cards, "at_work": _at_work(user)}


def _market_data() -> list[dict[str, Any]]:
    stored = Series.objects.aggregate(
        series=Count("pk"), rows=Sum("rows"), gaps=Sum("gaps"), end=Max("end_at")
    )
    end = f", the newest until {stored['end']:%Y-%m-%d %H:%M}" if stored["end"] else ""
    return [
        {
            "label": "Series",
            "value": f"{stored['series']:,}",
            "note": f"{stored['rows'] or 0:,} rows{end}",
            "link": reverse("admin:exchanges_series_changelist"),
        },
        {
            "label": "Missing bars",
            "value": f"{stored['gaps'] or 0:,}",
            "note": "inside what is stored",
            "link": reverse("admin:exchanges_series_changelist"),
        },
    ]


def _runs(user: User | AnonymousUser) -> list[dict[str, Any]]:
    counts = dict(Run.objects.values_list("status").annotate(Count("pk")).order_by())
    alerts = Run.objects.filter(differs_from__isnull=False).count()
    runs = reverse("admin:research_run_changelist")
    failed = counts.get(RunStatus.FAILED, 0)
    others = (RunStatus.SUCCEEDED, RunStatus.REFUSED, RunStatus.RUNNING, RunStatus.QUEUED)
    note = ", ".join(f"{counts[each]:,} {each.lower()}" for each in others if each in counts)
    cards = [
        {"label": "Runs", "value": f"{sum(counts.values()):,}", "note": note, "link": runs},
        {
            "label": "Failed runs",
            "value": f"{failed:,}",
            "note": "each with its error",
            "link": f"{runs}?status__exact={RunStatus.FAILED}",
            "bad": failed,
        },
        {
            "label": "Alerts",
            "value": f"{alerts:,}",
            "note": "equal inputs, another result",
            "link": f"{runs}?differs_from__isempty=0",
            "bad": alerts,
        },
    ]
    if user.has_perm("research.view_experiment"):
        cards.append({
            "label": "Experiments",
            "value": f"{Experiment.objects.count():,}",
            "note": "questions asked",
            "link": reverse("admin:research_experiment_changelist"),
        })
    return cards


def _at_work(user: User | AnonymousUser) -> Cell:
    """Return a table of what waits or is being done; empty where there is nothing to see."""
    kinds = (
        ("run", open_work.open_runs),
        ("sweep", open_work.open_sweeps),
        ("job", open_work.open_jobs),
    )
    found = [
        work
        for model, read in kinds
        if user.has_perm(f"research.view_{model}")
        for work in read(_AT_WORK)
    ]
    headers = ["what", "of", "status", "done"]
    rows = [[_link(each), each.of, each.status, f"{each.progress:.0%}"] for each in found]
    return {"headers": headers, "rows": rows} if rows else {}


def _link(work: open_work.OpenWork) -> str:
    address = reverse(f"admin:research_{work.model}_change", args=[work.number])
    return format_html(
        '<a class="text-link whitespace-nowrap" href="{}">{} {}</a>',
        address,
        work.model,
        work.number,
    )


def _table(most: int, *, alerts: bool = False) -> list[Cell]:
    runs = list_runs().order_by("-pk")
    shown = runs.filter(differs_from__isnull=False) if alerts else runs
    return [
        {
            "run": run,
            "link": reverse("admin:research_run_change", args=[run.pk]),
            "strategy": run.strategy_version.strategy.key,
            "instrument": str(run.series),
            "net_return": format_metric(run.metrics.get("total_return"), "percent"),
            "sharpe": format_metric(run.metrics.get("sharpe"), "number"),
            "drawdown": format_metric(run.metrics.get("max_drawdown"), "percent"),
        }
        for run in shown[:most]
    ]
