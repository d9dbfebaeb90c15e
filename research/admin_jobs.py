"""Jobs in the back office: comparisons, verdicts and examinations as workers do them."""

from typing import Any, Final, override

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from common.admin import ReadOnlyAdmin
from common.admin_decisions import Decision, decide
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from research.admin_job_forms import ADD_JOB
from research.admin_watching import Stand, show_stand
from research.models import FINAL_STATES, Job
from research.selectors.jobs import asked_words, get_job, list_jobs, made_by
from research.services import job_queue

_STATUS_LABELS: Final = {
    RunStatus.SUCCEEDED.value: "success",
    RunStatus.FAILED.value: "danger",
    RunStatus.CANCELED.value: "warning",
    RunStatus.RUNNING.value: "info",
    RunStatus.QUEUED.value: "info",
}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs with how far they are, and what they came to."""

    list_display = [
        "id",
        "status_label",
        "kind_name",
        "asked",
        "made",
        "step",
        "done",
        "created_by",
        "created_at",
    ]
    list_filter = ["status", "kind"]
    search_fields = ["=id", "step", "error_code", "created_by__username"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ["cancel_job"]
    change_form_before_template = "research/admin/job.html"
    fields = [
        "created_by",
        "created_at",
        "started_at",
        "finished_at",
        "cancel_requested_at",
        "attempt",
        "owner",
        "question",
    ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the jobs who asked."""
        return list_jobs()

    @display(description="status", label=_STATUS_LABELS)
    def status_label(self, job: Job) -> str:
        """Return the status, coloured."""
        return job.status

    @admin.display(description="kind", ordering="kind")
    def kind_name(self, job: Job) -> str:
        """Return what is asked."""
        return job.kind.lower()

    @admin.display(description="of")
    def asked(self, job: Job) -> str:
        """Return what it is asked of."""
        return asked_words(job)

    @admin.display(description="made")
    def made(self, job: Job) -> str:
        """Return what it made, with a link."""
        return _made(job) or "-"

    @admin.display(description="done", ordering="progress")
    def done(self, job: Job) -> str:
        """Return how far its step is, where that is known."""
        return f"{job.progress:.0%}" if job.progress else "-"

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add jobs, of jobs that have not ended."""
        open_jobs = Job.objects.filter(pk=object_id).exclude(status__in=FINAL_STATES)
        return bool(request.user.has_perm(ADD_JOB)) and open_jobs.exists()

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page's own piece that shows progress."""
        watch = self.admin_site.admin_view(self.watch, cacheable=True)
        own = path("<int:object_id>/progress/", watch, name="research_job_progress")
        return [own, *super().get_urls()]

    @action(
        description="Cancel",
        url_path="cancel",
        permissions=["cancel"],
        variant=ActionVariant.DANGER,
    )
    def cancel_job(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and end the job."""
        job = get_job(object_id)

        def act(_: forms.Form) -> str:
            ended = job_queue.cancel_job(job_id=job.pk, at=SystemClock().now())
            is_over = ended.status in FINAL_STATES
            return f"{ended}: {'canceled' if is_over else 'its worker is ending it'}"

        decision = Decision(
            title=f"Cancel {job}",
            question=(
                f"End {job} ({job.status}), the {job.kind.lower()} of {asked_words(job)}? Runs"
                " and trials that it has made so far stay in the ledger."
            ),
            button="Cancel the job",
            act=act,
            back=reverse("admin:research_job_change", args=[job.pk]),
            form=forms.Form(request.POST),
            is_danger=True,
        )
        return decide(self.admin_site, request, decision)

    def watch(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Return how far a job is; nothing where the page has it already."""
        job = get_job(object_id)
        if not self.has_view_permission(request, job):
            return HttpResponse(status=403)
        notes = ["being canceled"] if job.cancel_requested_at is not None else []
        if job.attempt > 1:
            notes.append(f"attempt {job.attempt}")
        stand = Stand(
            status=job.status,
            # Many steps do not tell how far they are.
            progress=job.progress or None,
            notes=notes,
            step=job.step,
            is_page_old=job.status != request.GET.get("seen"),
        )
        return show_stand(request, stand)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show how far it is, or what it came to, above the row."""
        job = context.get("original")
        if isinstance(job, Job):
            context |= {
                "job": job,
                "asked": asked_words(job),
                "is_open": job.status not in FINAL_STATES,
                "made": _made(job),
                "status_label": _STATUS_LABELS.get(job.status, "info"),
            }
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _made(job: Job) -> str:
    """Return a link to what a job made; nothing where it has made none."""
    found = made_by(job)
    if found is None:
        return ""
    model, number = found
    address = reverse(f"admin:research_{model}_change", args=[number])
    return format_html('<a class="text-link" href="{}">{} {}</a>', address, model, number)
