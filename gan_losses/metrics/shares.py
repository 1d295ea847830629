"""How many fakes the extractor takes for each class."""

import torch

from gan_losses.metrics.measure import Fakes, Measure, rows_of


class ClassShares(Measure):
    """`share[<class>]`, where the extractor knows the data's classes; otherwise nothing. Together they are 1."""

    needs = frozenset({"rows"})

    @property
    def names(self) -> tuple[str, ...]:
        """One for each class."""
        extractor, classes = self.real.extractor, self.real.collection.data.classes
        return tuple(f"share[{name}]" for name in classes) if extractor.num_classes == len(classes) else ()

    @torch.no_grad()
    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The shares, in the order of the data's classes."""
        if not self.names:
            return ()
        device, classify = self.real.collection.device, self.real.extractor.classify
        counts = torch.zeros(len(self.names), dtype=torch.int64)
        for rows in rows_of(fakes).split(self.real.collection.batch_size):
            counts += classify(rows.to(device)).argmax(dim=1).bincount(minlength=len(self.names)).cpu()
        return tuple((counts / fakes.count).tolist())
