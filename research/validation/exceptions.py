"""Why a statistic has no value."""

from common.domain.errors import InvalidInput


class NotComputable(InvalidInput):
    """The data given do not determine the number asked for."""

    code = "not_computable"


class TooFewTrials(NotComputable):
    """How much trials differ cannot be known from fewer than two of them."""

    code = "too_few_trials"


class TooFewPeriods(NotComputable):
    """There are fewer observations than the statistic needs."""

    code = "too_few_periods"
