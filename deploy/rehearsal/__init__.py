"""`python -m deploy.rehearsal`: roll-outs and a roll-back under load, on this machine, without root."""
