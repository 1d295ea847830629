import functools
import hashlib
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from gan_losses.data import papers
from gan_losses.data.base import Request
from gan_losses.data.cache import in_memory
from gan_losses.data.papers import PAPER_SETS, PaperSet, address, find_paper, sources
from gan_losses.data.unpaired import load_unpaired
from gan_losses.errors import UsageError


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A mirror that serves the folder `mirror`."""
    (tmp_path / "mirror").mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "mirror"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("GAN_LOSSES_MIRROR", f"http://127.0.0.1:{http.server_port}/")
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()

    def stop():
        if thread.is_alive():
            http.shutdown()
            thread.join()
            http.server_close()

    yield stop
    stop()


@pytest.fixture
def pictures(tmp_path, album):
    """A folder in the paper's layout, to be packed."""
    folder = tmp_path / "made" / "tiny"
    folder.mkdir(parents=True)
    for name, count, first in [("trainA", 12, 0), ("trainB", 10, 20), ("testA", 2, 40), ("testB", 3, 50)]:
        type(album)(folder / name).noise(count, first=first)
    return folder


@pytest.fixture
def tiny(pictures, tmp_path, server, monkeypatch):
    """The set `tiny`, at its mirror and in the registry."""
    return publish(pictures, tmp_path / "mirror" / "tiny.zip", monkeypatch)


def publish(folder, archive, monkeypatch):
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            packed.write(path, path.relative_to(folder.parent))
    content = archive.read_bytes()
    monkeypatch.setitem(PAPER_SETS, "tiny", PaperSet(len(content), hashlib.sha256(content).hexdigest(), "12 and 10"))
    return archive


def load(root, say=lambda line: None, argument="", download=True):
    request = Request(argument, 16, 20, root=root, say=say, download=download)
    return in_memory(find_paper("tiny")(request), say)


def refusal(root, **options):
    with pytest.raises(UsageError) as caught:
        load(root, **options)
    return str(caught.value)


def test_a_set_is_downloaded_unpacked_and_loaded(tiny, pictures, tmp_path):
    lines, root = [], tmp_path / "root"
    data = load(root, lines.append)
    assert (data.name, data.domains, data.channels, data.image_size) == ("tiny", ("a", "b"), 3, 16)
    assert data.digest == load_unpaired(Request(str(pictures), 16, 20)).digest
    assert tuple(data.train.images["a"].shape) == (10, 3, 20, 20)
    archive = root / "downloads" / "tiny.zip"
    assert archive.read_bytes() == tiny.read_bytes()
    size = f"{tiny.stat().st_size / 1000:.0f} kB"
    assert lines == [
        f"tiny.zip: {size} from {address('tiny')}, kept as {str(archive)!r}",
        f"tiny.zip: 100 % of {size}",
        f"tiny: unpacking {str(archive)!r} to {str(root / 'tiny')!r}",
    ]


def test_a_set_that_is_there_needs_no_server(tiny, server, tmp_path):
    before = load(tmp_path / "root")
    server()
    (tmp_path / "root" / "downloads" / "tiny.zip").unlink()
    lines = []
    assert load(tmp_path / "root", lines.append).digest == before.digest
    assert lines == []


def test_an_archive_that_was_put_there_by_hand_is_unpacked(tiny, server, tmp_path):
    server()
    (tmp_path / "root" / "downloads").mkdir(parents=True)
    tiny.rename(tmp_path / "root" / "downloads" / "tiny.zip")
    assert load(tmp_path / "root", download=False).name == "tiny"


def test_nothing_is_downloaded_unless_it_is_asked_for(tiny, tmp_path):
    root = tmp_path / "root"
    folders = f"the folders trainA, trainB, testA, testB into {str(root / 'tiny')!r}"
    size = f"{tiny.stat().st_size / 1000:.0f} kB"
    expected = (
        f"no tiny in {str(root)!r}: add --download ({size} from {address('tiny')}), or put the file as "
        f"{str(root / 'downloads' / 'tiny.zip')!r} or {folders} yourself."
    )
    assert refusal(root, download=False) == expected
    assert not root.exists()
    (root / "downloads").mkdir(parents=True)
    (root / "downloads" / "tiny.zip").write_bytes(tiny.read_bytes()[:-1] + b"?")  # not the one expected
    assert refusal(root, download=False) == expected


