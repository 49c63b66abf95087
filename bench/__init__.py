"""Measures the service in one run beside two baselines; `python -m bench --help` tells the options."""
