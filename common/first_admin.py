"""The first administrator of an installation."""

from pathlib import Path

from django.contrib.auth import get_user_model

from common.secret_files import read_or_create

FIRST_ADMIN = "admin"


def ensure_admin(password_file: Path) -> bool:
    """Make an administrator with a random password, unless there is one; return whether it was.

    The password is only in the file, which only its owner can read.
    """
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return False
    users.create_superuser(username=FIRST_ADMIN, password=read_or_create(password_file))
    return True
