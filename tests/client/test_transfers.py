"""Uploads and downloads that are broken off: every byte arrives, once, and is what it was."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from learnware.client import LearnwareClient, TransferProgress
from learnware.client._cache import PackageCache
from learnware.client._download import download_package
from learnware.client._transfers import shown_transfer
from learnware.client._upload import upload_file
from learnware.errors import DockError, DockProblemError, DockUnreachableError, TransferError

from .faulty_dock import FaultyDock, answer, dropped, package, status, stuck, swallowed, well

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 1000
ID = "00000001"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of ten pieces and a bit."""
    path = tmp_path / "ten pieces.zip"
    path.write_bytes(bytes(number % 251 for number in range(10 * PIECE + 17)))
    return path


def upload(connection: Any, file: Path, seen: list[tuple[int, int]] | None = None) -> Any:
    told = [] if seen is None else seen
    return upload_file(connection._transport, file, lambda done, total: told.append((done, total)), piece_bytes=PIECE)


def pieces(faulty: FaultyDock) -> list[int]:
    return [int(one.headers["Upload-Offset"]) for one in faulty.of("PATCH")]


def test_an_upload_comes_in_pieces_with_checksums(faulty: FaultyDock, connect: Any, file: Path) -> None:
    told: list[tuple[int, int]] = []
    assert upload(connect(), file, told).upload_id == "upload1"
    assert faulty.uploads["upload1"] == file.read_bytes()
    assert pieces(faulty) == list(range(0, 10001, PIECE))
    assert told == [(min(done, 10017), 10017) for done in (*range(0, 10001, PIECE), 10017)]
    begun = faulty.of("POST")[0].headers
    assert begun["Tus-Resumable"] == "1.0.0"
    assert begun["Upload-Length"] == "10017"
    assert "dGVuIHBpZWNlcy56aXA=" in begun["Upload-Metadata"]


def test_an_upload_goes_on_after_lost_connections(faulty: FaultyDock, connect: Any, file: Path) -> None:
    faulty.fail(
        "PATCH", well, dropped, swallowed(300), status(502), status(503, Retry_After="3"), status(460), swallowed(PIECE)
    )
    faulty.fail("HEAD", dropped)
    connection = connect()
    upload(connection, file)
    assert faulty.uploads["upload1"] == file.read_bytes()
    assert pieces(faulty)[:8] == [0, 1000, 1000, 1300, 1300, 1300, 1300, 2300]
    # No piece is smaller than it need be.
    assert len(faulty.of("PATCH")[-2].body) == PIECE
    assert any(3 <= pause < 4 for pause in connection.pauses)


def test_an_upload_ends_where_nothing_arrives(faulty: FaultyDock, connect: Any, file: Path) -> None:
    faulty.fail("PATCH", well, *[dropped] * 9)
    with pytest.raises(DockUnreachableError, match="connection was lost"):
        upload(connect(), file)
    assert len(faulty.uploads["upload1"]) == PIECE
    # Another run of the program goes on from there.
    faulty.seen.clear()
    assert upload(connect(), file).upload_id == "upload1"
    assert faulty.uploads["upload1"] == file.read_bytes()
    assert faulty.of("POST") == []
    assert pieces(faulty)[0] == PIECE


def test_a_refused_upload_is_not_tried_again(faulty: FaultyDock, connect: Any, file: Path) -> None:
    faulty.fail("PATCH", status(413))
    with pytest.raises(DockProblemError, match="status 413"):
        upload(connect(), file)
    assert len(faulty.of("PATCH")) == 1
    faulty.fail("POST", status(403))
    with pytest.raises(DockProblemError, match="status 403"):
        upload(connect(host=faulty.address + "/other"), file)


