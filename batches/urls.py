"""The addresses that providers and other programs call."""

from django.urls import re_path

from batches.senders_api import SenderDetail, SenderList
from batches.views import InboundSmsView

urlpatterns = [
    re_path(r"^api/webhook/sms-received/?$", InboundSmsView.as_view(), name="sms-received"),
    re_path(r"^api/webhook/(?P<slug>[^/]+)/(?P<token>[^/]+)/?$", InboundSmsView.as_view(), name="webhook"),
    re_path(r"^api/senders/?$", SenderList.as_view(), name="senders"),
    re_path(r"^api/senders/(?P<number>[^/]+)/?$", SenderDetail.as_view(), name="sender"),
]
