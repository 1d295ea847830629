import numpy as np

from reports.experiments.decision_boundary import draw

POINT = [[1.0, 2.0]]


def scene(loss: str, network: str, logits: list[list[float]]) -> dict[str, object]:
    points = {"real": POINT, "fake": POINT, "fools": [[3.0, 1.0]], "moved": [[2.0, 1.0]]}
    return {"loss": loss, "network": network, "boundary": 0.5, "logits": logits, **points}


def test_a_plane_for_every_discriminator_and_one_line() -> None:
    scenes = [scene("bce", "linear", [[0.0, 1.0], [0.0, 1.0]]), scene("lsgan", "linear", [[2.0, 3.0], [2.0, 3.0]])]
    line = {"x": [-1.0, 0.0, 1.0], "slopes": {"bce": [1.0, 0.5, 0.0]}}
    figure = draw({"shown": {"reach": 4.0, "scenes": scenes, "line": line}})
    first, second, last = figure.axes
    assert first.get_title(loc="left") == "bce: D is linear"
    np.testing.assert_allclose(first.lines[-1].get_xydata(), [[3.0, 1.0], [2.0, 1.0]])
    assert len(first.collections) == len(second.collections) + 1  # nowhere undecided: no boundary to draw
    np.testing.assert_allclose(last.lines[0].get_ydata(), [1.0, 0.5, 1e-24])
