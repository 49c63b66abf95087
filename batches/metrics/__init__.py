"""What the rows tell Prometheus: counters that only grow, and how things are now. See docs/monitoring.md."""
