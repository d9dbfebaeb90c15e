"""Addresses of experiments, datasets and runs."""

from rest_framework.routers import SimpleRouter

from research.api import views

router = SimpleRouter()
router.register("experiments", views.ExperimentViewSet)
router.register("datasets", views.DatasetViewSet)
router.register("runs", views.RunViewSet)
