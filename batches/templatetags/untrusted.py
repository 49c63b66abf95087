"""The template filters for what strangers wrote."""

from django import template

from classification.revealing import one_line, reveal, spelled

__all__ = ["one_line", "reveal", "spelled"]

register = template.Library()
register.filter(reveal)
register.filter(one_line)
