"""Addresses of experiments, datasets, runs, comparisons, sweeps, examinations, jobs and engines."""

from rest_framework.routers import SimpleRouter

from research.api import comparisons, examinations, jobs, promotions, sweeps, validations, views

router = SimpleRouter(use_regex_path=False)
router.register("experiments", views.ExperimentViewSet)
router.register("datasets", views.DatasetViewSet)
router.register("runs", views.RunViewSet)
router.register("comparisons", comparisons.ComparisonViewSet)
router.register("sweeps", sweeps.SweepViewSet)
router.register("examinations", examinations.ExaminationViewSet)
router.register("validation-tools", examinations.ToolViewSet, basename="validation-tool")
# Before the verdicts themselves, whose list is what the root of the API shows of this prefix.
router.register(
    "validations", promotions.ValidationPromotionViewSet, basename="validation-promotion"
)
router.register("validations", validations.ValidationViewSet)
router.register("jobs", jobs.JobViewSet)
router.register("engines", views.EngineViewSet, basename="engine")
