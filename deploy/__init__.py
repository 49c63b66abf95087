"""What runs the service on a server: units, the web server's site, roll-outs, backups. No application imports it."""
