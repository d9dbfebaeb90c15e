"""Addresses of logging in and out, to be included under `/api/v1/auth/`."""

from django.urls import path

from common.api import auth

app_name = "auth"
urlpatterns = [
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("logout-all/", auth.LogoutAllView.as_view(), name="logout-all"),
]
