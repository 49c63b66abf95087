"""Django's WSGI handler, with a request that takes any Content-Type."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponseBase

from smsconsolidator import request_ids


class Request(WSGIRequest):
    """A request whose Content-Type may be anything: Django raises for broken parameters, before any view is asked."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # unknown to the stubs
        except (ValueError, LookupError):  # half a parameter, or a charset that is unknown or none of text
            self._encoding = None
            self.content_type = meta["CONTENT_TYPE"].partition(";")[0].strip().lower()
            self.content_params = {}


class Handler(WSGIHandler):
    """Django's, with our request, whose id is known to the log."""

    request_class = Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
        request_ids.begin(environ.get("HTTP_X_REQUEST_ID", ""))
        return super().__call__(environ, start_response)
