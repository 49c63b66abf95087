"""What a command's options name."""

from django.core.management.base import CommandError

from batches.models import Channel


def channel(slug: str | None) -> Channel | None:
    """The channel of this slug; None where none is named. Raises CommandError, which names those that there are."""
    if not slug:
        return None
    found = Channel.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"there is no channel {slug!r}; there are: {known_channels()}")
    return found


def known_channels() -> str:
    """The slugs that there are, for people."""
    return ", ".join(Channel.objects.order_by("slug").values_list("slug", flat=True)) or "none"
