"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path

from smsconsolidator import views
from smsconsolidator.metrics import metrics

admin.autodiscover()

urlpatterns = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("api/", include("smsconsolidator.api")),
    path("", include("batches.urls")),
]
