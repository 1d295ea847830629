"""How to read a report: the question that it answers, and what its words mean."""

from collections.abc import Sequence

from reports.numbering import Numbering
from reports.panels import Panel

QUESTION = (
    "Which adversarial loss should I train my GAN with, what does it cost per step, and does its gradient survive?"
)
READING = """\
- **Fréchet distance.** Always named with the features it is taken in: `fid` for Inception's 2,048, `fid[digits]` for the
  embedded digit features, and so on. Values of different features, numbers of images or passports do not compare, with
  each other or with published tables, and never share a column here. `kid[…]` is an unbiased kernel distance and may be
  a little below 0.
- **Ladder.** Distances of images whose quality is known, from real images to noise. Read every value against it.
- **Floor.** Real images against other real images, at the same n: no generator can be shown to do better.
- **Ceiling.** The untrained generator's median. A share of the ceiling near 100 % means that nothing was learned.
- **Copies.** The distance alone cannot tell a good generator from one that copies the training images (the ladder's
  `copycat`); the copy rate can: real images have about 1 %.
- **Recipes.** *controlled* holds everything equal but the loss, and speaks of losses; *published* gives each loss what
  its paper gives it, and speaks of recipes. They are never merged.
- **Verdicts.** *Better*, *worse*: the sign-flip test over pairs of seeds, adjusted for all pairs of losses of the panel, has
  p ≤ 0.05. *Equivalent*: the 90 % interval of the ratio lies within the margin that was declared (10 % if none was). *Undecided*:
  neither, which says nothing of a tie; *could have seen* is the ratio that this many seeds of this spread show four times
  in five. *Too few seeds*: fewer than 6, where no test can reach 0.05 and no interval 95 %.
- **Cells that went wrong.** Medians are over the cells that were trained to the end. Collapsed and stalled ones are among them:
  without them a loss that collapses would look better than it is. Diverged and failed ones have no values, so that the
  median of a loss that lost seeds is that of the survivors. Verdicts count them as the worst value of the panel, or as an
  untrained generator where that is worse, and name the survivors' verdict beside.
"""
TRANSLATIONS = """\
- **Translations.** `@b` stands for the domain: a distance with it compares the translations *into* b with real images of b,
  and says nothing of whether each picture became the right one. Where the data knows each picture's partner, `true_share`
  (the error over that of the untranslated picture: 0 perfect, 1 as if nothing had been done) and `kept` say that. A good
  round trip is no evidence of a good translation: a network that does nothing has a perfect one, and one can hide what it
  needs for the way back where nobody sees it, which the `lost_…` measure.
"""
PASSPORTS = """\
- **Passports.** `(passport 2)` behind a metric is the number under *How quality was measured* of all that it depends on beside
  the images. Two columns with unlike numbers do not compare, whatever their names.
"""


def reading(panels: Sequence[Panel]) -> str:
    """How to read the page, with what only some tasks need left out of the others'."""
    translated = any(panel.translation() for panel in panels)
    return READING + (PASSPORTS if Numbering(panels).several else "") + (TRANSLATIONS if translated else "")
