"""Runs on a Ray cluster: the same records as on this machine, whatever becomes of the nodes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import records
from tests.benchmarks.executors.cluster import running
from tests.benchmarks.executors.runs import ROOT, recorded, run

NODE = {"num_cpus": 1}
SMALL = ("--preset", "smoke", "--recipe", "controlled", "--timing-rounds", "2", "--eval-every", "60", "--steps", "120")
OWN = """
import os
from dataclasses import dataclass
from pathlib import Path

from beside import FACTOR
from gan_losses import GANLoss


@dataclass(frozen=True)
class Own(GANLoss):
    name = "own"
    paper = "a test"
    summary = "L_D = -r + f; L_G = -f"

    def discriminator(self, real, fake):
        if "GAN_TEST_LOOK" in os.environ:
            Path(os.environ["GAN_TEST_LOOK"]).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
        return FACTOR * (fake.mean() - real.mean())

    def generator(self, fake, real=None):
        return -fake.mean()
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> str:
    """A loss of the user's own, with a module beside it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_loss.py").write_text(OWN)
    (folder / "beside.py").write_text("FACTOR = 1.0\n")
    return f"{folder / 'own_loss.py'}:Own"


def test_a_lost_node_costs_no_record(own, tmp_path) -> None:
    asked = (*SMALL, "--unexamined", "--losses", f"bce,{own}", "--seeds", "0-2")
    run(tmp_path / "local", *asked)
    done: list[str] = []
    with running(NODE, NODE) as (address, cluster):

        def heard(line: str) -> None:
            if line.startswith("["):
                done.append(line)
                if len(done) == 2:
                    print("0", file=cluster.stdin, flush=True)

        more = ("--executor", "ray", "--address", address, "--storage", "streamed", "--checkpoint-every", "0.2")
        said = run(tmp_path / "ray", *asked, *more, heard=heard)
        assert len(done) == 6, said
    assert recorded(tmp_path / "ray") == recorded(tmp_path / "local")
    assert not list((tmp_path / "ray").rglob("*.checkpoint"))
    verified = [sys.executable, "-m", "benchmarks.verify", str(tmp_path / "ray")]
    assert "0 errors" in subprocess.run(verified, capture_output=True, text=True, cwd=ROOT, check=True).stdout


@pytest.mark.slow
def test_24_cells_on_two_nodes_of_which_one_is_killed(tmp_path) -> None:
    asked = (*SMALL, "--losses", "bce,lsgan,wgangp", "--seeds", "0-7", "--steps", "300", "--eval-every", "100")
    run(tmp_path / "local", *asked)
    ended: list[str] = []
    with running(NODE, NODE) as (address, cluster):

        def heard(line: str) -> None:
            ended.extend([line] if line.startswith("[") else [])
            if line.startswith("[12/24]"):
                print("1", file=cluster.stdin, flush=True)

        said = run(tmp_path / "ray", *asked, "--executor", "ray", "--address", address, heard=heard)
    assert "its node was lost" in said
    assert len(ended) == 24
    assert recorded(tmp_path / "ray") == recorded(tmp_path / "local")


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_cluster_clean_and_goes_on(tmp_path) -> None:
    asked = (*SMALL, "--losses", "bce,lsgan", "--seeds", "0-1", "--steps", "600", "--eval-every", "300")
    run(tmp_path / "local", *asked)
    with running(NODE, NODE) as (address, _):
        more = ("--executor", "ray", "--address", address, "--storage", "streamed", "--checkpoint-every", "1")
        call = [sys.executable, "-m", "benchmarks.run", "--out", str(tmp_path / "ray"), *asked, *more]
        told = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        for line in told.stdout:
            if line.startswith("[1/4]"):
                told.send_signal(signal.SIGINT)
        told.stdout.close()
        assert told.wait() == 130
        assert list((tmp_path / "ray").rglob("*.checkpoint"))
        assert not list((tmp_path / "ray").rglob(".*.lock"))
        look = (
            "import ray, time; ray.init(address={!r}, log_to_driver=False); time.sleep(2); "
            "print(ray.available_resources().get('CPU'))"
        )
        free = subprocess.run([sys.executable, "-c", look.format(address)], capture_output=True, text=True, check=True)
        assert free.stdout.strip() == "2.0"
        said = run(tmp_path / "ray", *asked, *more)
        assert "goes on after step" in said
    assert recorded(tmp_path / "ray") == recorded(tmp_path / "local")


@pytest.mark.slow
def test_half_a_gpu_each_packs_two_cells_on_one(own, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GAN_TEST_LOOK", str(tmp_path / "seen"))
    asked = (*SMALL, "--unexamined", "--losses", own, "--seeds", "0-1", "--device", "cpu", "--executor", "ray")
    with running({"num_cpus": 2, "num_gpus": 1}) as (address, _):
        said = run(tmp_path / "half", *asked, "--address", address, "--gpus-per-cell", "0.5")
        assert "2 cells, 2 at a time" in said.replace("Training ", "")
        assert (tmp_path / "seen").read_text() == "0"
        refused = run(tmp_path / "two", *asked, "--address", address, "--gpus-per-cell", "2", code=2)
    assert "no node of the cluster has the 1 CPUs, 2 GPUs and 1 GiB that a cell takes" in refused


@pytest.mark.slow
def test_a_cluster_of_its_own_ends_with_the_run(tmp_path) -> None:
    asked = (*SMALL, "--losses", "bce,lsgan", "--seeds", "0")
    run(tmp_path / "local", *asked)
    assert "2 at a time" in run(tmp_path / "ray", *asked, "--executor", "ray")
    assert recorded(tmp_path / "ray") == recorded(tmp_path / "local")
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _mentions(path, str(tmp_path / "ray"))]
    assert not left


def _mentions(path: Path, text: str) -> bool:
    try:
        return text in path.read_text() and int(path.parent.name) != os.getpid()
    except OSError:
        return False


@pytest.mark.slow
def test_a_cell_that_crashes_is_recorded_and_not_tried_elsewhere(tmp_path) -> None:
    path = tmp_path / "crashing.py"
    dying = (
        "multiprocessing.parent_process() and os._exit(7); return 1.0"  # not in the run itself, which draws the loss
    )
    text = OWN.replace("from beside import FACTOR\n", "import multiprocessing\n")
    path.write_text(text.replace("return FACTOR", dying))
    asked = (*SMALL, "--unexamined", "--losses", f"{path}:Own", "--seeds", "0", "--executor", "ray")
    said = run(tmp_path / "ray", *asked, code=1)
    assert "1 failed" in said
    (record,) = (records.read_json(folder / records.RECORD) for folder in records.find_records(tmp_path / "ray"))
    assert record["reason"] == "its process ended with exit code 7"


@pytest.mark.slow
def test_trials_and_what_is_chosen_by_them_run_on_the_same_workers(tmp_path) -> None:
    asked = (
        *SMALL[:2],
        "--recipe",
        "tuned",
        "--grid",
        "learning-rate=1e-4,2e-4",
        "--grid",
        "beta1=0.5",
        "--losses",
        "bce",
    )
    asked += ("--tuning-seeds", "1000", "--seeds", "0-1", "--steps", "40", "--timing-rounds", "2")
    run(tmp_path / "local", *asked)
    with running(NODE, NODE) as (address, _):
        run(tmp_path / "ray", *asked, "--executor", "ray", "--address", address, "--storage", "streamed")
    run(tmp_path / "own", *asked, "--executor", "ray")
    assert recorded(tmp_path / "ray") == recorded(tmp_path / "own") == recorded(tmp_path / "local")
