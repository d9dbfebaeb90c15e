"""Addresses of venues, instruments and series."""

from rest_framework.routers import SimpleRouter

from exchanges.api import views

router = SimpleRouter(use_regex_path=False)
router.register("venues", views.VenueViewSet)
router.register("instruments", views.InstrumentViewSet)
router.register("series", views.SeriesViewSet)
