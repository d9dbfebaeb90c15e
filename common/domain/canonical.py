"""JSON documents named by their content."""

import hashlib
import json
from collections.abc import Mapping


def canonical_hash(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a JSON document, independent of the order of its keys.

    Examples
    --------
    >>> canonical_hash({"b": 0.5, "a": [1, None]})[:8]
    'e538351a'

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
