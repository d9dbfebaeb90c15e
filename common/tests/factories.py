"""Users for tests."""

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from common.roles import Role

PASSWORD = "correct horse battery staple"


class UserFactory(factory.django.DjangoModelFactory):
    """A user; `role=Role.TRADER` puts him into that role's group."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def role(self, create: bool, extracted: Role | None, **kwargs: object) -> None:
        """Join the role's group."""
        if create and extracted is not None:
            self.groups.add(Group.objects.get(name=extracted.value))
