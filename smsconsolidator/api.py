"""The API's description: what it says besides the views' own words, and where it is shown."""

from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

State = dict[str, Any]

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    # Split: the page's script has an address of its own, so that a strict Content-Security-Policy lets it run.
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]


def without_slashes(result: State, **_: Any) -> State:
    """The webhook's paths as providers are given them; with a slash at the end they work as well."""
    return result | {"paths": {path.rstrip("/"): item for path, item in result["paths"].items()}}


def with_bodies_required(result: State, **_: Any) -> State:
    """No request that has a body goes without; the generator cannot tell that of a list."""
    for item in result["paths"].values():
        for operation in item.values():
            operation.get("requestBody", {})["required"] = True
    return result


def with_health(result: State, **_: Any) -> State:
    """The description with /healthz and /readyz, which are plain views and describe nothing themselves."""
    alive = {"status": {"const": "ok"}, "version": {"type": "string"}}
    check = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    ready = {
        "status": {"enum": ["ready", "not ready"]},
        "version": {"type": "string"},
        "checks": {"type": "object", "additionalProperties": check},
    }
    result["paths"]["/healthz"] = _probe("healthz", "Whether the process is up", {"200": ("It is.", alive)})
    result["paths"]["/readyz"] = _probe(
        "readyz",
        "Whether messages can be taken and batches are being closed",
        {"200": ("Yes.", ready), "503": ("No; `checks` says which part is not ready.", ready)},
    )
    return result


def _probe(name: str, summary: str, answers: dict[str, tuple[str, State]]) -> State:
    responses = {
        status: {"description": text, "content": {"application/json": {"schema": _object(properties)}}}
        for status, (text, properties) in answers.items()
    }
    return {"get": {"operationId": name, "summary": summary, "tags": ["health"], "responses": responses}}


def _object(properties: State) -> State:
    return {"type": "object", "properties": properties, "required": list(properties)}
