"""What a command's options name."""

from django.core.management.base import CommandError

from batches.models import Channel


def channel(slug: str | None) -> Channel | None:
    """The channel of this slug; None where none is named. Raises CommandError where there is no such channel."""
    if not slug:
        return None
    found = Channel.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"there is no channel {slug!r}")
    return found
