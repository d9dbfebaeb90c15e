"""How venues, instruments and series are written."""

from typing import Any

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from exchanges.models import Instrument, Series, Venue


class VenueSerializer(ModelSerializer[Venue]):
    """A venue; its name can be changed."""

    class Meta:
        model = Venue
        fields = ["id", "code", "name", "is_synthetic", "created_at", "updated_at"]
        read_only_fields = ["code", "is_synthetic", "created_at", "updated_at"]


class InstrumentSerializer(ModelSerializer[Instrument]):
    """An instrument; the sizes its orders must respect can be changed."""

    venue = serializers.CharField(source="venue.code", read_only=True)

    class Meta:
        model = Instrument
        fields = [
            "id",
            "venue",
            "symbol",
            "market_type",
            "lot",
            "tick",
            "min_notional",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["symbol", "market_type", "created_at", "updated_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse sizes that no order could respect.

        Raises
        ------
        ValidationError
            If one is not positive.
        """
        wrong = {
            name: [f"{size} is not positive."]
            for name, size in attrs.items()
            if size is not None and size <= 0
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


class SeriesSerializer(ModelSerializer[Series]):
    """What is stored of an instrument."""

    venue = serializers.CharField(source="instrument.venue.code", read_only=True)
    symbol = serializers.CharField(source="instrument.symbol", read_only=True)

    class Meta:
        model = Series
        fields = [
            "id",
            "venue",
            "symbol",
            "kind",
            "timeframe",
            "rows",
            "start_at",
            "end_at",
            "gaps",
            "dataset_hash",
            "manifest_version",
            "updated_at",
        ]


class BarSerializer(serializers.Serializer[None]):
    """One bar, labelled by its open time."""

    time = serializers.DateTimeField()
    open = serializers.FloatField()
    high = serializers.FloatField()
    low = serializers.FloatField()
    close = serializers.FloatField()
    volume = serializers.FloatField()


class BarsSerializer(serializers.Serializer[None]):
    """Bars of a period, and where the next ones begin."""

    series = serializers.CharField()
    next_start = serializers.DateTimeField(
        allow_null=True, help_text="Start of the bars that did not fit, or null"
    )
    bars = BarSerializer(many=True)
