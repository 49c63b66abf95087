"""The file that nginx includes: what a roll-out writes, what it reads again, and what it leaves alone."""

from pathlib import Path

import pytest

from deploy.rollout.upstream import Previous, UnreadableUpstream, Upstream

OTHERS = (
    "# the second machine",
    "server 10.0.0.2:8001 weight=100;",
    "server 10.0.0.2:8002 weight=1; # green",
)


def test_the_upstream_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    written = Upstream("blue", {"blue": 75, "green": 25}, {"blue": 8001, "green": 8002})
    written.write(path)
    assert Upstream.read(path, written.ports) == written
    assert "server 127.0.0.1:8002 weight=25 max_fails=0; # green\n" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_who_has_no_share_is_asked_second(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    written = Upstream("blue", {"blue": 0, "green": 100})
    written.write(path)
    assert Upstream.read(path) == written
    assert "server 127.0.0.1:8001 backup max_fails=0; # blue\n" in path.read_text()
    assert Upstream.kept(path) == ()
    assert written.unfinished


@pytest.mark.parametrize(
    "text", ["", "server 127.0.0.1:8001 weight=100; # blue\n", "# settled: blue\n", "# settled: red\n"]
)
def test_a_strange_upstream_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "upstream.conf"
    path.write_text(text)
    with pytest.raises(UnreadableUpstream):
        Upstream.read(path)
    with pytest.raises(UnreadableUpstream):
        Upstream.read(tmp_path / "missing")


def test_who_was_before_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    written = Upstream("blue", {"blue": 100}, previous=Previous("green", Path("/opt/a place/0.1")))
    written.write(path)
    assert Upstream.read(path) == written


def test_other_lines_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    Upstream("blue", {"blue": 100}, previous=Previous("green", Path("/0.1"))).write(path)
    path.write_text("least_conn;\n" + path.read_text() + "\n" + "\n".join(OTHERS) + "\n")
    assert Upstream.kept(path) == ("least_conn;", *OTHERS)
    assert Upstream.read(path).weights == {"blue": 100}
    written = Upstream("green", {"blue": 50, "green": 50}, others=Upstream.kept(path))
    written.write(path)
    assert Upstream.read(path) == written
    assert "blue /0.1" not in path.read_text()


def test_nothing_is_kept_of_no_file(tmp_path: Path) -> None:
    assert Upstream.kept(tmp_path / "missing") == ()
