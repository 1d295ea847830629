import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_losses.data import cache, load_data
from gan_losses.data.base import Request
from gan_losses.data.cache import Material, cached, fingerprint
from gan_losses.data.draft import SPLITS, Draft
from gan_losses.data.store import check_dataset
from gan_losses.errors import UsageError
from tests.formats import write_mnist


@pytest.fixture
def album(album):
    return album.noise(20)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


@pytest.fixture
def load(album, root):
    """Load the album; the lines that were said are in `load.lines`."""

    def load(size=16, **options):
        return load_data(f"images:{album.root}", size, root=root, say=load.lines.append, **options)

    load.lines = []
    return load


@pytest.fixture
def decoded(monkeypatch):
    """Counts how often something is decoded."""
    drafts, original = [], cache.save_draft
    monkeypatch.setattr(cache, "save_draft", lambda *arguments: drafts.append(1) or original(*arguments))
    return drafts


def same(first, second):
    facts = ("name", "classes", "features", "digest", "skipped")
    assert [getattr(first, fact) for fact in facts] == [getattr(second, fact) for fact in facts]
    for part in SPLITS:
        one, two = getattr(first, part), getattr(second, part)
        assert list(one.images) == list(two.images)
        assert all(torch.equal(one.images[domain], two.images[domain]) for domain in one.images)


def test_the_second_load_maps_what_the_first_has_decoded(load, decoded, album):
    first, second = load(), load()
    assert len(decoded) == 1
    same(first, second)
    assert second.path == first.path
    from gan_losses.data.folder import load_folder

    same(second, load_folder(Request(str(album.root), 16, 16)))
    assert load.lines == []
    assert sorted(path.name for path in first.path.parent.iterdir()) == [first.path.name, f"{first.path.name}.lock"]


@pytest.mark.parametrize("options", [{"size": 20}, {"train_size": 20}, {"bad_images": "skip"}])
def test_another_way_of_preparing_is_decoded_apart(load, decoded, options):
    load()
    other = load(**options)
    assert len(decoded) == 2
    assert other.train_size == options.get("size", options.get("train_size", 16))
    assert load().image_size == 16
    assert len(decoded) == 2


def test_another_content_is_decoded_anew(load, decoded, album):
    before = load()
    picture = album.root / "picture-003.png"
    picture.write_bytes((album.root / "picture-004.png").read_bytes())
    assert load().digest != before.digest
    picture.rename(album.root / "other.png")
    load()
    assert len(decoded) == 3


def test_classes_are_kept_apart(root, decoded):
    write_mnist(root, 200)
    digests = {load_data("mnist", 28, root=root, classes=classes).digest for classes in ([], ["1"], ["1", "2"])}
    assert len(digests) == len(decoded) == 3
    load_data("mnist", 28, root=root, classes=["2", "1", "2"])
    assert len(decoded) == 3


def test_an_image_that_cannot_be_read_any_more_is_told_despite_the_cache(load, album):
    load()
    (album.root / "picture-003.png").write_text("no image")
    with pytest.raises(UsageError, match=r"cannot read .*picture-003\.png"):
        load()


def test_skipped_files_and_remarks_are_told_again(tmp_path, album, root):
    for name, count, first in [("trainA", 10, 0), ("trainB", 10, 20), ("testA", 2, 40), ("testB", 2, 50)]:
        (tmp_path / "set").mkdir(exist_ok=True)
        type(album)(tmp_path / "set" / name).noise(count, first=first)
    copy = (tmp_path / "set" / "trainA" / "picture-004.png").read_bytes()
    (tmp_path / "set" / "testA" / "copy.png").write_bytes(copy)
    (tmp_path / "set" / "testB" / "bad.png").touch()
    told = []
    for _ in range(2):
        lines = []
        data = load_data(f"unpaired:{tmp_path / 'set'}", 16, "skip", root=root, say=lines.append)
        told.append((lines, data.skipped))
    assert told[0] == told[1]
    assert told[0] == (
        [f"beware: 1 of 3 images in {str(tmp_path / 'set' / 'testA')!r} are copies of images to train on."],
        ("testB/bad.png",),
    )


@pytest.mark.parametrize("damage", ["pixels", "facts", "missing", "short", "format"])
def test_a_damaged_cache_is_made_anew(load, decoded, damage):
    first = load()
    path = first.path / ("facts.json" if damage in ("facts", "format") else "test-images-image.npy")
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "format":
        path.write_bytes(content.replace(b'"format": 1', b'"format": 0'))
    else:
        path.unlink()  # a new file: what is mapped of the old one has to stay
        path.write_bytes(content[:-1] + (b"" if damage == "short" else bytes([content[-1] ^ 1])))
    same(load(), first)
    assert load.lines == [f"{first.path.name}: what the cache holds is damaged, it is made anew"]
    assert len(decoded) == 2
    assert check_dataset(first.path)


