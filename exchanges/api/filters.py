"""By what lists of venues, instruments and series can be narrowed."""

from django_filters import rest_framework as filters

from common.api.boolean_filter import BooleanFilter
from exchanges.models import Instrument, Series, Venue


class VenueFilter(filters.FilterSet):
    """Venues."""

    is_synthetic = BooleanFilter()

    class Meta:
        model = Venue
        fields = ["code"]


class InstrumentFilter(filters.FilterSet):
    """Instruments."""

    venue = filters.CharFilter(field_name="venue__code")

    class Meta:
        model = Instrument
        fields = ["symbol", "market_type"]


class SeriesFilter(filters.FilterSet):
    """Series."""

    venue = filters.CharFilter(field_name="instrument__venue__code")
    symbol = filters.CharFilter(field_name="instrument__symbol")

    class Meta:
        model = Series
        fields = ["kind", "timeframe"]
