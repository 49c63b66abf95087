"""The breakers in front of the models: nothing can be changed but one closed."""

from datetime import datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display

from classification import circuit as circuits
from classification import services
from classification.models import Circuit, CircuitState
from classification.record_admin import RecordAdmin

COLOURS = {CircuitState.CLOSED: "success", CircuitState.OPEN: "danger", CircuitState.HALF_OPEN: "warning"}
WORDS = {
    CircuitState.CLOSED: "The model is asked.",
    CircuitState.OPEN: "The model is not asked; rules decide.",
    CircuitState.HALF_OPEN: "One conversation is trying the model; for the others it is not asked.",
}


@admin.register(Circuit)
class CircuitAdmin(RecordAdmin):
    """The breakers in front of the model: one for each key, address and model that has ever failed."""

    list_display = [
        "name",
        "shown_state",
        "meaning",
        "open_since",
        "next_try",
        "failures",
        "shown_error",
        "in_use",
    ]
    fields = [
        ("engine", "model"),
        ("base_url", "account"),
        "state",
        "meaning",
        ("open_since", "next_try"),
        ("failures", "shown_error"),
        "in_use",
    ]
    readonly_fields = ["meaning", "open_since", "next_try", "shown_error", "in_use"]
    actions = ["try_again_now"]

    def has_close_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        """Nobody edits a circuit; whoever is allowed to change circuits may have the model tried again."""
        return request.user.has_perm("classification.change_circuit")

    @action(description="Try again now", permissions=["close"])  # type: ignore[untyped-decorator]
    def try_again_now(self, request: HttpRequest, queryset: QuerySet[Circuit]) -> None:
        """Close them: the next conversation asks the model."""
        affected = list(queryset.exclude(state=CircuitState.CLOSED))
        closed = circuits.close(queryset, f"admin:{request.user.get_username()}")
        for row in affected:
            self.log_change(request, row, "Closed: try again now")
        told = (
            f"Closed: {closed}. The next conversation asks the model." if closed else "None of them was open."
        )
        messages.add_message(request, messages.SUCCESS if closed else messages.WARNING, told)

    @admin.display(description="Model", ordering="model")
    def name(self, row: Circuit) -> str:
        return f"{row.model} at {row.base_url}"

    @display(description="State", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Circuit) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description="Which means")
    def meaning(self, row: Circuit) -> str:
        if not self.in_use(row):
            return "Nothing: the settings no longer use it."
        over = row.next_try_at and row.next_try_at <= timezone.now()
        return "The next conversation tries the model." if over else WORDS[CircuitState(row.state)]

    @admin.display(description="Open since")
    def open_since(self, row: Circuit) -> str:
        return _moment(row.opened_at)

    @admin.display(description="Next try")
    def next_try(self, row: Circuit) -> str:
        return _moment(row.next_try_at)

    @admin.display(description="Last error")
    def shown_error(self, row: Circuit) -> str:
        return f"{row.last_error} at {_moment(row.failed_at)}" if row.failed_at else "–"

    @admin.display(description="In use", boolean=True)
    def in_use(self, row: Circuit) -> bool:
        """Whether the settings still name it, and have the model left alone at all."""
        return circuits.in_use() and any(row.endpoint == endpoint for endpoint in services.endpoints())


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "–"
