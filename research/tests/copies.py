"""Many rows from one real run, for pages and lists."""

from common.domain.enums import RunStatus
from research.models import Dataset, Experiment, Run
from research.services.owners import process_name


def copy_run(run: Run, *, number: int) -> Run:
    """Return a running copy with an experiment and a dataset of its own."""
    of = run.dataset
    assert of is not None
    dataset = Dataset.objects.create(
        series=of.series,
        hash=f"{number:064d}",
        rows=of.rows,
        start_at=of.start_at,
        end_at=of.end_at,
    )
    values = {
        field.attname: getattr(run, field.attname)
        for field in Run._meta.concrete_fields
        if field.name not in {"id", "status", "finished_at", "owner", "experiment", "dataset"}
    }
    return Run.objects.create(
        **values,
        experiment=Experiment.objects.create(name=f"copy {number}"),
        dataset=dataset,
        status=RunStatus.RUNNING,
        owner=process_name(),
    )
