"""`python -m deploy.rollout`: put another release into service, or go back."""
