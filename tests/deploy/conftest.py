"""Deployment. Migrations are judged by what they do on PostgreSQL: SQLite makes each table anew."""

import os

collect_ignore = [] if os.environ.get("DATABASE_URL", "").startswith("postgres") else ["test_migrations.py"]
