"""What can be wrong with a recording of events, or with its place in a series."""

from common.data_pipeline.importers.exceptions import UnusableFile
from common.domain.errors import Conflict


class OffTick(UnusableFile):
    """A price that is not a multiple of the tick."""

    code = "off_tick"


class OffLot(UnusableFile):
    """A quantity that is not a multiple of the lot."""

    code = "off_lot"


class OtherInstrument(UnusableFile):
    """A message of an instrument other than the one that was named."""

    code = "other_instrument"


class CutEnd(UnusableFile):
    """A recording whose end is cut off; what is whole can be asked for."""

    code = "cut_end"


class ConflictingMessages(UnusableFile):
    """Two different messages of one recording bear the same number."""

    code = "conflicting_messages"


class ReceivedTooLate(UnusableFile):
    """Times of receipt that no feed has: the receiver's clock was set meanwhile."""

    code = "received_too_late"


class EventsOverlap(Conflict):
    """A recording begins before the stored events end."""

    code = "events_overlap"


class SizesDiffer(Conflict):
    """Stored events state another tick or lot."""

    code = "sizes_differ"
