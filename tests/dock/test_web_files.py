"""The web app's files: what is answered, in which form, for how long, and what never is."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from beimingwu.web.files import WebFile, read_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INDEX = b"<!doctype html><title>dock</title>"
SCRIPT = b"console.log('dock');\n" * 100
FILES = {
    "index.html": INDEX,
    "favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "theme.js": b"//",
    "examples/iris.csv": b"a,b\n1,2\n",
    "assets/app-1a2b.js": SCRIPT,
    "assets/app-1a2b.js.br": b"brotli",
    "assets/app-1a2b.js.gz": gzip.compress(SCRIPT),
    "assets/style-3c.css": b"a{}",
    "assets/font-4d.woff2": b"wOF2",
    "assets/odd-5e.xyz": b"?",
    "data.csv.gz": b"by itself",
    ".vite/manifest.json": b"{}",
}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    built = tmp_path / "static"
    for name, content in FILES.items():
        file = built / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    monkeypatch.setattr("beimingwu.web.STATIC", built)
    return built


@pytest.fixture
def web(folder: Path, make_client: Callable[..., Any], address: str) -> Any:
    return make_client()[1]


# Files are not in databases.
ONE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


@ONE
def test_files_are_seldom_told_of(web: Any) -> None:
    with capture_logs() as logs:
        for path in ("/", "/assets/style-3c.css", "/api/v1/learnwares", "/api/none"):
            web.get(path, headers=HTML)
    told = [(one["log_level"], one["route"]) for one in logs if one["event"] == "request"]
    assert [level for level, _ in told] == ["info", "debug", "info", "info"], told


@ONE
def test_what_is_answered(web: Any) -> None:
    for path, content, media_type in (
        ("/", INDEX, "text/html; charset=utf-8"),
        ("/index.html", INDEX, "text/html; charset=utf-8"),
        ("/favicon.svg", FILES["favicon.svg"], "image/svg+xml"),
        ("/theme.js", b"//", "text/javascript; charset=utf-8"),
        ("/examples/iris.csv", FILES["examples/iris.csv"], "text/csv; charset=utf-8"),
        ("/assets/style-3c.css", b"a{}", "text/css; charset=utf-8"),
        ("/assets/font-4d.woff2", b"wOF2", "font/woff2"),
        ("/assets/odd-5e.xyz", b"?", "application/octet-stream"),
        ("/data.csv.gz", b"by itself", "application/octet-stream"),
    ):
        answer = web.get(path)
        assert answer.status_code == 200, path
        assert answer.content == content
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"} < set(policy)
        assert not any("unsafe" in one for one in policy if not one.startswith("style-src"))
        head = web.head(path)
        assert head.content == b""
        assert {**head.headers, "x-request-id": ""} == {**answer.headers, "x-request-id": ""}


@ONE
def test_every_page_is_the_first(web: Any) -> None:
    for path in (
        "/learnwares",
        "/learnwares/00000017",
        "/admin/users/",
        "/apiary",
        "/metrics-explained",
        "/a%2Fb",
        "//x",
    ):
        assert web.get(path).content == INDEX, path
    # Names of people have dots, too; a browser says that it wants a page.
    assert web.get("/users/ada.lovelace", headers=HTML).content == INDEX
    assert web.get("/users/ada.lovelace").status_code == 404


@ONE
@pytest.mark.parametrize(
    "path", ["/api/nix", "/api/v1", "/api/v1/nix", "/metrics/x", "/assets/app-0.js", "/assets/", "/nix.png"]
)
def test_what_is_not_there(web: Any, path: str) -> None:
    for headers in ({}, HTML):
        if path == "/nix.png" and headers:
            continue
        answer = web.get(path, headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


@ONE
def test_pages_are_read_only(web: Any) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        answer = web.request(method, "/learnwares")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@ONE
def test_how_long_it_is_kept(web: Any) -> None:
    for path, words in (
        ("/", "no-cache"),
        ("/learnwares", "no-cache"),
        ("/index.html", "no-cache"),
        ("/assets/app-1a2b.js", "public, max-age=31536000, immutable"),
        ("/examples/iris.csv", "public, max-age=600"),
    ):
        first = web.get(path)
        assert first.headers["cache-control"] == words
        etag = first.headers["etag"]
        for known in (etag, f'"x", W/{etag}', "*"):
            again = web.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == etag
            assert again.headers["cache-control"] == words
        assert web.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


@ONE
def test_compressed_forms(web: Any) -> None:
    path = "/assets/app-1a2b.js"

    def ask(accepted: str, **headers: str) -> Any:
        # Raw bytes: the client would undo the coding.
        with web.stream("GET", path, headers={"Accept-Encoding": accepted, **headers}) as answer:
            return answer, b"".join(answer.iter_raw()), answer.headers.get("content-encoding")

    plain, content, coding = ask("identity")
    assert (content, coding) == (SCRIPT, None)
    packed, content, coding = ask("gzip, deflate")
    assert (gzip.decompress(content), coding) == (SCRIPT, "gzip")
    smallest, content, coding = ask("gzip, deflate, br, zstd")
    assert (content, coding) == (b"brotli", "br")
    assert len({one.headers["etag"] for one in (plain, packed, smallest)}) == 3
    for one in (plain, packed, smallest):
        assert "Accept-Encoding" in one.headers["vary"]
        assert one.headers["content-type"] == "text/javascript; charset=utf-8"
    # What a client has in one form says nothing about another.
    assert ask("br", **{"If-None-Match": packed.headers["etag"]})[0].status_code == 200
    assert ask("br", **{"If-None-Match": smallest.headers["etag"]})[0].status_code == 304
    assert "Accept-Encoding" not in web.get("/assets/style-3c.css").headers.get("vary", "")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("br", "br"),
        ("BR;q=1.0, gzip", "br"),
        ("gzip, br;q=0.5", "gzip"),
        ("gzip;q=0, br;q=0", "identity"),
        ("gzip;q=0.2, identity;q=0.5", "identity"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("br;q=nonsense, gzip", "gzip"),
        ("br ; q = 1", "br"),
        (";,;q=1,,", "identity"),
        ("identity;q=0, *;q=0", "identity"),
        ("deflate, zstd", "identity"),
    ],
)
def test_which_form_a_client_takes(accepted: str, coding: str) -> None:
    file = WebFile("text/plain", {"identity": b"", "br": b"", "gzip": b""}, "0")
    assert file.coding_for(accepted) == coding


@ONE
def test_nothing_outside_of_the_folder(web: Any, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", "utf-8")
    for path in (
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/assets/..%c0%afsecret.txt",
        "//" + str(secret),
        str(secret),
        f"/{secret.as_uri()}",
        "/secret.txt%00.js",
        "/.vite/manifest.json",
        "/index.html/../../secret.txt",
    ):
        for headers in ({}, HTML):
            answer = web.get(path, headers=headers)
            assert answer.status_code in {200, 404}
            assert b"secret" not in answer.content.replace(path.encode(), b"")
            assert answer.status_code == 404 or answer.content == INDEX


def test_links_are_left_out(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret", "utf-8")
    (folder / "linked.txt").symlink_to(outside / "secret.txt")
    (folder / "broken.txt").symlink_to(outside / "nix")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    (folder / "alias.html").symlink_to("index.html")
    os.mkfifo(folder / "pipe.txt")
    compressed = {"/assets/app-1a2b.js.br", "/assets/app-1a2b.js.gz"}
    assert set(read_files(folder)) == {f"/{name}" for name in FILES if not name.startswith(".")} - compressed


@ONE
def test_where_nothing_was_built(make_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = tmp_path / "static"
    monkeypatch.setattr("beimingwu.web.STATIC", built)
    _, client = make_client()
    for path in ("/", "/learnwares"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "make build" in answer.text
        assert "学件基座" in answer.text
        assert "<script" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/api/v1/openapi.json").status_code == 200
    assert client.get("/assets/x.js").status_code == 404
    # Who builds it then sees it, without another start.
    built.mkdir()
    (built / "index.html").write_bytes(INDEX)
    assert client.get("/").content == INDEX


@ONE
def test_another_build(web: Any, folder: Path, make_client: Any) -> None:
    assert web.get("/").content == INDEX
    _, production = make_client(mode="production", mail_url="smtp://m.example.org", mail_sender="dock@example.org")
    assert production.get("/").content == INDEX
    (folder / "index.html").write_bytes(b"<!doctype html><title>another</title>")
    (folder / "assets/app-1a2b.js").unlink()
    assert web.get("/").content != INDEX
    assert web.get("/assets/app-1a2b.js").status_code == 404
    # A server for others goes on with what it began with, all of it.
    assert production.get("/").content == INDEX
    assert production.get("/assets/app-1a2b.js").content == SCRIPT


@ONE
def test_it_can_be_turned_off(folder: Path, make_client: Any) -> None:
    _, client = make_client(web_app=False)
    assert client.get("/").json() == client.get("/api").json()
    for path in ("/learnwares", "/index.html", "/favicon.svg"):
        assert client.get(path, headers=HTML).status_code == 404


@ONE
def test_counts_know_no_addresses(web: Any) -> None:
    for path in ("/", "/learnwares/00000017", "/favicon.svg", "/assets/app-1a2b.js", "/nix.png"):
        web.get(path)
    text = web.get("/metrics").text
    assert 'method="GET",route="/{page}",status="200"} 2.0' in text
    assert 'method="GET",route="/{file}",status="200"} 2.0' in text
    assert 'method="GET",route="unmatched",status="404"} 1.0' in text
    assert "favicon" not in text
