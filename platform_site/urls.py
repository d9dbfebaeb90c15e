"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)
from rest_framework.routers import DefaultRouter

from exchanges.api.urls import router as exchanges_router
from platform_site.views import favicon
from research.api.urls import router as research_router
from trading.api.urls import router as trading_router

router = DefaultRouter(use_regex_path=False)
# `?format=` and `Accept` say the format; a second address for everything says nothing more.
router.include_format_suffixes = False
for part in (exchanges_router, trading_router, research_router):
    router.registry.extend(part.registry)

admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("favicon.ico", favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("api/v1/auth/", include("common.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(title="Assay API"), name="swagger"),
    path("api/v1/redoc/", SpectacularRedocView.as_view(title="Assay API"), name="redoc"),
    path("api/v1/", include(router.urls)),
]

handler400 = "common.api.error_views.bad_request"
handler403 = "common.api.error_views.permission_denied"
handler404 = "common.api.error_views.not_found"
handler500 = "common.api.error_views.server_error"
