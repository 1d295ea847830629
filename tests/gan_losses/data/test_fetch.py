import hashlib
import io
import os
import socket
import stat
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gan_losses.data import fetch as module
from gan_losses.data.fetch import fetch, human_size, unpack
from gan_losses.errors import UsageError

CONTENT = bytes(range(256)) * 4000  # 1,024,000 bytes: many chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """A server on loopback that answers as a test says, and remembers the ranges it was asked for."""

    def __init__(self):
        self.ranges = []
        self.answer = serve(CONTENT)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.ranges.append(self.headers["Range"])
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *arguments: None  # a client that hangs up is part of the tests
        self.url = f"http://127.0.0.1:{self.http.server_port}/set.zip"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def serve(content, ranges=True, length=True, cut=None, shift=0):
    """An answer with `content`; `cut`: bytes sent before hanging up, `shift`: a range begins so much later."""

    def answer(handler):
        asked = handler.headers["Range"] if ranges else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {start + shift}-{len(content) - 1}/{len(content)}")
        if length:
            handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start:cut])

    return answer


def refuse(code):
    return lambda handler: handler.send_error(code)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "downloads" / "set.zip"


@pytest.fixture
def part(path):
    path.parent.mkdir()
    return path.with_name("set.zip.part")


def get(server, path, say=lambda line: None, content=CONTENT):
    fetch(server.url, path, len(content), hashlib.sha256(content).hexdigest(), say)


def refusal(url, path, say=lambda line: None):
    with pytest.raises(UsageError) as caught:
        fetch(url, path, len(CONTENT), SHA256, say)
    return str(caught.value)


def sentence(server, path, problem, first=""):
    return f"cannot download from 127.0.0.1 ({problem}): {first}get {server.url} by other means and put it at {str(path)!r}."


def test_a_download_is_kept_under_its_name_and_its_progress_told(server, path):
    lines = []
    get(server, path, lines.append)
    assert path.read_bytes() == CONTENT
    assert not path.with_name("set.zip.part").exists()
    assert server.ranges == [None]
    progress = [f"set.zip: {percent} % of 1 MB" for percent in range(10, 101, 10)]
    assert lines == [f"set.zip: 1 MB from {server.url}, kept as {str(path)!r}", *progress]


def test_what_is_there_is_not_downloaded_again(server, path):
    get(server, path)
    lines = []
    get(server, path, lines.append)
    assert (server.ranges, lines) == ([None], [])


@pytest.mark.parametrize("wrong", [b"x" * len(CONTENT), b"short"])
def test_another_file_in_its_place_is_downloaded_again(server, path, part, wrong):
    path.write_bytes(wrong)
    lines = []
    get(server, path, lines.append)
    assert path.read_bytes() == CONTENT
    assert lines[0] == "set.zip: the file that is there is another one than expected, it is downloaded again"


def test_a_truncated_download_is_kept_and_continued(server, path):
    server.answer = serve(CONTENT, cut=400_000)
    problem = "the connection ended after 400,000 of 1,024,000 bytes"
    assert refusal(server.url, path) == sentence(server, path, problem, "run again to continue, or ")
    assert path.with_name("set.zip.part").read_bytes() == CONTENT[:400_000]
    assert not path.exists()
    server.answer = serve(CONTENT)
    lines = []
    get(server, path, lines.append)
    assert server.ranges == [None, "bytes=400000-"]
    assert path.read_bytes() == CONTENT
    assert lines[1:] == [f"set.zip: {percent} % of 1 MB" for percent in range(40, 101, 10)]


def test_a_server_that_does_not_continue_starts_anew(server, path, part):
    part.write_bytes(b"?" * 400_000)  # to be overwritten, so its content does not matter
    server.answer = serve(CONTENT, ranges=False)
    get(server, path)
    assert server.ranges == ["bytes=400000-"]
    assert path.read_bytes() == CONTENT


