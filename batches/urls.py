"""The addresses that providers call."""

from django.urls import re_path

from batches.views import InboundSmsView

urlpatterns = [
    re_path(r"^api/webhook/sms-received/?$", InboundSmsView.as_view(), name="sms-received"),
    re_path(r"^api/webhook/(?P<slug>[^/]+)/(?P<token>[^/]+)/?$", InboundSmsView.as_view(), name="webhook"),
]
