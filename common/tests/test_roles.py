import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from common.roles import PERMISSIONS, Role, sync_roles
from common.tests.factories import UserFactory

FRAMEWORKS = {"admin", "auth", "contenttypes", "knox", "sessions"}
ACTIONS = {"view", "add", "change", "delete"}

pytestmark = pytest.mark.django_db


def granted(role: Role) -> set[str]:
    permissions = Group.objects.get(name=role.value).permissions.select_related("content_type")
    return {f"{p.content_type.app_label}.{p.codename}" for p in permissions}


def declared(role: Role) -> set[str]:
    rows = [(*label.split("."), grants.get(role, ())) for label, grants in PERMISSIONS.items()]
    return {f"{app}.{action}_{model}" for app, model, actions in rows for action in actions}


class TestTable:
    def test_names_every_model_of_the_platform(self) -> None:
        ours = {
            model._meta.label_lower
            for model in apps.get_models()
            if model._meta.app_label not in FRAMEWORKS
        }

        assert ours <= PERMISSIONS.keys()

    def test_names_only_models_and_actions_that_exist(self) -> None:
        for label, grants in PERMISSIONS.items():
            assert apps.get_model(label)
            for actions in grants.values():
                assert actions <= ACTIONS

    def test_lets_a_viewer_change_nothing(self) -> None:
        assert {
            permission.split(".")[1].split("_")[0] for permission in declared(Role.VIEWER)
        } == {"view"}

    def test_shows_users_keys_and_tokens_to_administrators_only(self) -> None:
        for label in ("auth.user", "common.idempotencyrecord", "knox.authtoken"):
            assert set(PERMISSIONS[label]) == {Role.ADMIN}

    @pytest.mark.parametrize("role", list(Role))
    def test_lets_nobody_rewrite_a_run(self, role: Role) -> None:
        assert not declared(role) & {"research.change_run", "research.delete_run"}


class TestSync:
    @pytest.mark.parametrize("role", list(Role))
    def test_migrating_gives_each_group_what_the_table_says(self, role: Role) -> None:
        assert granted(role) == declared(role)

    def test_can_be_repeated(self) -> None:
        before = {role: granted(role) for role in Role}

        call_command("migrate", verbosity=0)

        assert {role: granted(role) for role in Role} == before
        assert Group.objects.count() == len(Role)

    def test_takes_back_what_was_added_by_hand(self) -> None:
        viewers = Group.objects.get(name=Role.VIEWER.value)
        viewers.permissions.add(Permission.objects.get(codename="delete_user"))

        sync_roles(app_config=apps.get_app_config("auth"))

        assert granted(Role.VIEWER) == declared(Role.VIEWER)

    def test_leaves_other_groups_alone(self) -> None:
        own = Group.objects.create(name="auditors")
        own.permissions.add(Permission.objects.get(codename="delete_user"))

        sync_roles(app_config=apps.get_app_config("auth"))

        assert own.permissions.count() == 1


class TestUserFactory:
    def test_gives_the_permissions_of_the_role(self) -> None:
        user = UserFactory.create(role=Role.ADMIN)

        assert user.has_perm("auth.view_group")
        assert not UserFactory.create(role=Role.VIEWER).has_perm("auth.view_group")
