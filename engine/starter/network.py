"""The starter network: a diffusion model of pixels, on patches rotated into their principal components.

A picture x in -1..1 becomes tokens z = V^T (patches(x) - mean): 4 x 4 pixels x 3 colours are 48 components.
V is orthonormal, so white noise stays white and the map is exactly invertible. The network is preconditioned
as in EDM (Karras et al., 2022, section 5) but for each component k on its own, with its variance v_k:

    D_k(y, s) = v_k / (v_k + s^2) y_k  +  s sqrt(v_k / (v_k + s^2)) F_k,   F's input is y_k / sqrt(v_k + s^2)

so that a network that says nothing (F = 0) is the Wiener filter of each component.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as functional
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

PATCH = 4  # pixels
COMPONENTS = 3 * PATCH * PATCH
MULTIPLE = (
    PATCH * 8
)  # pixels: width and height must be multiples of this, for the network halves them three times
LEAST_VARIANCE = 1e-5

# Most of the weights and of the work stand where the tokens are few; attention only in the middle, at 8 x 8.
ARCHITECTURE = {
    "sample_size": 64,
    "in_channels": COMPONENTS
    + 2,  # two more say where the token stands: from top to bottom, from middle to sides
    "out_channels": COMPONENTS,
    "block_out_channels": (64, 128, 224, 256),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D",) * 4,
    "up_block_types": ("UpBlock2D",) * 4,
    "norm_num_groups": 16,
    "resnet_time_scale_shift": "scale_shift",
    "attention_head_dim": 64,
}


class Patches(NamedTuple):
    """The change of basis between pixels and tokens."""

    mean: Tensor  # (48,)
    rotation: Tensor  # (48, 48), orthonormal; columns are components, the strongest first
    variance: Tensor  # (48,), of each component over the training pictures

    @classmethod
    def fit(cls, pictures: Tensor) -> Patches:
        """Principal components of the patches of `pictures` (n, 3, h, w) in -1..1."""
        rows = (
            functional.pixel_unshuffle(pictures, PATCH).permute(0, 2, 3, 1).reshape(-1, COMPONENTS).double()
        )
        mean = rows.mean(0)
        values, vectors = torch.linalg.eigh(torch.cov((rows - mean).T))
        return cls(mean.float(), vectors.flip(1).float(), values.flip(0).clamp(min=LEAST_VARIANCE).float())

    def to(self, device: torch.device | str) -> Patches:
        return Patches(*(each.to(device) for each in self))

    def encode(self, x: Tensor) -> Tensor:
        """Pixels (n, 3, h, w) to tokens (n, 48, h / 4, w / 4)."""
        flat = functional.pixel_unshuffle(x, PATCH) - self.mean[:, None, None]
        return functional.conv2d(flat, self.rotation.T[:, :, None, None])

    def decode(self, z: Tensor) -> Tensor:
        """Tokens to pixels, exactly."""
        flat = functional.conv2d(z, self.rotation[:, :, None, None]) + self.mean[:, None, None]
        return functional.pixel_shuffle(flat, PATCH)


class Preconditioning(NamedTuple):
    skip: Tensor  # (n, 48, 1, 1)
    out: Tensor
    scale: Tensor  # of the network's input

    @classmethod
    def at(cls, variance: Tensor, sigma: Tensor) -> Preconditioning:
        """For noise of deviation sigma (n,) on components of `variance` (48,)."""
        v, s2 = variance[None, :, None, None], sigma[:, None, None, None] ** 2
        return cls(v / (v + s2), (s2 * v / (v + s2)).sqrt(), (v + s2).rsqrt())


class StarterNetwork(nn.Module):
    """Tokens y = z + sigma noise to the estimate of z."""

    def __init__(self, unet: UNet2DModel, patches: Patches) -> None:
        super().__init__()
        self.unet = unet
        self.patches = patches

    @classmethod
    def fresh(cls, patches: Patches) -> StarterNetwork:
        """An untrained network, which is the Wiener filter: every branch ends in zeros."""
        unet = UNet2DModel(**ARCHITECTURE)
        ends = [module.conv2 for module in unet.modules() if hasattr(module, "conv2")]
        ends += [module.to_out[0] for module in unet.modules() if hasattr(module, "to_out")]
        for end in (*ends, unet.conv_out):
            nn.init.zeros_(end.weight)
            nn.init.zeros_(end.bias)
        return cls(unet, patches)

    @classmethod
    def load(cls, folder: Path) -> StarterNetwork:
        """From a folder as `save` writes it; the network is an ordinary diffusers model in `unet/`."""
        unet = UNet2DModel.from_pretrained(
            folder, subfolder="unet", local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
        )
        tensors = load_file(folder / "patches.safetensors")
        return cls(unet, Patches(**{name: tensors[name].float() for name in Patches._fields}))

    def save(self, folder: Path) -> None:
        """Half-precision weights; the rotation in full."""
        folder.mkdir(parents=True, exist_ok=True)
        half = UNet2DModel.from_config(self.unet.config)
        half.load_state_dict(self.unet.state_dict())
        half.half().save_pretrained(folder / "unet")
        save_file(
            {k: each.contiguous() for k, each in self.patches._asdict().items()},
            folder / "patches.safetensors",
        )
        index = {"_class_name": "StarterPipeline", "unet": ["diffusers", "UNet2DModel"]}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")

    def forward(self, y: Tensor, sigma: Tensor) -> Tensor:
        """`y` (n, 48, h, w), `sigma` (n,), both float32; returns the same shape, float32."""
        skip, out, scale = Preconditioning.at(self.patches.variance, sigma)
        inside = torch.cat([scale * y, position(y)], 1).to(self.unet.dtype, memory_format=torch.channels_last)
        (f,) = self.unet(inside, 10 * sigma.log(), return_dict=False)
        estimate: Tensor = skip * y + out * f.float()
        return estimate


def position(y: Tensor) -> Tensor:
    """(n, 2, h, w): -1 at the top to 1 at the bottom, -1 in the middle to 1 at both sides."""
    n, _, h, w = y.shape
    down = torch.linspace(-1, 1, h, device=y.device)[:, None].expand(h, w)
    aside = torch.linspace(-1, 1, w, device=y.device).abs().mul(2).sub(1)[None].expand(h, w)
    return torch.stack([down, aside]).expand(n, 2, h, w)
