"""Fields of the admin's forms."""

from typing import Any

from django.conf import settings
from unfold.widgets import UnfoldAdminExpandableTextareaWidget


class SmsTextarea(UnfoldAdminExpandableTextareaWidget):  # type: ignore[misc]  # unfold has no types
    """For a text that goes out as SMS: what it takes is told below while it is typed."""

    class Media:
        js = ["replies/segments.js"]
        css = {"all": ["replies/segments.css"]}

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().build_attrs(*args, **kwargs), "data-max-segments": settings.SMS_MAX_SEGMENTS}
