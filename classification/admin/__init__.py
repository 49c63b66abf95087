"""The admin of this application; each module registers its own pages."""

from classification.admin import ceilings, circuits, draft_rows, prices, record, review, rulesets

__all__ = ["ceilings", "circuits", "draft_rows", "prices", "record", "review", "rulesets"]