def test_a_part_that_is_too_large_is_started_anew(server, path, part):
    part.write_bytes(CONTENT + b"?")
    get(server, path)
    assert server.ranges == [None]
    assert path.read_bytes() == CONTENT


def test_a_complete_part_needs_no_server(server, path, part):
    part.write_bytes(CONTENT)
    get(server, path)
    assert server.ranges == []
    assert path.read_bytes() == CONTENT


def test_a_range_that_begins_elsewhere_is_not_taken(server, path, part):
    part.write_bytes(CONTENT[:1000])
    server.answer = serve(CONTENT, shift=5)
    problem = "it was asked to continue at byte 1,000 and sends 'bytes 1005-1023999/1024000'"
    assert refusal(server.url, path) == sentence(server, path, problem, "run again to start anew, or ")
    assert not part.exists()


def test_a_range_that_cannot_be_had_starts_anew_next_time(server, path, part):
    part.write_bytes(CONTENT[:1000])
    server.answer = refuse(416)
    problem = "it answered 416 Requested Range Not Satisfiable"
    assert refusal(server.url, path) == sentence(server, path, problem, "run again to start anew, or ")
    assert not part.exists()


def test_a_tampered_file_is_thrown_away(server, path):
    tampered = b"?" + CONTENT[1:]
    server.answer = serve(tampered)
    found = hashlib.sha256(tampered).hexdigest()
    expected = (
        f"the download does not have the expected sha256 {SHA256} but {found}: it was tampered with or has changed; "
        f"get {server.url} by other means and put it at {str(path)!r}."
    )
    assert refusal(server.url, path) == expected
    assert os.listdir(path.parent) == ["set.zip.lock"]  # noqa: PTH208


@pytest.mark.parametrize("content", [CONTENT + b"?", CONTENT[:-1], b"<html>log in first</html>"])
def test_a_file_of_another_size_is_not_even_begun(server, path, content):
    server.answer = serve(content)
    problem = f"it has a file of {len(content):,} bytes, not the expected 1,024,000"
    assert refusal(server.url, path) == sentence(server, path, problem)
    assert not path.with_name("set.zip.part").exists()


def test_more_than_expected_is_not_taken_from_a_server_that_does_not_say_how_much(server, path):
    server.answer = serve(CONTENT, length=False)
    get(server, path)
    path.unlink()
    server.answer = serve(CONTENT * 3, length=False)
    assert refusal(server.url, path) == sentence(server, path, "it sends more than the expected 1,024,000 bytes")
    assert not path.with_name("set.zip.part").exists()


def test_a_missing_file_is_told(server, path):
    server.answer = refuse(404)
    assert refusal(server.url, path) == sentence(server, path, "it answered 404 Not Found")


