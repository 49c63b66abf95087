#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsconsolidator.settings")
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough (| head): nothing more is written, also not at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ImproperlyConfigured as error:
        # A wrong setting is the operator's to mend: show what to do, not a traceback.
        sys.exit(str(error))
    except (OperationalError, ProgrammingError) as error:
        # SQLite's and PostgreSQL's "there is no such table".
        if not (missing := _missing_migrations()):
            raise
        sys.exit(
            f"{error}\nThe database lacks {missing} migrations. Bring it up to date: python manage.py migrate"
        )


def _missing_migrations() -> int:
    """How many the database lacks; 0 where it cannot be asked."""
    from batches.pending import pending_migrations  # the applications are loaded by now

    try:
        return len(pending_migrations())
    except OperationalError:
        return 0


if __name__ == "__main__":
    main()
