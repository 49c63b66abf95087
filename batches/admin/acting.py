"""Who acts in the admin, and on which batch."""

from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin

from batches import history
from batches.models import Batch


def actor(request: HttpRequest) -> str:
    """As the history calls whoever asks."""
    return history.admin(request.user.get_username())


def batch_of(page: ModelAdmin, request: HttpRequest, object_id: str) -> Batch:
    """The batch that a page's button is about. Raises Http404 where there is none."""
    batch = page.get_object(request, object_id)
    if not isinstance(batch, Batch):
        raise Http404("there is no such batch")
    return batch
