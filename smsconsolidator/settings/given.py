"""What the operator has given, read once."""

from smsconsolidator import telemetry
from smsconsolidator.env import load

ENV = load()
telemetry.refuse_missing(ENV)
