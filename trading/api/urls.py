"""Addresses of strategies and indicators."""

from rest_framework.routers import SimpleRouter

from trading.api import views

router = SimpleRouter(use_regex_path=False)
router.register("strategies", views.StrategyViewSet)
router.register("indicators", views.IndicatorViewSet, basename="indicator")
