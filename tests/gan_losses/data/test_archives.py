import gzip
import io
import os
import tarfile

import pytest

from gan_losses.data.archives import gunzip, untar
from gan_losses.errors import UsageError


def pack(path, members, mode="w:gz"):
    """A tar file of (name, content or a changed `TarInfo`) pairs."""
    with tarfile.open(path, mode) as packed:
        for name, content in members:
            info = tarfile.TarInfo(name) if isinstance(content, bytes) else content
            info.size = len(content) if isinstance(content, bytes) else info.size
            packed.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refusal(unpack, archive, *arguments):
    """What is said, after a look at what was left behind."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(UsageError) as caught:
        unpack(archive, *arguments)
    assert sorted(archive.parent.rglob("*")) == before
    return str(caught.value)


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "set.tar.gz"


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_the_folder_is_unpacked_and_nothing_beside_it(archive, tmp_path, mode):
    pack(archive, [("set/a", b"one"), ("set/deep/b", b"two"), ("other/c", b"three"), ("d", b"four")], mode)
    untar(archive, tmp_path / "root" / "set", 100, 10)
    found = {path.name: path.read_bytes() for path in (tmp_path / "root").rglob("*") if path.is_file()}
    assert found == {"a": b"one", "b": b"two"}
    assert os.listdir(tmp_path / "root") == ["set"]  # noqa: PTH208


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b"evil"),
        ("set/../../../evil", b"evil"),
        ("set/evil", link("set/evil", "/etc/passwd")),
        ("set/evil", link("set/evil", "../../../evil")),
        ("set/evil", link("set/evil", "../../evil", tarfile.LNKTYPE)),
        ("set/evil", link("set/evil", "", tarfile.CHRTYPE)),
    ],
)
def test_what_would_land_or_point_elsewhere_is_refused(archive, tmp_path, member):
    pack(archive, [("set/good", b"good"), member])
    message = refusal(untar, archive, tmp_path / "set", 100, 10)
    assert message.startswith(f"{str(archive)!r} is not unpacked (")
    assert message.endswith("): delete it and get it from a source you trust.")


def test_an_absolute_name_stays_inside(archive, tmp_path):
    pack(archive, [("set/good", b"good"), ("/set/other", b"other")])
    untar(archive, tmp_path / "set", 100, 10)
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["good", "other"]


def test_limits(archive, tmp_path):
    pack(archive, [("set/a", bytes(60)), ("set/b", bytes(40))])
    message = refusal(untar, archive, tmp_path / "set", 99, 2)
    assert "unpacked it has more than 99 bytes" in message
    assert "it has more than 1 files" in refusal(untar, archive, tmp_path / "set", 100, 1)
    untar(archive, tmp_path / "set", 100, 2)


def test_another_folder_is_told(archive, tmp_path):
    pack(archive, [("other/a", b"one")])
    assert "it has no folder 'set'" in refusal(untar, archive, tmp_path / "set", 100, 2)


@pytest.mark.parametrize("cut", [3, 40, -200])
def test_broken_archives_are_told(archive, tmp_path, cut):
    pack(archive, [("set/a", os.urandom(500))])
    archive.write_bytes(archive.read_bytes()[:cut])
    message = refusal(untar, archive, tmp_path / "set", 1000, 2)
    assert message.startswith(f"{str(archive)!r} is a broken archive (")
    assert message.endswith("): delete it and run again.")


def test_a_gzip_file_is_unpacked(tmp_path):
    archive, content = tmp_path / "a.gz", os.urandom(3_000_000)
    archive.write_bytes(gzip.compress(content))
    gunzip(archive, tmp_path / "deep" / "a", len(content))
    assert (tmp_path / "deep" / "a").read_bytes() == content
    assert len(list((tmp_path / "deep").iterdir())) == 1
    message = refusal(gunzip, archive, tmp_path / "b", len(content) - 1)
    assert "unpacked it has more than 2,999,999 bytes" in message


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"x" * 100)[:-9], b""], ids=["other", "short", "empty"])
def test_a_broken_gzip_file_is_told(tmp_path, content):
    archive = tmp_path / "a.gz"
    archive.write_bytes(content)
    if not content:  # as gzip has it, nothing is an archive of nothing
        gunzip(archive, tmp_path / "a", 100)
        assert (tmp_path / "a").read_bytes() == b""
        return
    assert "is a broken archive" in refusal(gunzip, archive, tmp_path / "a", 1000)
