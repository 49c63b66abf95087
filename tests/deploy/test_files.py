"""The files of deploy/ agree with the program that they are for."""

import re
from pathlib import Path

import pytest
import yaml

from batches.backups import NIGHTLY
from classification.admin.draft_page import MAX_UPLOAD
from deploy.layout import COLOURS, DEPLOY, PROGRAMS, Layout
from smsconsolidator.env import BASE_DIR, Environment

SITE = (DEPLOY / "nginx/smsconsolidator.conf").read_text("utf-8")
BEHIND = (DEPLOY / "nginx/behind.conf").read_text("utf-8")
DEPLOYING = (BASE_DIR / "docs/deploy.md").read_text("utf-8")


def unit(program: str) -> str:
    return (DEPLOY / f"systemd/smsconsolidator-{program}@.service").read_text("utf-8")


@pytest.mark.parametrize("site", [SITE, BEHIND])
def test_nginx_takes_bodies_as_large_as_the_service_does(site: str) -> None:
    webhook, people = re.findall(r"client_max_body_size (\d+)m;", site)
    assert int(webhook) * 1024 * 1024 == Environment.model_fields["webhook_max_bytes"].default
    assert int(people) * 1_000_000 > MAX_UPLOAD


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_unit_starts_and_stops_a_program_as_the_supervisor_does(program: str) -> None:
    supervisor = (DEPLOY / "supervisord.conf").read_text("utf-8").partition(f"[program:{program}]")[2]
    [command] = re.findall(r"^command=python (.*)$", supervisor, re.MULTILINE)[:1]
    [seconds] = re.findall(r"^stopwaitsecs=(\d+)$", supervisor, re.MULTILINE)[:1]
    assert f"ExecStart=/opt/smsconsolidator/%i/.venv/bin/python {command}\n" in unit(program)
    assert f"TimeoutStopSec={seconds}\n" in unit(program)
    assert ("Q_CLUSTER_NAME=sweep" in unit(program)) == (program == "sweeper")


def test_the_example_has_settings_of_the_program_alone() -> None:
    names = re.findall(r"(?m)^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text("utf-8"))
    assert {name.lower() for name in names} <= set(Environment.model_fields)


@pytest.mark.parametrize("ignored", [".gitignore", ".dockerignore"])
def test_the_containers_keys_get_into_no_commit_and_no_image(ignored: str) -> None:
    """`COPY . .` would put them into a layer, where whoever has the image can read them."""
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))
    keys = DEPLOY / "docker" / compose["services"]["web"]["env_file"]
    lines = (BASE_DIR / ignored).read_text("utf-8").splitlines()
    assert str(keys.relative_to(BASE_DIR)) in [line.lstrip("/") for line in lines]


@pytest.mark.parametrize(("ignored", "line"), [(".gitignore", "*.pgdump"), (".dockerignore", "**/*.pgdump")])
def test_a_copy_of_the_database_gets_into_no_commit_and_no_image(ignored: str, line: str) -> None:
    """It holds what people wrote. The steps write it elsewhere, but who has made one in the folder may build there."""
    assert line in (BASE_DIR / ignored).read_text("utf-8").splitlines()
    text = (BASE_DIR / "docs/backup.md").read_text("utf-8")
    [place] = re.findall(r">(.*)\.pgdump$", text, re.MULTILINE)
    assert place.startswith("~/backups/")


@pytest.mark.parametrize("service", ["web", "worker"])
def test_the_containers_that_use_the_spool_have_it(service: str) -> None:
    """The web server writes it, and old texts in it are purged by a worker's task."""
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))
    spool = Path(compose["services"]["web"]["environment"]["SPOOL_PATH"])
    assert f"spool:{spool.parent}" in compose["services"][service]["volumes"]


def test_the_containers_wait_for_a_database_that_answers_them() -> None:
    """The server of the first start, which makes the database and goes again, listens on the local socket alone."""
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))
    assert "--host=localhost" in compose["services"]["postgres"]["healthcheck"]["test"]


def test_the_containers_image_is_built_once() -> None:
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))["services"]
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    assert {service["image"] for name, service in services.items() if name != "postgres"} == {
        "smsconsolidator"
    }


def test_the_containers_are_given_every_variable_that_their_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "docker/compose.yaml").read_text("utf-8")))
    steps = DEPLOYING.partition("\n## Containers\n")[2]
    written = set(re.findall(r'echo "(\w+)=.*>>deploy/docker/env$', steps, re.MULTILINE))
    assert asked == written != set()
    assert "docker compose --env-file deploy/docker/env " in steps


def test_the_containers_that_the_documents_name_are_there() -> None:
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))["services"]
    text = DEPLOYING + (BASE_DIR / "docs/backup.md").read_text("utf-8")
    named = re.findall(r"(?:compose\.yaml|^    sms) exec (?:-T )?(\w+) ", text, re.MULTILINE)
    [stopped] = re.findall(r"^    sms stop (.*)$", text, re.MULTILINE)
    assert len(named) > 4
    assert {*named, *stopped.split()} <= services.keys()


def test_the_doctor_looks_where_the_unit_writes() -> None:
    written = (DEPLOY / "systemd/smsconsolidator-backup.service").read_text("utf-8")
    assert f"-m deploy.backup {NIGHTLY} " in written
    assert f"\nReadWritePaths={NIGHTLY}\n" in written
    made = [
        line for line in DEPLOYING.splitlines() if line.startswith("    install -d -m 700 -o smsconsolidator")
    ]
    assert any(str(NIGHTLY) in line.split() for line in made)


def test_a_tokens_path_is_not_logged() -> None:
    [pattern] = re.findall(r'"~(\^\S+)" "\$start/\[secret\]"', SITE)
    hidden = re.compile(pattern.replace("?<", "?P<"))
    found = hidden.match("/api/webhook/default/whk_abc")
    assert found
    assert found["start"] == "/api/webhook/default"
    assert not hidden.match("/api/webhook/sms-received")
    assert "$request_uri" not in SITE.partition("log_format")[2].partition(";")[0]
    assert '"$request"' not in SITE


def test_paths_are_laid_below_the_root(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert (
        layout.below("include /etc/nginx/x; # a/etc/nginx")
        == f"include {tmp_path}/etc/nginx/x; # a/etc/nginx"
    )
    assert Layout().below("include /etc/nginx/x;") == "include /etc/nginx/x;"
    assert {file.name for file in layout.install_units()} >= {
        f"smsconsolidator-{one}@.service" for one in PROGRAMS
    }
    assert len(COLOURS) == 2


def test_each_document_that_is_linked_is_there() -> None:
    for name in ("deploy", "upgrade", "backup"):
        text = (BASE_DIR / f"docs/{name}.md").read_text("utf-8")
        for link in re.findall(r"\]\(([\w-]+\.md)", text):
            assert (BASE_DIR / "docs" / link).exists(), link


def test_each_database_that_the_documents_make_can_hold_every_text() -> None:
    made = [
        line
        for document in (BASE_DIR / "docs").glob("*.md")
        for line in document.read_text("utf-8").splitlines()
        if re.search(r"\bcreatedb\b", line)
    ]
    assert len(made) >= 3
    assert [line for line in made if "-E UTF8 -T template0" not in line] == []
