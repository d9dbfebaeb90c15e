from datetime import UTC, datetime

import ccxt
import pytest

from common.domain.errors import ExternalError, PlatformError
from exchanges.exceptions import UnknownInstrument
from exchanges.venues.errors import (
    RateLimited,
    UnreadableAnswer,
    VenueRefused,
    VenueUnavailable,
)
from exchanges.venues.translation import http_date, retry_after_seconds, translate

NOW = datetime(2024, 1, 1, tzinfo=UTC)


# What a later release of ccxt may add.
NewlyInvented: type[Exception] = type("NewlyInvented", (ccxt.ExchangeError,), {})


def translated(kind: type[Exception]) -> PlatformError:
    return translate(kind("binance said so"), venue="BINANCE", headers={}, now=NOW)


class TestTranslate:
    @pytest.mark.parametrize(
        ("kind", "error"),
        [
            (ccxt.NetworkError, VenueUnavailable),
            (ccxt.RequestTimeout, VenueUnavailable),
            (ccxt.ExchangeNotAvailable, VenueUnavailable),
            (ccxt.OnMaintenance, VenueUnavailable),
            (ccxt.RateLimitExceeded, RateLimited),
            (ccxt.DDoSProtection, RateLimited),
            (ccxt.BadResponse, UnreadableAnswer),
            (ccxt.NullResponse, UnreadableAnswer),
            (ccxt.BadSymbol, UnknownInstrument),
            (ccxt.BadRequest, VenueRefused),
            (ccxt.AuthenticationError, VenueRefused),
            (ccxt.RestrictedLocation, VenueRefused),
            (ccxt.NotSupported, VenueRefused),
            (ccxt.InvalidNonce, VenueRefused),
            (ccxt.ExchangeError, VenueRefused),
            (NewlyInvented, VenueRefused),
        ],
    )
    def test_says_what_an_error_means(
        self, kind: type[Exception], error: type[PlatformError]
    ) -> None:
        assert type(translated(kind)) is error
        assert translated(kind).detail == f"BINANCE: {kind.__name__}: binance said so"

    def test_only_what_is_known_to_pass_is_retryable(self) -> None:
        retryable = {
            kind.__name__
            for kind in vars(ccxt).values()
            if isinstance(kind, type) and issubclass(kind, ccxt.BaseError)
            if isinstance(error := translated(kind), ExternalError) and error.retryable
        }

        assert retryable == {
            "NetworkError",
            "DDoSProtection",
            "RateLimitExceeded",
            "ExchangeNotAvailable",
            "OnMaintenance",
            "RequestTimeout",
            "BadResponse",
            "NullResponse",
        }


class TestHeaders:
    @pytest.mark.parametrize("value", [None, "", "tomorrow", "-5"])
    def test_what_is_no_date_is_none(self, value: str | None) -> None:
        assert http_date(value) is None
        assert retry_after_seconds(value, NOW) is None

    def test_a_pause_that_is_over_is_none_at_all(self) -> None:
        assert retry_after_seconds("Sun, 31 Dec 2023 23:59:00 GMT", NOW) == 0.0