@pytest.mark.parametrize("domain", ["a", "b"])
def test_one_domain_is_a_set_of_its_own_with_the_same_splits(tiny, tmp_path, domain):
    both, one = load(tmp_path / "root"), load(tmp_path / "root", argument=domain)
    assert (one.name, one.domains) == (f"tiny:{domain}", ("image",))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(one, part).images["image"], getattr(both, part).images[domain])


def test_a_domain_that_no_set_has_is_told(tmp_path):
    message = "tiny:c is no domain of tiny: write tiny, tiny:a or tiny:b."
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAPER_SETS, "tiny", PaperSet(1, "", "12 and 10"))
        assert refusal(tmp_path, argument="c") == message


def test_a_folder_that_was_put_there_by_hand_is_used(pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(PAPER_SETS, "tiny", PaperSet(1, "", "12 and 10"))
    pictures.rename(tmp_path / "tiny")
    assert len(load(tmp_path).test.images["b"]) == 3


def test_the_folder_may_appear_while_the_archive_is_unpacked(tiny, pictures, tmp_path, monkeypatch):
    original = papers.unpack

    def slow(archive, folder, **limits):
        pictures.rename(folder)  # another process was faster
        original(archive, folder, **limits)

    monkeypatch.setattr(papers, "unpack", slow)
    assert load(tmp_path / "root").name == "tiny"
    assert sorted(path.name for path in (tmp_path / "root").iterdir()) == ["downloads", "tiny"]


def test_a_tampered_set_is_refused(tiny, tmp_path, monkeypatch):
    known = PAPER_SETS["tiny"]
    monkeypatch.setitem(PAPER_SETS, "tiny", PaperSet(known.size, "0" * 64, known.summary))
    assert refusal(tmp_path / "root").startswith(
        f"the download does not have the expected sha256 {'0' * 64} but {known.sha256}: it was tampered with"
    )
    assert not (tmp_path / "root" / "tiny").exists()


def test_a_set_that_is_not_on_the_mirror_is_told(tiny, tmp_path):
    tiny.unlink()
    otherwise = f"get {address('tiny')} by other means and put it at {str(tmp_path / 'root/downloads/tiny.zip')!r}."
    assert refusal(tmp_path / "root") == f"cannot download from 127.0.0.1 (it answered 404 File not found): {otherwise}"


def test_a_set_without_the_layout_is_told(pictures, server, tmp_path, monkeypatch):
    (pictures / "trainA").rename(pictures / "other")
    publish(pictures, tmp_path / "mirror" / "tiny.zip", monkeypatch)
    folder = tmp_path / "root" / "tiny"
    assert refusal(tmp_path / "root") == f"no trainA in {str(folder)!r}: delete that folder and run again."


def test_what_is_unpacked_is_limited(tiny, tmp_path, monkeypatch):
    limits = {}
    monkeypatch.setattr(papers, "unpack", lambda archive, folder, **given: limits.update(given) or folder.mkdir())
    refusal(tmp_path / "root")
    assert limits == {"most_bytes": 4 * tiny.stat().st_size + 67_108_864, "most_files": 100_000}


def test_addresses(monkeypatch):
    monkeypatch.delenv("GAN_LOSSES_MIRROR", raising=False)
    assert address("maps") == "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/maps.zip"
    monkeypatch.setenv("GAN_LOSSES_MIRROR", "https://mirror.example/gan/")
    assert address("maps") == "https://mirror.example/gan/maps.zip"


def test_every_set_has_a_loader_and_one_line():
    found = sources()
    names = "apple2orange cezanne2photo facades horse2zebra iphone2dslr_flower maps monet2photo"
    assert list(found) == [*names.split(), "summer2winter_yosemite", "ukiyoe2photo", "vangogh2photo"]
    assert found["maps"][1] == "1,096 aerial photographs and 1,096 maps (CycleGAN's set, 1,477 MB download)"
    assert all(callable(find) and "\n" not in summary and len(summary) < 110 for find, summary in found.values())
    assert all(len(known.sha256) == 64 for known in PAPER_SETS.values())


def test_the_loader_is_that_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "facades").mkdir()
    with pytest.raises(UsageError) as caught:
        sources()["facades"][0](Request("", 16, 16, root=tmp_path))
    assert str(caught.value) == f"no trainA in {str(tmp_path / 'facades')!r}: delete that folder and run again."
