"""`sync_strategies`: the strategies that are present, as rows for the web process."""

from trading.management.commands import list_strategies


class Command(list_strategies.Command):
    """Bring the rows up to date and show them."""

    help = "Write the strategies that are present into the database."
