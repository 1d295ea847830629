"""Constants of `reports.power.constant`: a row per number of seeds, a column per number of losses.

Made by `reports.power.simulate`: for 6 to 8 seeds from 4,000 suites, for 9 to 12 from 1,500 (800 for 10 losses, 400 for 20),
from 14 on with 2,000 sampled flips and 1,000 suites (400, 250). The standard error of the power is 0.006 to 0.025.
"""

SEEDS = (6, 7, 8, 9, 10, 12, 14, 20, 30)
LOSSES = (2, 3, 4, 6, 10, 20)
CONSTANTS = (
    (1.785, 2.193, 2.552, 3.195, 4.088, 5.491),
    (1.343, 1.585, 1.795, 2.146, 2.622, 3.382),
    (1.192, 1.391, 1.567, 1.834, 2.205, 2.731),
    (1.091, 1.282, 1.421, 1.643, 1.938, 2.377),
    (1.008, 1.165, 1.268, 1.470, 1.734, 2.101),
    (0.895, 1.005, 1.139, 1.288, 1.481, 1.755),
    (0.820, 0.895, 1.014, 1.154, 1.294, 1.514),
    (0.677, 0.748, 0.803, 0.902, 1.012, 1.125),
    (0.525, 0.586, 0.636, 0.708, 0.786, 0.919),
)
