"""Kills everything at random and proves from outside that nothing was lost or sent twice: `python -m chaos --help`."""
