"""Pictures and masks to a model's latents at a working size, and back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.area import resized, resized_mask
from engine.levels import Schedule
from engine.models import Model
from engine.types import EngineError, Mask, Rgb


class At(NamedTuple):
    """A model at a working size; a picture of any size comes to it and goes from it."""

    model: Model
    size: tuple[int, int]  # pixels: width and height

    @property
    def schedule(self) -> Schedule:
        """The model's noise levels there."""
        return self.model.schedule_at(self.size)

    def latent(self, picture: Rgb) -> Tensor:
        return self.model.encode(self.padded(resized(picture, *self.size)))

    def free(self, mask: Mask) -> Tensor:
        """A mask as what multiplies a latent."""
        return self.model.free(self.padded(resized_mask(mask, *self.size)))

    def mask(self, plane: Tensor) -> Mask:
        """A map over a latent (h, w) as a mask."""
        return resized_mask(self._unpadded(plane.float().cpu().numpy()), *self.size)

    def picture(self, latent: Tensor) -> Rgb:
        """A latent as a picture of the working size. Raises EngineError."""
        return self._unpadded(self.model.decode(_sound(latent)))

    def sketch(self, latent: Tensor) -> Rgb:
        """A latent as a preview, which may be smaller. Raises EngineError."""
        return self._unpadded(self.model.sketch(_sound(latent)))

    @property
    def padded_shape(self) -> tuple[int, int]:
        """Rows and columns in pixels of what is encoded."""
        height, width = (length + -length % self.model.multiple for length in self.size[::-1])
        return height, width

    def padded(self, picture: NDArray[Any]) -> NDArray[Any]:
        """A picture or mask (h, w, ...) with its lower and right edge mirrored outwards to multiples."""
        ends = [(0, -length % self.model.multiple) for length in picture.shape[:2]]
        return np.pad(picture, ends + [(0, 0)] * (picture.ndim - 2), mode="symmetric")

    def _unpadded(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The part of a decoded picture, or of its smaller sketch, that is no padding."""
        rows, columns = (
            round(there * length / (length + -length % self.model.multiple))
            for there, length in zip(picture.shape, self.size[::-1], strict=False)
        )
        return np.ascontiguousarray(picture[:rows, :columns])


def _sound(latent: Tensor) -> Tensor:
    if not latent.isfinite().all():
        raise EngineError("The model gives no numbers; its file is damaged, get a fresh copy of it.")
    return latent