def test_a_refused_connection_is_told(server, path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{unused.getsockname()[1]}/set.zip"
        assert refusal(server.url, path) == sentence(server, path, "Connection refused")


def test_a_server_that_hangs_up_is_told(server, path):
    server.answer = lambda handler: None
    problem = "Remote end closed connection without response"
    assert refusal(server.url, path) == sentence(server, path, problem)


def test_a_server_that_says_nothing_is_given_up(server, path, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    done = threading.Event()
    server.answer = lambda handler: done.wait(10)
    try:
        assert refusal(server.url, path) == sentence(server, path, "no answer within 0.2 seconds")
    finally:
        done.set()


def test_a_server_that_falls_silent_leaves_what_came(server, path, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    done = threading.Event()

    def silent(handler):
        serve(CONTENT, cut=module.CHUNK)(handler)
        handler.wfile.flush()
        done.wait(10)

    server.answer = silent
    try:
        problem = f"the connection ended after {module.CHUNK:,} of 1,024,000 bytes"
        assert refusal(server.url, path) == sentence(server, path, problem, "run again to continue, or ")
    finally:
        done.set()


def test_no_network_is_told(path, monkeypatch):
    def fail(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    url = "http://data.invalid/set.zip"
    otherwise = f"get {url} by other means and put it at {str(path)!r}."
    assert refusal(url, path) == f"cannot download from data.invalid (Name or service not known): {otherwise}"


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/set.zip", "file:///etc/hostname"])
def test_a_redirection_to_another_kind_of_address_is_not_followed(server, path, target):
    def redirect(handler):
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    server.answer = redirect
    message = refusal(server.url, path)
    assert message.startswith("cannot download from 127.0.0.1 (")
    assert not path.exists()


def test_a_redirection_to_http_is_followed(server, path):
    def redirect(handler):
        if handler.path == "/set.zip":
            handler.send_response(302)
            handler.send_header("Location", "/elsewhere.zip")
            handler.end_headers()
        else:
            serve(CONTENT)(handler)

    server.answer = redirect
    get(server, path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://host/a.zip", "a.zip", "http:///a.zip", "http://[a"])
def test_other_addresses_are_told(url, path):
    expected = f"downloads come from http:// or https:// addresses, and {url!r} came: correct it."
    assert refusal(url, path) == expected
    assert not path.parent.exists()


def test_a_place_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "downloads" / "set.zip"
    expected = f"cannot write to {str(path.parent)!r} (Not a directory): allow it, or keep downloads elsewhere."
    assert refusal(server.url, path) == expected


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_the_second_of_two_downloads_waits_for_the_first(server, path):
    waiting, answering, lines = threading.Event(), threading.Event(), []

    def slow(handler):
        answering.set()
        waiting.wait(10)
        serve(CONTENT)(handler)

    def say(line):
        lines.append(line)
        waiting.set()

    server.answer = slow
    first = threading.Thread(target=get, args=(server, path))
    first.start()
    assert answering.wait(10)
    get(server, path, say)
    first.join()
    assert server.ranges == [None]
    assert lines == ["set.zip: another process is downloading it, waiting"]


def pack(path, members):
    """A zip file of (name or ZipInfo, content) pairs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "set.zip"


def unpack_refusal(archive, most_bytes=10_000, most_files=10):
    """What `unpack` says, after a look at what it left behind."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(UsageError) as caught:
        unpack(archive, archive.parent / "set", most_bytes, most_files)
    assert sorted(archive.parent.rglob("*")) == before
    return str(caught.value)


def refused(archive, problem):
    return f"{str(archive)!r} is not unpacked ({problem}): delete it and get it from a source you trust."


def broken(archive, problem):
    return f"{str(archive)!r} is a broken zip file ({problem}): delete it and run again."


def test_images_are_unpacked_and_other_files_passed_over(archive, tmp_path):
    images = {"set/a.png": b"one", "set/deep/er/2010-09-07 12:16:15.JPG": b"two"}
    others = {"set/": b"", "set/readme.txt": b"no", "set/run.py": b"no", "png": b"no", "empty/": b""}
    pack(archive, [*images.items(), *others.items()])
    folder = tmp_path / "new" / "folder"
    unpack(archive, folder, 10_000, 10)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == images
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_the_folder_is_as_open_as_any_other(archive, tmp_path):
    unpack(pack(archive, [("a.png", b"one")]), tmp_path / "set", 10, 10)
    (tmp_path / "other").mkdir()
    assert (tmp_path / "set").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_appeared_meanwhile_is_left_as_it_is(archive, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "b.png").touch()
    unpack(pack(archive, [("a.png", b"one")]), folder, 10, 10)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b.png", "set", "set.zip"]


@pytest.mark.parametrize(
    "name", ["../evil.png", "set/../../evil.png", "/evil.png", "..\\evil.png", "C:\\evil.png", "C:evil.png", "..", "/a"]
)
def test_a_member_that_would_land_elsewhere_is_refused(archive, name):
    pack(archive, [("good.png", b"good"), (name, b"evil")])
    problem = f"{name!r} would be written outside of its folder"
    assert unpack_refusal(archive) == refused(archive, problem)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(archive, kind):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (kind | 0o777) << 16
    pack(archive, [(link, "/etc/passwd")])
    assert unpack_refusal(archive) == refused(archive, "'link.png' is a link or no regular file")


def test_encrypted_members_are_refused(archive):
    raw = bytearray(pack(archive, [("a.png", b"secret")]).read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    assert unpack_refusal(archive) == refused(archive, "'a.png' is encrypted")


def test_more_bytes_than_allowed_are_refused(archive, tmp_path):
    pack(archive, [("a.png", bytes(100_000)), ("b.png", bytes(100_000))])
    problem = "unpacked it has more than 199,999 bytes"
    assert unpack_refusal(archive, most_bytes=199_999) == refused(archive, problem)
    assert unpack_refusal(archive, most_bytes=0) == refused(archive, "unpacked it has more than 0 bytes")
    unpack(archive, tmp_path / "set", most_bytes=200_000, most_files=2)
    assert (tmp_path / "set" / "b.png").stat().st_size == 100_000


def test_a_bomb_is_not_written_beyond_the_limit(archive, tmp_path, monkeypatch):
    written = []

    class Counting(io.FileIO):
        def write(self, data):
            written.append(len(data))
            return super().write(data)

    original = Path.open

    def counting(path, mode="r", *arguments, **options):
        return Counting(path, mode) if mode == "xb" else original(path, mode, *arguments, **options)

    pack(archive, [("a.png", bytes(50_000_000))])
    monkeypatch.setattr(Path, "open", counting)
    assert unpack_refusal(archive, most_bytes=200_000).startswith(f"{str(archive)!r} is not unpacked")
    assert 0 < sum(written) <= 200_000


def test_a_member_that_is_larger_than_it_says_is_refused(archive):
    raw = bytearray(pack(archive, [("a.png", bytes(5000))]).read_bytes())
    start = raw.index(b"PK\x01\x02") + 24
    raw[start : start + 4] = (10).to_bytes(4, "little")
    archive.write_bytes(raw)
    assert unpack_refusal(archive, most_bytes=100) == broken(archive, "Bad CRC-32 for file 'a.png'")


def test_too_many_files_are_refused(archive, tmp_path):
    pack(archive, [(f"{number}.png", b"") for number in range(4)])
    assert unpack_refusal(archive, most_files=3) == refused(archive, "it has 4 files, more than 3")
    unpack(archive, tmp_path / "set", 10, most_files=4)
    assert len(list((tmp_path / "set").iterdir())) == 4


def test_broken_files_are_told(archive):
    archive.write_bytes(b"no zip file")
    assert unpack_refusal(archive) == broken(archive, "File is not a zip file")
    whole = pack(archive, [(zipfile.ZipInfo("a.png"), bytes(range(256)))]).read_bytes()  # stored as it is
    archive.write_bytes(whole[:-30])
    assert unpack_refusal(archive) == broken(archive, "File is not a zip file")
    archive.write_bytes(whole.replace(bytes(range(100, 120)), bytes(20)))
    assert unpack_refusal(archive) == broken(archive, "Bad CRC-32 for file 'a.png'")


def test_spoilt_compression_is_told(archive):
    raw = bytearray(pack(archive, [("a.png", bytes(5000))]).read_bytes())
    raw[30 + len("a.png")] = 0xFF  # the first byte after the member's header: a block of no known kind
    archive.write_bytes(raw)
    assert unpack_refusal(archive) == broken(archive, "Error -3 while decompressing data: invalid block type")


def test_one_name_twice_is_told(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        pack(archive, [("a.png", b"one"), ("a.png", b"two")])
    assert unpack_refusal(archive).startswith(f"{str(archive)!r} is a broken zip file (File exists)")


def test_a_full_disk_leaves_nothing_half_done(archive, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    pack(archive, [("a.png", b"one")])
    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(archive, tmp_path / "set", 10, 10)
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize(("size", "text"), [(999_999, "1000 kB"), (1_000_000, "1 MB"), (1_476_754_427, "1,477 MB")])
def test_sizes_for_people(size, text):
    assert human_size(size) == text
