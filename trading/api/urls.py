"""Addresses of strategies."""

from rest_framework.routers import SimpleRouter

from trading.api import views

router = SimpleRouter()
router.register("strategies", views.StrategyViewSet)
