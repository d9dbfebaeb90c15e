"""What every page of the back office shares, and the pages of users, roles and tokens."""

from collections.abc import Callable
from typing import Any, override

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from knox.admin import AuthTokenAdmin as KnoxTokenAdmin
from knox.models import get_token_model
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from common.models import IdempotencyRecord


def exact(name: str) -> Callable[[Any], str]:
    """Return a column of exact decimals, with the digits they have and no more.

    It cannot be sorted by: SQLite keeps such numbers as text.
    """

    @admin.display(description=name.replace("_", " "), empty_value="-")
    def show(row: Any) -> str | None:
        value = getattr(row, name)
        return None if value is None else f"{value:f}"

    show.__name__ = f"exact_{name}"
    return show  # type: ignore[return-value]  # None becomes the empty value


class MirrorAdmin(ModelAdmin):
    """Shows rows that mirror what lies elsewhere: none is added or removed here."""

    actions = None
    change_form_outer_before_template = "common/admin/narrow.html"

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class ReadOnlyAdmin(MirrorAdmin):
    """Lists and shows rows that only services write."""

    @override
    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


admin.site.unregister([User, Group, get_token_model()])


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """People and the users of their programs.

    Only a superuser makes or changes superusers, and gives permissions past the
    roles: whoever may edit users could otherwise give himself everything.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what this user cannot edit."""
        dates = ("last_login", "date_joined")
        powers = () if request.user.is_superuser else ("is_superuser", "user_permissions")
        return (*dates, *powers)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep superusers from others, their passwords included."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        allowed: bool = super().has_change_permission(request, obj)
        return allowed


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin, DjangoGroupAdmin):  # type: ignore[misc]  # actions: none or some
    """Roles; what each may do is declared in the code and written after every migration."""

    fields = ["name", "permissions"]


@admin.register(get_token_model())
class TokenAdmin(KnoxTokenAdmin, ModelAdmin):
    """Tokens: whose they are and how long they hold. They can be revoked, never seen.

    A token's row is named by its hash, so no page of a single one is shown.
    """

    list_display = ["user", "created", "expiry"]
    list_display_links = None
    list_select_related = ["user"]
    search_fields = ["user__username"]
    actions = ["delete_selected"]

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a token is given to who logs in, and shown to nobody else."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow the list only."""
        allowed: bool = obj is None and super().has_view_permission(request)
        return allowed

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow the action of the list only."""
        allowed: bool = obj is None and super().has_delete_permission(request)
        return allowed

    @override
    def get_deleted_objects(
        self, objs: QuerySet[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the tokens that would go by their users."""
        names = [f"a token of {token.user}, made {token.created:%Y-%m-%d %H:%M}" for token in objs]
        return names, {"tokens": len(names)}, set(), []


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Requests that take effect once; their answers are for who asked, and not shown."""

    list_display = ["created_at", "user", "method", "path", "status"]
    list_select_related = ["user"]
    list_filter = ["method", "status"]
    search_fields = ["path", "user__username"]
    fields = ["user", "method", "path", "status", "created_at"]
