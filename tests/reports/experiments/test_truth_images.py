from reports.experiments.truth_images import draw

LADDERS = ("blur", "noise")


def record():
    sees = {("fid[truth]", "blur"): ("yes", 1.0), ("fid[truth]", "noise"): ("wrong way", -1.0)}
    rows = []
    for metric in ("fid[truth]", "copy_rate"):
        for ladder in LADDERS:
            word, rank = sees.get((metric, ladder), ("no", 0.25))
            rows.append({"metric": metric, "ladder": ladder, "rank correlation": rank, "sees": word})
    memory = [{"train": train, "unseen": 0.01, "copies": [1.0, 0.5]} for train in (1000, 4000)]
    return {"shown": {"grades": {"blur": [1, 2], "noise": [1, 2]}, "rows": rows, "memory": memory, "near": [0.0, 8.0]}}


def test_what_is_seen_is_coloured_and_the_rest_is_pale():
    table = draw(record()).axes[0]
    assert table.images[0].get_array().tolist() == [[1.0, -1.0], [0.0, 0.0]]
    assert [text.get_text() for text in table.texts] == ["1.00", "-1.00", "0.25", "0.25"]
    assert [text.get_fontweight() == "bold" for text in table.texts] == [True, True, False, False]
    assert [label.get_text() for label in table.get_yticklabels()] == ["fid[truth]", "copy_rate"]


def test_copies_have_a_line_for_each_training_set():
    figure = draw(record())
    lines = figure.axes[1].lines
    assert [list(line.get_ydata()) for line in lines[::2]] == [[1.0, 0.5]] * 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["1,000 to train on", "4,000 to train on"]
