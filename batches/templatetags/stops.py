"""The banner on every page of the admin while replies are stopped."""

from typing import Any

from django import template

from replies.switches import stopped

register = template.Library()


@register.inclusion_tag("admin/batches/stopped.html", takes_context=True)
def stopped_replies(context: dict[str, Any]) -> dict[str, Any]:
    """What is stopped, for whoever has logged in. One query."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_staff:
        return {"stops": []}
    return {"stops": stopped(), "may_open": user.has_perm("replies.view_switch")}
