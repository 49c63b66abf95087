"""The admin of this application; each module registers its own pages."""

from classification.admin import circuits, prices, record, review

__all__ = ["circuits", "prices", "record", "review"]
