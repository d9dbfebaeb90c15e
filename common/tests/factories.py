"""Users for tests."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from factory.declarations import Sequence
from factory.django import DjangoModelFactory, Password
from factory.helpers import post_generation

from common.roles import Role

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """A user; `UserFactory.create(role=Role.TRADER)` puts him into that role's group."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = Sequence(lambda n: f"user{n}")
    password = Password(PASSWORD)

    @post_generation  # type: ignore[untyped-decorator]  # the library has no types here
    def role(self: Any, create: bool, extracted: Role | None, **kwargs: object) -> None:
        """Join the role's group."""
        if create and extracted is not None:
            self.groups.add(Group.objects.get(name=extracted.value))
