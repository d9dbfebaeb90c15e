"""The Celery application: housekeeping that runs by the clock."""

import os
from datetime import timedelta

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_site.settings.base")

app = Celery("assay")
app.conf.update(
    broker_url=settings.REDIS_URL or "redis://127.0.0.1:6379/0",
    task_ignore_result=True,
    task_acks_late=True,
    # A worker that is killed must not take the task with it.
    task_reject_on_worker_lost=True,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    timezone="UTC",
    beat_schedule={
        "remove-unreferenced-files": {
            "task": "exchanges.remove_unreferenced_files",
            "schedule": timedelta(hours=1),
        },
        "prune-idempotency-records": {
            "task": "common.prune_idempotency_records",
            "schedule": timedelta(hours=6),
        },
    },
)
app.autodiscover_tasks()
