"""What can go wrong with venues, instruments and series."""

from common.domain.errors import Conflict, InvalidInput, NotFound


class UnknownInstrument(NotFound):
    """No such instrument is known here."""

    code = "unknown_instrument"


class UnknownSeries(NotFound):
    """Nothing of the kind is stored of the instrument."""

    code = "unknown_series"


class UnknownSizes(InvalidInput):
    """A tick or a lot that is needed, and neither stated nor known."""

    code = "unknown_sizes"


class SyntheticVenue(Conflict):
    """Real data for the synthetic venue, or synthetic data for a real one."""

    code = "synthetic_venue"
