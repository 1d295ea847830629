import numpy as np

from reports.experiments.frozen_generator import draw


def curve(loss: str, epochs: int, seed: int, norm: list[float]) -> dict[str, object]:
    steps = [0, 1, 10]
    return {
        "loss": loss,
        "epochs": epochs,
        "seed": seed,
        "step": steps,
        "norm": norm,
        "variance": norm,
        "accuracy": [0.5, 1, 1],
    }


def test_a_column_for_every_age_and_the_median_of_every_loss() -> None:
    curves = [curve("bce", 1, seed, [1.0, 2.0, 3.0 + seed]) for seed in (0, 1, 2)] + [
        curve("minimax", 10, 0, [1, 1, 1])
    ]
    figure = draw({"shown": {"curves": curves}})
    assert len(figure.axes) == 6
    assert figure.axes[0].get_title(loc="left") == "1 epoch: norm of G's gradient"
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xydata(), [[0.5, 1.0], [1, 2.0], [10, 4.0]])
    assert [len(axis.lines) for axis in figure.axes] == [1] * 6
