"""How a soak ends that cannot take place."""

import subprocess
import sys
from pathlib import Path

from smsconsolidator.env import BASE_DIR
from tests.support.databases import ON_POSTGRES

IMPATIENT = """
import sys
from pathlib import Path
from chaos import node, report, soak
node.PATIENCE = 0
report.RESULTS = Path(sys.argv.pop())
sys.exit(soak.main())
"""


if ON_POSTGRES:  # it starts a PostgreSQL of its own

    def test_a_node_that_does_not_get_ready_is_no_broken_promise(tmp_path: Path) -> None:
        command = [sys.executable, "-c", IMPATIENT, "--minutes", "0.1", str(tmp_path)]
        ended = subprocess.run(
            command, cwd=BASE_DIR, capture_output=True, text=True, check=False, timeout=180
        )
        assert ended.returncode == 2, ended.stderr
        assert "The run could not take place: node1 is not ready" in ended.stdout
