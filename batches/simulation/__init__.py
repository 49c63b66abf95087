"""Trying the running service from outside: what is sent, how it is posted, what became of it."""
