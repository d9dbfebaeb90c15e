"""Strategies as rows, their stages, and the thresholds that they must meet."""

from trading.models.promotions import Promotion, PromotionRequest
from trading.models.strategies import Strategy, StrategyVersion
from trading.models.thresholds import GateThreshold, ThresholdRequest

__all__ = [
    "GateThreshold",
    "Promotion",
    "PromotionRequest",
    "Strategy",
    "StrategyVersion",
    "ThresholdRequest",
]
