"""A streaming replica of a PostgreSQL server that a test has started."""

from pathlib import Path

import psycopg

from chaos.servers import PostgresServer


class StandbyServer(PostgresServer):
    """A copy of `primary` that follows it (PostgreSQL, 27.2.5), until it is promoted."""

    def __init__(self, directory: Path, log: Path, primary: PostgresServer) -> None:
        self._primary = primary
        super().__init__(directory, log)

    def _initialise(self) -> None:
        primary = ["-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "postgres"]
        self._run("pg_basebackup", *primary, "--write-recovery-conf", "--checkpoint=fast")

    def ask(self, statement: str) -> object:
        """The one value of a query."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None
