"""The report on a period: what consolidation did, what it saved, how fast, and what went wrong."""
