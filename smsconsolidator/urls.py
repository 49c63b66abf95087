"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from smsconsolidator import views
from smsconsolidator.metrics import metrics

admin.autodiscover()
handler400 = "smsconsolidator.hosts.bad_request"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),  # what people type is the server's name
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("api/", include("smsconsolidator.api")),
    path("", include("batches.urls")),
]
