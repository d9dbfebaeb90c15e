"""Who may do what: the roles, and the one table of their permissions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.apps import AppConfig
from django.apps.registry import Apps
from django.apps.registry import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.db import DEFAULT_DB_ALIAS

type Actions = frozenset[str]


class Role(StrEnum):
    """A role; the value is the name of its group. A user may have several."""

    VIEWER = "viewer"
    RESEARCHER = "researcher"
    TRADER = "trader"
    RISK_OFFICER = "risk officer"
    ADMIN = "admin"


NONE: Final[Actions] = frozenset()
VIEW: Final[Actions] = frozenset({"view"})
# What is written once and never changed or removed, not even by an administrator.
RECORD: Final[Actions] = VIEW | {"add"}
EDIT: Final[Actions] = RECORD | {"change"}
ALL: Final[Actions] = EDIT | {"delete"}


def _everyone_views(
    *,
    researcher: Actions = VIEW,
    trader: Actions = VIEW,
    risk_officer: Actions = VIEW,
    admin: Actions = VIEW,
) -> Mapping[Role, Actions]:
    return {
        Role.VIEWER: VIEW,
        Role.RESEARCHER: researcher,
        Role.TRADER: trader,
        Role.RISK_OFFICER: risk_officer,
        Role.ADMIN: admin,
    }


# A model that is not named here is open to superusers only. Rows of market data,
# strategies and artefacts mirror files, so nobody writes them through the site.
PERMISSIONS: Final[Mapping[str, Mapping[Role, Actions]]] = {
    "auth.group": {Role.ADMIN: VIEW},
    "auth.user": {Role.ADMIN: EDIT},
    "common.idempotencyrecord": {Role.ADMIN: VIEW},
    "exchanges.instrument": _everyone_views(trader=VIEW | {"change"}, admin=EDIT),
    "exchanges.series": _everyone_views(),
    "exchanges.venue": _everyone_views(admin=EDIT),
    "knox.authtoken": {Role.ADMIN: VIEW | {"delete"}},
    "research.artefact": _everyone_views(),
    "research.comparedrun": _everyone_views(),
    "research.comparison": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    "research.dataset": _everyone_views(),
    "research.examination": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    "research.experiment": _everyone_views(researcher=EDIT, trader=EDIT, admin=ALL),
    "research.job": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    "research.run": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    "research.sweep": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    "research.sweepchunk": _everyone_views(),
    "research.trial": _everyone_views(),
    "research.validation": _everyone_views(researcher=RECORD, trader=RECORD, admin=RECORD),
    # Who asks for a step adds a request, who takes or refuses it adds a promotion; and
    # who may set thresholds may confirm what others ask of them.
    "trading.gatethreshold": _everyone_views(risk_officer=RECORD, admin=RECORD),
    "trading.promotion": _everyone_views(risk_officer=RECORD, admin=RECORD),
    "trading.promotionrequest": _everyone_views(researcher=RECORD, admin=RECORD),
    "trading.strategy": _everyone_views(admin=VIEW | {"change"}),
    "trading.strategyversion": _everyone_views(),
    "trading.thresholdrequest": _everyone_views(risk_officer=RECORD, admin=RECORD),
}


def sync_roles(*, app_config: AppConfig, using: str = DEFAULT_DB_ALIAS) -> None:
    """Give each role's group exactly the table's permissions on the models of one app.

    It can be repeated at will. Groups of other names are left alone; so are
    permissions that a role's group has on models the table does not name.
    """
    rows = _rows_of(app_config.label)
    known = list(
        Permission.objects.using(using).filter(
            content_type__app_label=app_config.label, content_type__model__in=rows
        )
    )
    for role in Role:
        group, _ = Group.objects.using(using).get_or_create(name=role.value)
        codenames = {
            f"{action}_{model}"
            for model, grants in rows.items()
            for action in grants.get(role, NONE)
        }
        wanted = {permission for permission in known if permission.codename in codenames}
        held = set(group.permissions.filter(pk__in=[permission.pk for permission in known]))
        group.permissions.add(*wanted - held)
        group.permissions.remove(*held - wanted)


def _rows_of(app_label: str) -> dict[str, Mapping[Role, Actions]]:
    """Return the table's rows of one app under the names of its models."""
    labels = {label: label.partition(".") for label in PERMISSIONS}
    return {
        model: PERMISSIONS[label] for label, (app, _, model) in labels.items() if app == app_label
    }


def sync_after_migrate(
    *,
    app_config: AppConfig,
    using: str,
    verbosity: int = 0,
    apps: Apps = global_apps,
    **_: Any,
) -> None:
    """Sync one app's roles; the handler of Django's `post_migrate`."""
    if not (_rows_of(app_config.label) and _has_permissions(apps)):
        return
    # Django makes the rows of permissions in a handler of the same signal, which may come
    # after this one; both are made here, which is the same as making them once.
    create_contenttypes(app_config, verbosity=verbosity, using=using, apps=apps)
    create_permissions(app_config, verbosity=verbosity, using=using, apps=apps)
    sync_roles(app_config=app_config, using=using)


def _has_permissions(apps: Apps) -> bool:
    """Tell whether the migrations so far have made the tables of groups and permissions."""
    try:
        apps.get_model("auth", "Permission")
    except LookupError:
        return False
    return True
