"""Addresses of strategies, indicators, promotions and thresholds."""

from rest_framework.routers import SimpleRouter

from trading.api import promotions, thresholds, views

router = SimpleRouter(use_regex_path=False)
router.register("strategies", views.StrategyViewSet)
router.register("indicators", views.IndicatorViewSet, basename="indicator")
router.register("promotions", promotions.PromotionViewSet)
router.register("promotion-requests", promotions.PromotionRequestViewSet)
router.register("thresholds", thresholds.ThresholdViewSet, basename="threshold")
router.register("threshold-requests", thresholds.ThresholdRequestViewSet)
