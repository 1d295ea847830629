import numpy as np

from reports.experiments.exact_wasserstein import draw


def curve(cosine: list[float], ratio: list[float]) -> dict[str, list[float]]:
    return {"iteration": [10, 20], "cosine": cosine, "ratio": ratio}


def test_a_line_is_the_median_over_pairs() -> None:
    pairs = [curve([0.1, 0.2], [0.5, 0.9]), curve([0.3, 0.6], [0.7, 1.0]), curve([0.2, 0.9], [0.1, 1.1])]
    panels = {"D 2, 4 funnels": {"wgangp": pairs}, "D 4, 4 funnels": {"wgan+spectral": pairs[:1]}}
    axes = draw({"shown": {"panels": panels}}).axes
    assert [axis.get_title(loc="left") for axis in axes] == list(panels) * 2
    np.testing.assert_allclose(axes[0].lines[0].get_xydata(), [[10, 0.2], [20, 0.6]])
    np.testing.assert_allclose(axes[2].lines[0].get_xydata(), [[10, 0.5], [20, 1.0]])
    np.testing.assert_allclose(axes[3].lines[0].get_xydata(), [[10, 0.5], [20, 0.9]])


def test_no_pairs_are_said() -> None:
    assert [axis.texts[0].get_text() for axis in draw({"shown": {"panels": {}}}).axes] == ["no pair was tried"] * 2
