"""The project: settings, addresses, health and logs. No application imports it."""

__version__ = "0.2.0.dev0"
