import io
import lzma
import tarfile

import pytest
from PIL import Image

from benchmarks.records import RecordError
from reports.build import build
from reports.figures.samples import KIND as SAMPLES
from reports.films import films, frame
from reports.loading import load
from reports.packing import main, pack, unpacked
from reports.panels import make_panels


@pytest.fixture(scope="module")
def packed(run_folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("packed") / "mine.tar.xz"
    pack(run_folder, file)
    return file


def test_a_packed_run_is_the_run(packed, run) -> None:
    with unpacked([packed]) as [folder]:
        found = load(folder)
        assert found.title == "mine"
        assert [cell.record for cell in found.cells] == [cell.record for cell in run.cells]
        assert (found.losses, found.ladders, found.timings) == (run.losses, run.ladders, run.timings)
        assert found.request == {**run.request, "command": "python -m benchmarks.run --out …/run"}
        assert found.damages == ()
        for ours, theirs in zip(found.cells, run.cells, strict=True):
            assert ours.curves.layout == theirs.curves.layout
            assert ours.curves.steps.tolist() == theirs.curves.steps.tolist()
            assert ours.curves.values == pytest.approx(theirs.curves.values, rel=5e-6, nan_ok=True)
        film, expected = (films(make_panels(each))[0] for each in (found, run))
        assert [strip.loss for strip in film.strips] == [strip.loss for strip in expected.strips]
        assert [strip.words for strip in film.strips] == [strip.words for strip in expected.strips]
    assert not folder.exists()


def test_packing_twice_gives_equal_bytes_and_little_of_them(packed, run_folder, tmp_path) -> None:
    again = tmp_path / "mine.tar.xz"
    pack(run_folder, again)
    assert again.read_bytes() == packed.read_bytes()
    raw = sum(path.stat().st_size for path in run_folder.rglob("*") if path.suffix in (".json", ".jsonl", ".png"))
    assert 5 * packed.stat().st_size < raw


def test_only_the_smallest_seed_keeps_its_samples(packed) -> None:
    with tarfile.open(packed) as archive:
        names = [name for name in archive.getnames() if "/samples/" in name]
    assert len(names) == 6  # 3 losses, 2 recipes
    assert all("/seed0-" in name and name.endswith(".webp") for name in names)


def test_a_packed_run_shows_the_same_samples(packed, run) -> None:
    def shown(each):
        drawn = SAMPLES.draw(each, make_panels(each))
        return {
            name: [(axis.get_title(), axis.images[0].get_array().shape[:2]) for axis in figure.axes]
            for name, figure in drawn
        }

    with unpacked([packed]) as [folder]:
        found = shown(load(folder))
    assert found == shown(run)
    assert [title.partition(",")[0] for title, _ in next(iter(found.values()))] == [
        "real test images",
        "bce",
        "lsgan",
        "wgangp",
    ]


def test_a_packed_film_is_packed_once(tmp_path) -> None:
    picture = Image.effect_noise((137, 137), 80).convert("RGB")
    picture.save(tmp_path / "step1.png")
    first = frame(tmp_path / "step1.png")
    assert first is not None
    (tmp_path / "step1.webp").write_bytes(first)
    assert frame(tmp_path / "step1.webp") == first
    assert Image.open(io.BytesIO(first)).size == (137, 69)
    picture.resize((1370, 1370)).save(tmp_path / "step2.png")
    assert Image.open(io.BytesIO(frame(tmp_path / "step2.png"))).size == (320, 160)
    (tmp_path / "step3.png").write_bytes(b"no picture")
    assert frame(tmp_path / "step3.png") is None


def test_a_report_is_made_of_a_packed_run(packed, tmp_path, without_figures) -> None:
    one, two = (build([packed], tmp_path / name, ("md", "csv")) for name in ("one", "two"))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)
    assert "Comparison of GAN losses: mine" in (one / "report.md").read_text()


def hostile(path, kind):
    with tarfile.open(path, "w:xz") as archive:
        entry = tarfile.TarInfo("../outside.txt" if kind == "above" else "run/link")
        if kind == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry, io.BytesIO(b""))


@pytest.mark.parametrize("kind", ["above", "link"])
def test_an_archive_that_reaches_outside_is_refused(tmp_path, kind) -> None:
    hostile(tmp_path / "x.tar.xz", kind)
    with pytest.raises(RecordError, match=r"packed run|unpacked"), unpacked([tmp_path / "x.tar.xz"]):
        pass
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("content", [b"", b"text", lzma.compress(b"no archive"), lzma.compress(bytes(600))[:40]])
def test_what_is_no_archive_is_refused_in_a_sentence(tmp_path, content) -> None:
    path = tmp_path / "x.tar.xz"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"x\.tar\.xz"), unpacked([path]):
        pass


def test_other_files_are_refused(tmp_path, capsys, run_folder) -> None:
    (tmp_path / "x.zip").write_bytes(b"")
    with pytest.raises(RecordError, match="is a file"), unpacked([tmp_path / "x.zip"]):
        pass
    assert main([str(run_folder), str(tmp_path / "x.zip")]) == 2
    assert "should end in .tar.xz" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "x.tar.xz")]) == 2
    assert "is no folder" in capsys.readouterr().err
