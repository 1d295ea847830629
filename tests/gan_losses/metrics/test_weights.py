import hashlib
import io
import pickle
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gan_losses.errors import UsageError
from gan_losses.metrics.weights import DEFAULT_PLACE, Place, WeightFile, check_tensors, load_weights, sha256_of

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, -1.0])}


def saved(tensors=TENSORS) -> bytes:
    stream = io.BytesIO()
    torch.save(tensors, stream)
    return stream.getvalue()


CONTENT = saved()
KNOWN = WeightFile("small", "http://127.0.0.1:9/files/small.pth", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Poison:
    """What a pickle does that someone else wrote: on loading it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def place(tmp_path):
    return Place(root=tmp_path / "data")


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def named(path: Path) -> Place:
    """A user who names a file together with its true hash."""
    return Place(weights=path, sha256=sha256_of(path))


def refusal(place: Place, known: WeightFile = KNOWN) -> str:
    with pytest.raises(UsageError) as caught:
        load_weights(known, place)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check(found) -> None:
    torch.testing.assert_close(found, TENSORS, rtol=0, atol=0)


def test_a_named_file_with_the_published_hash_is_read(tmp_path):
    check(load_weights(KNOWN, Place(weights=put(tmp_path / "my.pth"))))


def test_a_file_in_the_root_or_in_the_hubs_folder_is_found(place, hub):
    put(hub / "small.pth")
    check(load_weights(KNOWN, place))
    put(place.root / "weights" / "small.pth", b"another one")  # comes first
    assert "has sha256" in refusal(place)


def test_another_file_is_refused_with_both_hashes(tmp_path):
    path = put(tmp_path / "my.pth", saved({"weight": torch.zeros(1)}))
    assert refusal(Place(weights=path)) == (
        f"features 'small': {str(path)!r} has sha256 {sha256_of(path)}, and {KNOWN.sha256} was expected: "
        "if you trust it, give its hash with --weights-sha256."
    )


def test_another_file_is_read_if_its_hash_is_named(tmp_path):
    path = put(tmp_path / "my.pth", saved({"weight": torch.ones(1)}))
    torch.testing.assert_close(load_weights(KNOWN, named(path)), {"weight": torch.ones(1)})
    upper = replace(named(path), sha256=sha256_of(path).upper())
    assert load_weights(KNOWN, upper).keys() == {"weight"}


def test_a_named_hash_is_the_only_one_that_is_taken(tmp_path):
    path = put(tmp_path / "my.pth")  # the published file, and yet not what was asked for
    assert "0123 was expected" in refusal(Place(weights=path, sha256="0123"))


def test_a_hash_without_a_file_is_refused(place):
    assert refusal(replace(place, sha256="0123")).endswith("came without a file of weights: name the file too.")


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_safetensors_file_serves_as_well(tmp_path, suffix):
    path = tmp_path / f"my.{suffix}"
    save_file(TENSORS, path) if suffix == "safetensors" else put(path)
    check(load_weights(KNOWN, named(path)))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("hashed", [False, True])
def test_a_poisoned_file_is_refused_and_does_nothing(tmp_path, hashed, legacy):
    marker, path = tmp_path / "marker", tmp_path / "my.pth"
    content = {"weight": torch.zeros(1), "bias": Poison(marker)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    place = named(path) if hashed else Place(weights=path)
    assert ("holds more than tensors, or is damaged" if hashed else "has sha256") in refusal(place)
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists()  # it is a poison indeed


def test_a_bare_pickle_is_refused_and_does_nothing(tmp_path):
    marker = tmp_path / "marker"
    path = put(tmp_path / "my.pth", pickle.dumps(Poison(marker)))
    assert "holds more than tensors, or is damaged" in refusal(named(path))
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"no tensors", CONTENT[: len(CONTENT) // 2], saved([1]), saved({"a": 1})])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_damaged_file_is_told_in_one_sentence(tmp_path, content, suffix):
    path = put(tmp_path / f"my.{suffix}", content)
    assert refusal(named(path)).startswith(f"features 'small': {str(path)!r} ")


def test_a_missing_named_file_is_told(tmp_path):
    path = tmp_path / "my.pth"
    assert refusal(Place(weights=path)) == (
        f"features 'small': {str(path)!r} cannot be read (No such file or directory): check the path."
    )


def test_without_a_file_the_sentence_says_what_to_put_where(place):
    assert refusal(place) == (
        f"features 'small': the weights are not here: put {KNOWN.url} (2 kB) at "
        f"{str(place.root / 'weights' / 'small.pth')!r}, or name the file with --weights, or add --download."
    )


class Server:
    """Sends one file on loopback."""

    def __init__(self, content: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.known = replace(KNOWN, url=f"http://127.0.0.1:{self.http.server_port}/small.pth")
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))

    def __enter__(self) -> WeightFile:
        self.thread.start()
        return self.known

    def __exit__(self, *error) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def test_a_download_is_kept_in_the_root_and_found_there_later(place, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    said = []
    with Server(CONTENT) as known:
        check(load_weights(known, replace(place, download=True, say=said.append)))
    assert said[0].startswith("small.pth: 2 kB from http://127.0.0.1")
    check(load_weights(KNOWN, place))


def test_a_download_that_was_tampered_with_is_refused(place, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(CONTENT[:-1] + b"?") as known:
        assert "does not have the expected sha256" in refusal(replace(place, download=True), known)
    assert not (place.root / "weights" / "small.pth").exists()


def test_nothing_is_downloaded_unless_it_was_asked_for(place, monkeypatch):
    monkeypatch.setattr("gan_losses.metrics.weights.fetch", lambda *arguments: pytest.fail("it downloads"))
    assert "add --download" in refusal(place)


def test_a_place_can_be_pickled():
    assert pickle.loads(pickle.dumps(DEFAULT_PLACE)) == DEFAULT_PLACE


def test_tensors_are_checked_by_name_shape_and_kind():
    expected = {name: value.shape for name, value in TENSORS.items()}
    check_tensors(TENSORS, expected, "small")
    for wrong in ({"weight": torch.zeros(2, 3)}, TENSORS | {"weight": torch.zeros(2, 3).to_sparse()}):
        with pytest.raises(UsageError, match="the weights are not of this network, of its 2 tensors 1 "):
            check_tensors(wrong, expected, "small")
