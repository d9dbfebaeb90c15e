"""Venues, their instruments, and the series of market data stored of them."""

from django.db import models

from common.domain.enums import MarketType, SeriesKind
from common.domain.instruments import DEFAULT_LOT, InstrumentId, InstrumentSpec, SeriesKey
from common.domain.timeframe import Timeframe
from common.fields import ExactDecimalField


class Venue(models.Model):
    """A place of trading, or the synthetic venue."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_synthetic = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.code


class Instrument(models.Model):
    """A thing traded at a venue, with the sizes its orders must respect."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="instruments")
    symbol = models.CharField(max_length=64)
    market_type = models.CharField(
        max_length=20, choices=[(kind.value, kind.value) for kind in MarketType]
    )
    lot = ExactDecimalField(default=DEFAULT_LOT, help_text="Smallest step of a quantity")
    tick = ExactDecimalField(null=True, blank=True, help_text="Smallest step of a price")
    min_notional = ExactDecimalField(
        null=True, blank=True, help_text="Smallest value of an order, in the quote currency"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "symbol"], name="exchanges_instrument_symbol_once_per_venue"
            )
        ]

    def __str__(self) -> str:
        return str(self.instrument_id)

    @property
    def instrument_id(self) -> InstrumentId:
        """Symbol and venue; read the venue with the instrument to save a query."""
        return InstrumentId(self.symbol, self.venue.code)

    @property
    def spec(self) -> InstrumentSpec:
        """The sizes as a value."""
        return InstrumentSpec(
            id=self.instrument_id, lot=self.lot, tick=self.tick, min_notional=self.min_notional
        )


class Series(models.Model):
    """What the store holds of one instrument and kind, as its manifest said last."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="series")
    kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.value) for kind in SeriesKind]
    )
    timeframe = models.CharField(
        max_length=4, blank=True, choices=[(tf.value, tf.value) for tf in Timeframe]
    )
    rows = models.BigIntegerField()
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    gaps = models.BigIntegerField(default=0)
    dataset_hash = models.CharField(
        max_length=64, blank=True, help_text="Of all order-book events; empty for other kinds"
    )
    manifest_version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "kind", "timeframe"], name="exchanges_series_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> SeriesKey:
        """The series' name in the store."""
        timeframe = Timeframe(self.timeframe) if self.timeframe else None
        return SeriesKey(self.instrument.instrument_id, SeriesKind(self.kind), timeframe)
