import os

import pytest

from benchmarks.experiments.workplace import Workplace
from gan_losses.errors import UsageError


def square(number, folder):
    (open(os.path.join(folder, f"called-{number}-{os.getpid()}"), "w")).close()  # noqa: PTH118, PTH123
    import torch

    return {"square": number**2, "threads": torch.get_num_threads()}


def die(number):
    os._exit(9)


def test_pieces_come_in_their_order_from_processes_of_one_thread_and_are_kept(tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    pieces = [{"number": number, "folder": str(calls)} for number in (3, 1, 2)]
    found = Workplace(tmp_path / "place", workers=2).map(square, pieces)
    assert [piece["square"] for piece in found] == [9, 1, 4]
    assert {piece["threads"] for piece in found} == {1}
    assert Workplace(tmp_path / "place").map(square, pieces) == found
    assert len(list(calls.iterdir())) == 3
    assert str(os.getpid()) not in {path.name.rpartition("-")[2] for path in calls.iterdir()}


def test_a_damaged_piece_is_set_aside_and_made_again(tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    said = []
    place = Workplace(tmp_path / "place", say=said.append)
    pieces = [{"number": 2, "folder": str(calls)}]
    place.map(square, pieces)
    (path,) = (tmp_path / "place" / "pieces").glob("*.json")
    path.write_text(path.read_text().replace("4", "5"))
    assert place.map(square, pieces)[0]["square"] == 4
    assert any("set aside" in line for line in said)


def test_a_dead_process_is_told_in_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="a process of die died"):
        Workplace(tmp_path).map(die, [{"number": 1}])


def test_a_run_that_cannot_be_made_says_why(tmp_path):
    with pytest.raises(UsageError, match=r"a run of the experiment stopped: .*unknown loss 'nonesuch'"):
        Workplace(tmp_path / "place").run("run", "--losses", "nonesuch")
