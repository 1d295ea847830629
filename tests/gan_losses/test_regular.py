import os

import pytest

from gan_losses.regular import open_regular, read_regular


def test_a_regular_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert [read_regular(tmp_path / name, 7) for name in ("file", "link")] == [b"content"] * 2


def test_more_bytes_than_allowed_are_not_read(tmp_path):
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match="1,099,511,627,776 bytes, at most 8 are read"):
        open_regular(tmp_path / "sparse", 8)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_would_wait_or_never_end_is_refused(tmp_path, kind):
    path = tmp_path / kind
    {"pipe": os.mkfifo, "device": lambda link: link.symlink_to("/dev/zero"), "folder": os.mkdir}[kind](path)
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(path)


def test_a_file_that_says_it_is_empty_is_not_read(tmp_path):
    (tmp_path / "empty").touch()
    assert read_regular(tmp_path / "empty", 9) == b""
    maps = "/proc/self/maps"  # it has content and says that it has no bytes, as those do that never end
    (tmp_path / "proc").symlink_to(maps if os.path.exists(maps) else "empty")  # noqa: PTH110
    assert read_regular(tmp_path / "proc", 9) == b""


def test_a_missing_file_keeps_its_own_reason(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nowhere")
