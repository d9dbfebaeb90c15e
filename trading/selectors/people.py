"""Who acts at the terminal."""

from django.contrib.auth.models import User

from trading.exceptions import UnknownActor


def get_actor(username: str) -> User:
    """Return an active user by his name.

    Raises
    ------
    UnknownActor
        If there is none.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UnknownActor(f"there is no active user {username!r}", user=username)
    return user
