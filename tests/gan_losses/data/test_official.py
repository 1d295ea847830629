import functools
import gzip
import hashlib
import tarfile
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gan_losses.data import load_data
from gan_losses.data.official import Published, address
from gan_losses.data.published import PUBLISHED
from gan_losses.errors import UsageError
from tests.formats import WRITERS, allow


class Quiet(SimpleHTTPRequestHandler):
    asked = None

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A server of the folder `mirror`; the paths that it was asked for are in `Quiet.asked`."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("GAN_LOSSES_MIRROR", f"http://127.0.0.1:{http.server_port}/")
    monkeypatch.setattr(Quiet, "asked", [])
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield folder
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def publish(mirror, tmp_path, monkeypatch):
    """Write a set, pack it as its publisher does, put that on the mirror, and have its sizes and hashes expected."""

    def publish(name):
        made = tmp_path / "made"
        _, patches = WRITERS[name](made)
        allow(monkeypatch, patches)
        known = PUBLISHED[name]
        remotes = tuple(_published(remote, made, mirror / name) for remote in known.remotes)
        monkeypatch.setitem(PUBLISHED, name, Published(name, known.needed, remotes))
        return made

    return publish


def _published(remote, made, folder):
    folder.mkdir(exist_ok=True)
    path, content = folder / remote.file, made / remote.target
    if remote.file.endswith(".tar.gz"):
        with tarfile.open(path, "w:gz") as packed:
            packed.add(content, remote.target)
    else:
        raw = content.read_bytes()
        path.write_bytes(gzip.compress(raw) if remote.file.endswith(".gz") else raw)
    whole = path.read_bytes()
    return replace(remote, size=len(whole), sha256=hashlib.sha256(whole).hexdigest())


def load(name, root, say=lambda line: None, download=True):
    return load_data(name, 32, root=root, say=say, download=download)


NAMES = ["mnist", "fashion-mnist", "cifar10", "svhn", "stl10"]


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_downloaded_unpacked_and_read(name, publish, tmp_path):
    made = publish(name)
    with pytest.raises(UsageError, match="add --download"):
        load(name, tmp_path / "root", download=False)
    assert Quiet.asked == []
    lines = []
    data = load(name, tmp_path / "root", lines.append)
    assert data.digest == load(name, made, download=False).digest
    assert Quiet.asked == [f"/{name}/{remote.file}" for remote in PUBLISHED[name].remotes]
    for remote in PUBLISHED[name].remotes:
        assert sum(address(name, remote) in line for line in lines) == 1
        assert sum(line.startswith(f"{name}: unpacking ") and remote.file in line for line in lines) == bool(
            remote.unpack
        )


@pytest.mark.parametrize("name", NAMES)
def test_what_was_put_there_by_hand_needs_no_download(name, publish, mirror, tmp_path):
    publish(name)
    root = tmp_path / "root"
    for remote in PUBLISHED[name].remotes:
        place = root / "downloads" / name if remote.unpack else root
        place.mkdir(parents=True, exist_ok=True)
        (mirror / name / remote.file).rename(place / remote.file)
    assert load(name, root, download=False).name == name
    assert Quiet.asked == []


def test_only_what_is_missing_is_downloaded(publish, tmp_path):
    publish("mnist")
    root = tmp_path / "root"
    before = load("mnist", root)
    Quiet.asked.clear()
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    for archive in (root / "downloads" / "mnist").iterdir():
        archive.unlink()
    assert load("mnist", root).digest == before.digest
    assert Quiet.asked == ["/mnist/t10k-labels-idx1-ubyte.gz"]


def test_a_tampered_download_is_refused(publish, mirror, tmp_path):
    publish("cifar10")
    path = mirror / "cifar10" / "cifar-10-python.tar.gz"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(UsageError, match="does not have the expected sha256"):
        load("cifar10", tmp_path / "root")
    assert not (tmp_path / "root" / "cifar-10-batches-py").exists()


def test_a_folder_with_holes_is_told(publish, tmp_path):
    publish("cifar10")
    root = tmp_path / "root"
    load("cifar10", root)
    (root / "cifar-10-batches-py" / "data_batch_3").unlink()
    expected = (
        f"{str(root / 'cifar-10-batches-py')!r} is incomplete: delete it and run again, it is then unpacked anew."
    )
    with pytest.raises(UsageError) as caught:
        load("cifar10", root)
    assert str(caught.value) == expected


def test_addresses_are_the_publishers(monkeypatch):
    monkeypatch.delenv("GAN_LOSSES_MIRROR", raising=False)
    found = {name: {address(name, remote) for remote in known.remotes} for name, known in PUBLISHED.items()}
    assert found["stl10"] == {"http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"}
    assert len(found["mnist"] | found["fashion-mnist"]) == 8
    assert all(url.startswith("http") for urls in found.values() for url in urls)
