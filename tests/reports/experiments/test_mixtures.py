import numpy as np

from reports.experiments.mixtures import draw


def panel(points: list[list[float]]) -> dict[str, object]:
    return {"points": points, "modes": 3, "quality": 0.25}


def test_each_loss_has_a_panel_with_its_samples_and_the_modes() -> None:
    losses = {f"loss {number}": panel([[0.1 * number, 0.0], [0.0, 1.0]]) for number in range(8)}
    centres = [[1.0, 0.0], [-1.0, 0.0]]
    figure = draw({"shown": {"panels": {"a study, ring": losses}, "centres": {"a study, ring": centres}}})
    axes = [axis for axis in figure.axes if axis.get_visible()]
    assert [axis.get_title(loc="left") for axis in axes] == [f"loss {number}\n3 modes, 25%" for number in range(8)]
    np.testing.assert_allclose(axes[7].collections[0].get_offsets(), [[0.7, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(axes[7].collections[1].get_offsets(), centres)


def test_a_training_without_finite_samples_is_said() -> None:
    shown = {"panels": {"a study, ring": {"bce": panel([])}}, "centres": {"a study, ring": [[1.0, 0.0]]}}
    assert draw({"shown": shown}).axes[0].texts[0].get_text() == "diverged"
