"""People, their roles, and what was done in the admin."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from annotate.admin_pages import EVERYWHERE, KeptAdmin, ReadOnlyAdmin, short

from . import second_factor
from .actions import set_active, set_role
from .models import User
from .roles import Role


@never_cache
@login_not_required
def sign_in(request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
    """Send people to the site's own sign-in; who may not enter the admin is told so."""
    index = reverse("admin:index")
    asked = request.GET.get("next", index)
    if not request.user.is_authenticated:
        return redirect_to_login(asked, resolve_url("sign_in"))
    if not admin.site.has_permission(request):
        raise PermissionDenied("Only moderators and admins may enter the admin.")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(asked if ours else index)  # `redirect` takes names of views


admin.site.login = sign_in  # type: ignore[method-assign]
# The role stands in a person's form; the others hold secrets, or nothing.
admin.site.unregister([Group, Authenticator, UserSession, EmailAddress])


class RoleForm(forms.ModelForm):
    """Adds the role, which is a group, to a form for a person."""

    by: User  # who fills the form in
    role = forms.ChoiceField(
        choices=[("", "No role"), *((role.value, role.label) for role in Role)],
        required=False,
        initial=Role.REVIEWER,
        widget=UnfoldAdminSelectWidget,
        help_text="Reviewers tag. Moderators see everyone's tags, hide them, open and lock "
        "stories. Admins also look after people and labels.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk == self.by.pk and not self.by.is_superuser:
            if cleaned.get("role") != Role.ADMIN:
                self.add_error("role", ValidationError("You cannot take your own role away."))
            if not cleaned.get("is_active"):
                self.add_error("is_active", ValidationError("You cannot shut yourself out."))
        return cleaned


class ChangeForm(RoleForm, UserChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["role"] = role_of(self.instance)


class AddForm(RoleForm, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User

    def clean(self) -> dict[str, Any]:
        # Nobody adds themselves; the passwords are checked by Django's form.
        return UserCreationForm.clean(self) or self.cleaned_data


class RoleFilter(admin.SimpleListFilter):
    title = parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((role.value, role.label) for role in Role), ("none", "No role")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        members = User.groups.through.objects.filter(group__name__in=Role.values)
        if self.value() == "none":
            return queryset.exclude(pk__in=members.values("user"))
        if self.value():
            return queryset.filter(
                pk__in=members.filter(group__name=self.value()).values("user")
            )
        return queryset


@admin.register(User)
class UserAdmin(KeptAdmin, DjangoUserAdmin):
    """Only superusers change superusers, and give permissions beside the role's."""

    form = ChangeForm
    add_form = AddForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "name", "email", "role", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active", "is_staff")
    search_fields = ("username", "public_name", "email", "first_name", "last_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("remove_second_factor",)
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    *("username", "public_name", "email", "role"),
                    *("usable_password", "password1", "password2"),
                ),
            },
        ),
    )

    @admin.display(description="public name", ordering="public_name")
    def name(self, user: User) -> str:
        return short(user.public_name)

    @admin.display
    def role(self, user: User) -> str:
        return role_of(user) or ("superuser" if user.is_superuser else "")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).with_roles()  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        # Who may only look does not see the password's hash.
        may_change = self.has_change_permission(request, obj)
        password = ("password",) if may_change else ()
        beyond = ("is_superuser", "user_permissions") if request.user.is_superuser else ()
        return (
            (None, {"fields": ("username", "public_name", *password)}),
            ("Person", {"fields": ("first_name", "last_name", "email")}),
            ("What they may do", {"fields": ("role", "is_active", *beyond)}),
            ("Times", {"fields": ("last_login", "date_joined")}),
        )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Permissions as boxes to tick: Django's two lists need a mouse and a script."""
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("accounts.add_user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Only what the form shows: the person's settings may have changed meanwhile.
        names = {field.name for field in User._meta.concrete_fields} - {"is_active"}
        obj.save(update_fields=names.intersection(form.cleaned_data))
        set_active(obj, obj.is_active, by=cast(User, request.user))

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        set_role(form.instance, form.cleaned_data["role"], by=cast(User, request.user))

    @admin.action(
        description="Remove the second factor",
        description_plural="Remove the second factor of the selected people",
        permissions=["change"],
        location=EVERYWHERE,
    )
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For a lost device."""
        for user in queryset:
            if not self.has_change_permission(request, user):
                self.message_user(request, f"You may not change {user}.", messages.ERROR)
            elif second_factor.remove(user, by=cast(User, request.user)):
                self.log_change(request, user, "Removed the second factor.")
                said = f"The second factor of {user} is removed."
                self.message_user(request, said, messages.SUCCESS)
            else:
                self.message_user(
                    request, f"There is no second factor of {user}.", messages.WARNING
                )


def role_of(user: User) -> str:
    """Return the role that may most, or nothing."""
    found = [role for role in Role if role.value in user.roles]
    return found[-1].value if found else ""


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """The roles. What each may do stands in annotate/accounts/roles.py."""

    search_fields = ("name",)
    fields = ("name", "allowed")

    @admin.display(description="permissions")
    def allowed(self, group: Group) -> str:
        permissions = group.permissions.select_related("content_type")
        return "\n".join(str(permission) for permission in permissions) or "-"


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was done in the admin, by whom."""

    list_display = ("action_time", "who", "what", "kind", "thing")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__public_name", "user__username")
    date_hierarchy = "action_time"
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "what")

    @admin.display(ordering="user__public_name")
    def who(self, entry: LogEntry) -> str:
        return short(entry.user.public_name)

    @admin.display(description="what was done")
    def what(self, entry: LogEntry) -> str:
        return short(entry.get_change_message() or entry.get_action_flag_display())

    @admin.display
    def kind(self, entry: LogEntry) -> str:
        return entry.content_type.name if entry.content_type else ""

    @admin.display
    def thing(self, entry: LogEntry) -> str:
        return short(entry.object_repr)
