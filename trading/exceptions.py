"""What can go wrong with strategies as rows."""

from common.domain.errors import Conflict


class CircularLineage(Conflict):
    """A strategy would be derived from itself, at first or second hand."""

    code = "circular_lineage"
