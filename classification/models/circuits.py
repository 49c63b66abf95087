"""The state of what is asked for a verdict over the network."""

from django.db import models
from django.db.models import Q

from classification.engines.base import Endpoint


class CircuitState(models.TextChoices):
    """What a circuit lets through."""

    CLOSED = "closed", "Closed"  # every call
    OPEN = "open", "Open"  # none
    HALF_OPEN = "half_open", "Half-open"  # one, the probe


class Circuit(models.Model):
    """The breaker in front of one service outside, shared by all workers; only classification/circuit.py moves it.

    The first failure makes the row: without one, the circuit is closed. Times are the database's (UTC).
    """

    engine = models.CharField(max_length=16)
    base_url = models.CharField("address", max_length=300, help_text="Without user and password.")
    model = models.CharField(max_length=128)
    account = models.CharField(
        "key", max_length=8, help_text="A fingerprint of the key: a new key begins with a closed circuit."
    )
    state = models.CharField(max_length=16, choices=CircuitState, default=CircuitState.CLOSED)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    last_error = models.CharField(max_length=32, blank=True, help_text="Why the last failed call failed.")
    failed_at = models.DateTimeField("last failure", null=True)
    opened_at = models.DateTimeField("open since", null=True)
    wait = models.FloatField(default=0, help_text="Seconds between the last failure and the next try.")
    next_try_at = models.DateTimeField(
        "next try", null=True, help_text="Half-open: when whoever is trying counts as dead."
    )
    probe = models.UUIDField(null=True, help_text="Who is trying.")

    class Meta:
        verbose_name = "model circuit"
        constraints = [
            models.UniqueConstraint(
                fields=["engine", "base_url", "model", "account"], name="classification_circuit_one"
            ),
            models.CheckConstraint(
                condition=Q(state=CircuitState.CLOSED, next_try_at=None, probe=None)
                | Q(state=CircuitState.OPEN, next_try_at__isnull=False, probe=None)
                | Q(state=CircuitState.HALF_OPEN, next_try_at__isnull=False, probe__isnull=False),
                name="classification_circuit_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.engine}: {self.model}"

    @property
    def endpoint(self) -> Endpoint:
        """The service that it stands before."""
        return Endpoint(self.engine, self.base_url, self.model, self.account)
