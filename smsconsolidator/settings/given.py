"""What the operator has given, read once."""

from smsconsolidator import telemetry
from smsconsolidator.env import ENV_FILE, load
from smsconsolidator.env.lines import unknown_names

ENV = load()
UNKNOWN_SETTINGS = unknown_names(ENV_FILE)  # a sentence for each; another release may know them
telemetry.refuse_missing(ENV)
