"""On which database this run is."""

import os

ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
