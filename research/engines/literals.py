"""Values of a person's own strategy file, as a command line gives them."""

import ast

from trading.strategies.parameters import Value


def read_literal(value: Value) -> Value:
    """Return a value as Python writes it: on a command line it is text.

    Examples
    --------
    >>> read_literal("5"), read_literal("0.5"), read_literal("true"), read_literal("fast")
    (5, 0.5, True, 'fast')
    """
    if not isinstance(value, str):
        return value
    try:
        read = ast.literal_eval(value.capitalize() if value in {"true", "false"} else value)
    except (SyntaxError, ValueError):
        return value
    return read if isinstance(read, bool | int | float | str) else value