def test_pieces_get_smaller_where_large_ones_do_not_arrive(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    file = tmp_path / "large.zip"
    file.write_bytes(bytes(2**20))

    def too_much(handler: Any) -> bool:
        if len(handler.body) > 2**17:
            handler.send(413, {"Content-Type": "text/html"}, b"<html>")
            return True
        return False

    faulty.fail("PATCH", *[too_much] * 40)
    transport = connect()._transport
    upload_file(transport, file, lambda *_: None, piece_bytes=2**20)
    assert faulty.uploads["upload1"] == file.read_bytes()
    assert [len(one.body) for one in faulty.of("PATCH")] == [2**20, 2**19, 2**18, *[2**17] * 8]


def test_an_upload_is_known_until_it_is_used(faulty: FaultyDock, connect: Any, file: Path) -> None:
    first = upload(connect(), file)
    faulty.seen.clear()
    # The submission was refused: what is there is not sent again.
    assert upload(connect(), file).upload_id == first.upload_id
    assert [one.method for one in faulty.seen] == ["HEAD"]
    first.used()
    assert upload(connect(), file).upload_id == "upload2"


def test_an_upload_that_the_dock_forgot_begins_anew(faulty: FaultyDock, connect: Any, file: Path) -> None:
    upload(connect(), file)
    del faulty.uploads["upload1"]
    assert upload(connect(), file).upload_id == "upload2"
    assert faulty.uploads["upload2"] == file.read_bytes()


def test_a_file_that_shrinks_is_noticed(faulty: FaultyDock, connect: Any, file: Path) -> None:
    def shrink(_: Any) -> bool:
        os.truncate(file, 1500)
        return False

    faulty.fail("PATCH", shrink)
    with pytest.raises(TransferError, match="became shorter"):
        upload(connect(), file)


def test_an_upload_goes_on_in_another_process_after_a_kill(faulty: FaultyDock, connect: Any, file: Path) -> None:
    reached = threading.Event()

    def hang(handler: Any) -> bool:
        reached.set()
        return stuck(handler)

    faulty.fail("PATCH", well, well, hang)
    program = (
        "import sys; from pathlib import Path; from learnware.client import DockConnection\n"
        "from learnware.client._upload import upload_file\n"
        "upload_file(DockConnection(sys.argv[1])._transport, Path(sys.argv[2]), lambda *_: None, piece_bytes=1000)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, faulty.url, str(file)])
    assert reached.wait(60)
    process.kill()
    process.wait()
    faulty.released.set()
    faulty.seen.clear()
    assert upload(connect(), file).upload_id == "upload1"
    assert faulty.uploads["upload1"] == file.read_bytes()
    assert pieces(faulty)[0] == 2 * PIECE


def test_a_download_is_checked_and_kept(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    told: list[TransferProgress] = []
    client = LearnwareClient(faulty.url, on_transfer=told.append)
    path = client.download_learnware(ID, tmp_path / "got.zip")
    assert path == tmp_path / "got.zip"
    assert path.read_bytes() == faulty.package
    done = [one.done for one in told]
    assert done == sorted(done)
    assert told[-1] == TransferProgress("download", ID, len(faulty.package), len(faulty.package))
    # The dock is asked again, and says that it is still this one.
    (tmp_path / "folder").mkdir()
    assert client.download_learnware(ID, tmp_path / "folder") == tmp_path / "folder" / f"{ID}.zip"
    assert (tmp_path / "folder" / f"{ID}.zip").read_bytes() == faulty.package
    assert faulty.seen[1].headers["If-None-Match"] == f'"{hashlib.sha256(faulty.package).hexdigest()}"'
    # Another package of it.
    faulty.package = b"PK-another"
    assert client.download_learnware(ID, tmp_path / "got.zip").read_bytes() == b"PK-another"
    with pytest.raises(FileNotFoundError):
        client.download_learnware(ID, tmp_path / "none" / "got.zip")
    # Without a path, it is in a folder of the client's.
    kept = client.download_learnware(ID)
    assert kept.name == f"{ID}.zip"
    client.cleanup()
    assert not kept.exists()


def test_a_download_goes_on_after_lost_connections(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    content = faulty.package
    faulty.fail("GET", package(content, cut=300_000), dropped, status(503), package(content, cut=200_000))
    assert connect().download(ID, tmp_path / "got.zip").read_bytes() == content
    ranges = [one.headers.get("Range") for one in faulty.of("GET")]
    assert ranges[0] is None
    starts = [int(one.removeprefix("bytes=").rstrip("-")) for one in ranges[1:]]
    assert starts == sorted(starts)
    assert 0 < starts[0] <= 300_000 < starts[-1] <= 500_000
    assert list((tmp_path / "packages" / "parts").iterdir()) == []


def test_another_run_goes_on_with_a_download(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    faulty.fail("GET", package(faulty.package, cut=600_000), *[dropped] * 8)
    (tmp_path / "got.zip").write_bytes(b"as it was")
    with pytest.raises(DockUnreachableError, match="connection was lost"):
        connect().download(ID, tmp_path / "got.zip")
    assert (tmp_path / "got.zip").read_bytes() == b"as it was"
    faulty.seen.clear()
    connect().download(ID, tmp_path / "got.zip")
    assert (tmp_path / "got.zip").read_bytes() == faulty.package
    [request] = faulty.of("GET")
    assert int(request.headers["Range"].removeprefix("bytes=").rstrip("-")) > 500_000


def test_a_package_that_changes_in_the_middle_begins_anew(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    faulty.fail("GET", package(b"old" * 200_000, cut=400_000))
    assert connect().download(ID, tmp_path / "got.zip").read_bytes() == faulty.package


def test_more_than_there_is(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    faulty.fail("GET", package(faulty.package, cut=400_000), status(416))
    assert connect().download(ID, tmp_path / "got.zip").read_bytes() == faulty.package


def test_damage_on_the_way_is_noticed(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    right = hashlib.sha256(faulty.package).hexdigest()
    faulty.named_hash = right
    faulty.fail("GET", package(faulty.package[:-1] + b"!"))
    # Once may be chance.
    assert connect().download(ID, tmp_path / "got.zip").read_bytes() == faulty.package
    faulty.named_hash = "0" * 64
    with pytest.raises(TransferError, match="another hash than the dock names"):
        connect().download(ID, tmp_path / "wrong.zip")
    assert not (tmp_path / "wrong.zip").exists()
    assert [one.stem for one in (tmp_path / "packages" / "zips").iterdir()] == [right]


def test_a_package_without_end_does_not_fill_the_disk(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    sent = []

    def endless(handler: Any) -> bool:
        handler.send_response(200)
        digest = hashlib.sha256(b"").hexdigest()
        for name, value in (("ETag", f'"{digest}"'), ("Content-Length", "1000"), ("Transfer-Encoding", "chunked")):
            handler.send_header(name, value)
        handler.end_headers()
        handler.close_connection = True
        for _ in range(64):
            handler.wfile.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
            sent.append(2**20)
        handler.wfile.write(b"0\r\n\r\n")
        return True

    faulty.fail("GET", endless, endless)
    with pytest.raises(TransferError):
        connect().download(ID, tmp_path / "got.zip")
    # What was on its way when the client hung up, twice.
    assert sum(sent) < 48 * 2**20


@pytest.mark.parametrize("length", ["9" * 5000, "٣", "-1", ""])
def test_a_length_that_is_none(faulty: FaultyDock, connect: Any, tmp_path: Path, length: str) -> None:
    def odd(handler: Any) -> bool:
        handler.send_response(200)
        handler.send_header("ETag", f'"{"0" * 64}"')
        handler.send_header("Transfer-Encoding", "chunked")
        handler.wfile.write(b"")
        handler._headers_buffer.append(f"Content-Length: {length}\r\n".encode())
        handler.end_headers()
        handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True
        return True

    faulty.fail("GET", odd)
    with pytest.raises(DockUnreachableError, match="does not answer as a dock does"):
        connect().download(ID, tmp_path / "got.zip")


def test_what_names_no_hash_is_no_package(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    faulty.fail("GET", answer(200, b"PK"))
    with pytest.raises(DockUnreachableError, match="does not answer as a dock does"):
        connect().download(ID, tmp_path / "got.zip")
    faulty.fail("GET", status(404))
    with pytest.raises(DockProblemError, match="status 404"):
        connect().download(ID, tmp_path / "got.zip")
    assert not (tmp_path / "got.zip").exists()


def test_offline_takes_what_is_known(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    connect().download(ID, tmp_path / "got.zip")
    faulty.fail("GET", *[dropped] * 5)
    with pytest.raises(DockUnreachableError, match="offline=True"):
        connect().download(ID, tmp_path / "again.zip")
    faulty.seen.clear()
    offline = LearnwareClient(faulty.url, offline=True)
    assert offline.download_learnware(ID, tmp_path / "offline.zip").read_bytes() == faulty.package
    with pytest.raises(DockUnreachableError, match="00000002 is not in the cache"):
        offline.download_learnware("00000002", tmp_path / "none.zip")
    with pytest.raises(DockUnreachableError, match="offline"):
        offline.get_semantic_specification(ID)
    assert not offline.is_connected()
    assert faulty.seen == []
    # What is known is known of a dock, not of every one.
    with pytest.raises(DockUnreachableError, match="not in the cache"):
        connect(host="https://other.example.org", offline=True).download(ID, tmp_path / "none.zip")


def test_a_spoilt_copy_is_fetched_again(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    connection = connect()
    connection.download(ID, tmp_path / "got.zip")
    [copy] = (tmp_path / "packages" / "zips").iterdir()
    copy.write_bytes(b"spoilt")
    assert connection.download(ID, tmp_path / "got.zip", link=True).read_bytes() == faulty.package
    copy.write_bytes(b"spoilt")
    assert connection.download(ID, tmp_path / "again.zip").read_bytes() == faulty.package


def test_a_content_that_is_here_is_not_sent_again(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    connect().download(ID, tmp_path / "got.zip")
    told: list[TransferProgress] = []
    client = LearnwareClient(faulty.url, on_transfer=told.append)
    assert client.download_learnware("00000002", tmp_path / "same.zip").read_bytes() == faulty.package
    assert told == []


def test_the_least_recently_used_go_first(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    cache = PackageCache(tmp_path / "cache", most_bytes=25)
    zips = tmp_path / "cache" / "zips"
    for number in range(3):
        faulty.package = bytes([number]) * 10
        connect(cache=cache).download(f"0000000{number}", tmp_path / "got.zip")
        if number < 2:
            [new] = [one for one in zips.iterdir() if one.read_bytes() == faulty.package]
            os.utime(new, (number, number))
    assert sorted(one.read_bytes()[0] for one in zips.iterdir()) == [1, 2]
    # Where nothing is kept, what was asked for arrives all the same.
    nothing = PackageCache(tmp_path / "nothing", most_bytes=0)
    assert connect(cache=nothing).download(ID, tmp_path / "got.zip").read_bytes() == faulty.package
    assert list((tmp_path / "nothing" / "zips").iterdir()) == []


def test_the_size_of_the_cache_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNWARE_PACKAGES_MAX_BYTES", "5G")
    with pytest.raises(DockError, match="LEARNWARE_PACKAGES_MAX_BYTES is '5G'"):
        PackageCache()


def test_what_others_may_not_see_is_kept_from_them(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    connect().download(ID, tmp_path / "got.zip")
    assert (tmp_path / "packages").stat().st_mode & 0o077 == 0


def test_two_at_once_fetch_one(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda n: connect().download(ID, tmp_path / f"{n}.zip"), range(4)))
    assert all(path.read_bytes() == faulty.package for path in paths)
    assert sum("If-None-Match" not in one.headers for one in faulty.of("GET")) == 1


def test_a_full_disk_is_no_lost_connection(
    faulty: FaultyDock, connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    connection = connect()
    with pytest.raises(OSError, match="No space left"):
        download_package(connection._transport, PackageCache(), ID, full, name=ID, version=None)
    assert connection.pauses == []


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_and_nowhere_else(
    faulty: FaultyDock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    client = LearnwareClient(faulty.url)
    client.download_learnware(ID, tmp_path / "got.zip")
    assert capsys.readouterr() == ("", "")
    faulty.package = b"PK another"
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    client.download_learnware(ID, tmp_path / "got.zip")
    assert f"Downloading {ID}" in terminal.getvalue()
    # What a file is called does not steer the terminal.
    name = tmp_path / "a\x1b[31mb.zip"
    name.write_bytes(b"x")
    terminal.truncate(0)
    with shown_transfer("upload", name.name, None) as on_bytes:
        on_bytes(1, 1)
    assert "Uploading a [31mb.zip" in terminal.getvalue()
