"""Middleware that only people need: the webhook, the probes and other machines do not pay for it.

Each class is the well-known one behind a test of the path, so that MIDDLEWARE stays one list in its usual order and
Django's own checks recognise what is in it. Protection against forged forms is not among them: it holds everywhere.
"""

from typing import Any

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware as Authentication
from django.contrib.messages.middleware import MessageMiddleware as Messages
from django.contrib.sessions.middleware import SessionMiddleware as Sessions
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

ADMIN = "/admin/"


class AdminOnly(MiddlewareMixin):
    """Mixed into a middleware: requests to other addresses pass it by."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(ADMIN):
            return super().__call__(request)
        return self.get_response(request)


class SessionMiddleware(AdminOnly, Sessions):
    pass


class AuthenticationMiddleware(AdminOnly, Authentication):
    pass


class MessageMiddleware(AdminOnly, Messages):
    pass


class PolicyMiddleware(AdminOnly, CSPMiddleware):
    """Content-Security-Policy, and Permissions-Policy: no page needs any of a browser's devices."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers["Permissions-Policy"] = (
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return super().process_response(request, response)
