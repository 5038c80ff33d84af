"""Sign-in and passwords are Django's own views; `settings/` is ours."""

from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from . import views

urlpatterns = [
    path("sign-in/", auth.LoginView.as_view(
        template_name="accounts/sign_in.html", redirect_authenticated_user=True
    ), name="sign_in"),
    path("sign-out/", auth.LogoutView.as_view(), name="sign_out"),
    path("settings/", views.settings, name="settings"),
    path("password/", auth.PasswordChangeView.as_view(
        template_name="accounts/password_change.html"), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(
        template_name="accounts/password_change_done.html"), name="password_change_done"),
    path("password/reset/", login_not_required(auth.PasswordResetView.as_view(
        template_name="accounts/password_reset.html",
        email_template_name="accounts/password_reset_email.txt",
        subject_template_name="accounts/password_reset_subject.txt",
    )), name="password_reset"),
    path("password/reset/sent/", login_not_required(auth.PasswordResetDoneView.as_view(
        template_name="accounts/password_reset_sent.html")), name="password_reset_done"),
    path("password/reset/<uidb64>/<token>/", login_not_required(
        auth.PasswordResetConfirmView.as_view(
            template_name="accounts/password_reset_confirm.html")),
        name="password_reset_confirm"),
    path("password/reset/done/", login_not_required(auth.PasswordResetCompleteView.as_view(
        template_name="accounts/password_reset_complete.html")), name="password_reset_complete"),
]