def test_what_was_mapped_outlives_a_cache_that_is_made_anew(load):
    first = load()
    before = first.train.images["image"].clone()
    (first.path / "facts.json").unlink()
    load()
    assert torch.equal(first.train.images["image"], before)


def test_writing_to_the_images_does_not_reach_the_cache(load):
    data = load()
    data.train.images["image"].zero_()
    assert load().train.images["image"].any()
    assert load.lines == []


def test_a_cache_that_cannot_be_written_is_told_and_done_without(load, root):
    root.mkdir()
    (root / "cache").write_text("a file")
    data = load()
    assert (data.path, len(data.train)) == (None, 14)
    [line] = load.lines
    assert line.startswith(f"the cache {str(root / 'cache')!r}"[:-1])
    assert line.endswith("): the images are kept in memory")


def test_a_full_disk_leaves_nothing_behind(load, root, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "save_draft", full)
    assert load().path is None
    assert [path.suffix for path in (root / "cache").iterdir()] == [".lock"]
    assert "(No space left on device): the images are kept in memory" in load.lines[0]


def test_a_cache_that_can_only_be_read_is_used(load, decoded, monkeypatch):
    first = load()

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache, "alone", refuse)
    same(load(), first)
    assert (load.lines, len(decoded)) == ([], 1)


def test_what_a_killed_process_left_is_swept(load, root):
    folder = load().path
    left = folder.with_name(f".{folder.name}.abcd")
    left.mkdir()
    (folder / "facts.json").unlink()
    load()
    assert not left.exists()


def test_the_second_of_two_waits_for_the_first(load, decoded, album, root, monkeypatch):
    waiting, lines = threading.Event(), []
    original = cache.save_draft  # counts

    def slow(*arguments):
        assert waiting.wait(10)
        original(*arguments)

    def say(line):
        lines.append(line)
        waiting.set()

    monkeypatch.setattr(cache, "save_draft", slow)
    threads = [
        threading.Thread(target=load_data, args=(f"images:{album.root}", 16), kwargs={"root": root, "say": say})
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decoded) == 1
    assert [line.split(": ")[1] for line in lines] == ["another process decodes it, waiting"]


def test_two_processes_at_once_get_the_same(album, root):
    code = (
        "import sys; from pathlib import Path; from gan_losses.data import load_data; "
        "print(load_data('images:' + sys.argv[1], 16, root=Path(sys.argv[2])).digest)"
    )
    command = [sys.executable, "-c", code, str(album.root), str(root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) for _ in range(2)]  # noqa: PTH109
    first, second = (process.communicate()[0] for process in both)
    assert first == second != ""
    assert len([path for path in (root / "cache").iterdir() if path.is_dir()]) == 1


def blank(total, step, size):
    """A draft of `total` blank images for each part, `step` at a time."""

    def pieces():
        for _ in range(total // step):
            yield np.zeros((step, 3, size, size), np.uint8)

    return Draft("blank", {part: {"image": pieces} for part in SPLITS})


def test_a_set_is_never_in_memory_as_a_whole(root):
    """150 MB are written, and mapped and hashed again, by a process whose own memory grows by less than 60 MB."""
    code = """
import sys
from pathlib import Path
from gan_losses.data.base import Request
from gan_losses.data.cache import Material, cached
from tests.gan_losses.data.test_cache import blank

def anonymous():
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:")) / 1024

load = cached(lambda request: Material("blank", "0", lambda scratch: blank(4096, 256, 64)))
request = Request("", 64, 64, root=Path(sys.argv[1]))
before = anonymous()
load(request)
print(len(load(request).train), anonymous() - before)
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    here = str(Path(__file__).parents[3])
    header = f"import sys, types\nm = types.ModuleType('tests'); m.__path__ = [{here + '/tests'!r}]; sys.modules['tests'] = m\n"
    command = [sys.executable, "-c", header + code, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=here)
    count, grown = done.stdout.split()
    assert (int(count), float(grown) < 60) == (4096, True)


def test_the_fingerprint_is_that_of_names_and_contents(tmp_path):
    for name, text in (("a", "one"), ("b", "two")):
        (tmp_path / name).write_text(text)
    a, b = tmp_path / "a", tmp_path / "b"
    known = [
        fingerprint(files)
        for files in ([("a", a)], [("a", b)], [("b", a)], [("a", a), ("b", b)], [("b", b), ("a", a)], [("a", tmp_path)])
    ]
    assert len(set(known)) == len(known)
    time.sleep(0.01)
    a.touch()
    assert fingerprint([("a", a)]) == known[0]


def test_a_draft_that_fails_leaves_no_cache(root):
    def fail(scratch):
        raise UsageError("nothing to be had.")

    load = cached(lambda request: Material("x", "0", fail))
    with pytest.raises(UsageError, match="nothing to be had"):
        load(Request("", 16, 16, root=root))
    assert [path.suffix for path in (root / "cache").iterdir()] == [".lock"]
