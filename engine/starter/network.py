"""The starter network: a diffusion model of pixels, on patches rotated into their principal components.

A picture x in -1..1 becomes tokens z = V^T (patches(x) - mean): 4 x 4 pixels x 3 colours are 48 components.
V is orthonormal, so white noise stays white and the map is exactly invertible. The network is preconditioned
as in EDM (Karras et al., 2022, section 5) but for each component k on its own, with its variance v_k:

    D_k(y, s) = v_k / (v_k + s^2) y_k  +  s sqrt(v_k / (v_k + s^2)) F_k,   F's input is y_k / sqrt(v_k + s^2)

so that a network that says nothing (F = 0) is the Wiener filter of each component. F is told the level of
noise, words for what the picture shows, and where in the whole view each token stands: so it also knows how
much of the view a pixel covers, and draws whole views and close crops.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import torch
import torch.nn.functional as functional
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

PATCH = 4  # pixels
COMPONENTS = 3 * PATCH * PATCH
NATIVE = 256  # pixels: a whole view of 256 x 256 has scale 1
LARGEST_SCALE = 4  # of the training pictures: crops of a view of 1024 x 1024
MULTIPLE = PATCH * 8  # pixels: of width and height, for the network halves its tokens three times
WORDS = 40  # room for so many words; engine.starter.words says which they are
LEAST_VARIANCE = 1e-5
GROUP = 16  # channels that are normalised together
FREQUENCIES = 32  # of the level's embedding
HEAD = 64  # channels of an attention head


class Patches(NamedTuple):
    """The change of basis between pixels and tokens."""

    mean: Tensor  # (48,)
    rotation: Tensor  # (48, 48), orthonormal; columns are components, the strongest first
    variance: Tensor  # (48,), of each component over the training pictures

    @classmethod
    def fit(cls, pictures: Sequence[Tensor]) -> Patches:
        """Principal components of the patches of `pictures`, each (n, 3, h, w) in -1..1, of any shapes."""
        cut = [functional.pixel_unshuffle(each, PATCH).permute(0, 2, 3, 1) for each in pictures]
        rows = torch.cat([each.reshape(-1, COMPONENTS) for each in cut]).double()
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


class Block(nn.Module):
    """Residual, told the level and the words by a scale and a shift."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(width // GROUP, width), nn.GroupNorm(width // GROUP, width)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.told = nn.Linear(embedding, 2 * width)
        _zero(self.told, self.conv2)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        h = self.norm2(self.conv1(functional.silu(self.norm1(x)))) * (1 + scale) + shift
        out: Tensor = x + self.conv2(functional.silu(h))
        return out


class Attention(nn.Module):
    """Of every token to every other, where they are few."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(width // GROUP, width)
        self.qkv = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.out = nn.Conv2d(width, width, 1)
        _zero(self.out)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        n, c, h, w = x.shape
        qkv = self.qkv(self.norm(x)).permute(0, 2, 3, 1).reshape(n, h * w, 3, c // HEAD, HEAD)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = functional.normalize(q, dim=-1) * HEAD**0.5, functional.normalize(k, dim=-1) * 2
        mixed = functional.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v)
        flat = mixed.permute(0, 2, 1, 3).reshape(n, h, w, c).permute(0, 3, 1, 2)
        out: Tensor = x + self.out(flat)
        return out


class StarterUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """F above: most weights and most work where tokens are few, one skip connection a width.

    An ordinary diffusers model: `from_pretrained` and `save_pretrained` read and write its folder. It is
    faster than UNet2DModel, which spends half of its time on the finest tokens, and learns as much from a
    picture.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        in_channels: int = COMPONENTS + 4,
        out_channels: int = COMPONENTS,
        vocabulary: int = WORDS,
        widths: Sequence[int] = (64, 144, 256, 320),
        blocks_down: Sequence[int] = (1, 2, 3, 2),  # blocks at each width on the way down
        blocks_up: Sequence[int] = (1, 2, 2),  # and up
        embedding: int = 256,
    ) -> None:
        super().__init__()
        self.level = nn.Sequential(nn.Linear(2 * FREQUENCIES, embedding), nn.SiLU())
        self.words = nn.Linear(vocabulary, embedding, bias=False)
        self.told = nn.Linear(embedding, embedding)
        self.first = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.ModuleList(Block(width, embedding) for _ in range(count))
            for width, count in zip(widths, blocks_down, strict=True)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.attention = Attention(widths[-1])
        self.grow = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairwise(widths))
        self.join = nn.ModuleList(nn.Conv2d(2 * width, width, 1) for width in widths[:-1])
        self.up = nn.ModuleList(
            nn.ModuleList(Block(width, embedding) for _ in range(count))
            for width, count in zip(widths[:-1], blocks_up, strict=True)
        )
        self.norm = nn.GroupNorm(widths[0] // GROUP, widths[0])
        self.last = nn.Conv2d(widths[0], out_channels, 3, padding=1)
        nn.init.normal_(self.words.weight, std=0.1)  # from zero they would learn next to nothing
        _zero(self.last)

    def forward(self, x: Tensor, sigma: Tensor, words: Tensor) -> Tensor:
        """`x` (n, 52, h, w), sigma (n,), words (n, 40) of 0 and 1; returns (n, 48, h, w)."""
        x = x.to(memory_format=torch.channels_last)
        told = self.words(words.to(x.dtype)) + self.level(_waves(sigma.log() / 4).to(x.dtype))
        told = functional.silu(self.told(told))
        h, skips = self.first(x), []
        for i, blocks in enumerate(self.down):
            for block in cast("nn.ModuleList", blocks):
                h = block(h, told)
            if i < len(self.shrink):
                skips.append(h)
                h = self.shrink[i](h)
        h = self.attention(h, told)
        for i in reversed(range(len(self.up))):
            h = functional.pixel_shuffle(self.grow[i](h), 2)
            h = self.join[i](torch.cat([h, skips[i]], 1).contiguous(memory_format=torch.channels_last))
            for block in cast("nn.ModuleList", self.up[i]):
                h = block(h, told)
        out: Tensor = self.last(functional.silu(self.norm(h)))
        return out


class StarterNetwork(nn.Module):
    """Tokens y = z + sigma noise to the estimate of z."""

    def __init__(self, unet: StarterUNet, patches: Patches) -> None:
        super().__init__()
        self.unet = unet
        self.patches = patches

    @classmethod
    def load(cls, folder: Path) -> StarterNetwork:
        """From a folder as `save` writes it."""
        unet = StarterUNet.from_pretrained(
            folder, subfolder="unet", local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
        )
        tensors = load_file(folder / "patches.safetensors")
        return cls(unet, Patches(**{name: tensors[name].float() for name in Patches._fields}))

    def save(self, folder: Path) -> None:
        """Half-precision weights; the rotation in full."""
        folder.mkdir(parents=True, exist_ok=True)
        half = StarterUNet.from_config(self.unet.config)
        half.load_state_dict(self.unet.state_dict())
        half.half().save_pretrained(folder / "unet")
        save_file(
            {k: each.contiguous() for k, each in self.patches._asdict().items()},
            folder / "patches.safetensors",
        )
        index = {"_class_name": "StarterPipeline", "unet": ["engine.starter.network", "StarterUNet"]}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")

    def forward(
        self, y: Tensor, sigma: Tensor, windows: Tensor, words: Tensor, guidance: float = 1.0
    ) -> Tensor:
        """`y` (n, 48, h, w), `sigma` (n,), `windows` (n, 4) as in `position`, `words` (n, 40); all float32.

        `guidance` leads away from the Wiener filter (W + guidance (D - W)): a network guided by a bad version
        of itself (Karras et al., 2024), where the bad one costs nothing. Returns (n, 48, h, w), float32.
        """
        skip, out, scale = Preconditioning.at(self.patches.variance, sigma)
        inside = torch.cat([scale * y, position(windows, *y.shape[2:])], 1).to(self.unet.dtype)
        f = self.unet(inside, sigma, words)
        estimate: Tensor = skip * y + guidance * out * f.float()
        return estimate


def position(windows: Tensor, h: int, w: int) -> Tensor:
    """Where h x w tokens stand: (n, 4, h, w).

    `windows` (n, 4) is what the picture shows of the whole view: left, top, right, bottom, 0..1. The
    channels: -1 at the top of the view to 1 at its bottom; -1 in its middle to 1 at both sides; log2 of the
    scale, which is 1 for a whole view of 256 x 256 pixels and 4 for a crop of one of 1024 x 1024; ln of the
    view's aspect.
    """
    left, top, right, bottom = windows[:, :, None, None].unbind(1)
    down = top + (bottom - top) * ((torch.arange(h, device=windows.device) + 0.5) / h)[None, :, None]
    across = left + (right - left) * ((torch.arange(w, device=windows.device) + 0.5) / w)[None, None, :]
    wide, high = w * PATCH / (right - left), h * PATCH / (bottom - top)  # pixels, of the whole view
    scale = 0.5 * (wide * high / NATIVE**2).log2()
    each = (2 * down - 1, 2 * (2 * across - 1).abs() - 1, scale, (wide / high).log())
    return torch.stack([channel.expand(len(windows), h, w) for channel in each], 1)


def _waves(level: Tensor) -> Tensor:
    """(n,), about -1..2, to (n, 64)."""
    angles = level[:, None] * torch.linspace(0.25, 6, FREQUENCIES, device=level.device)
    return torch.cat([angles.cos(), angles.sin()], 1)


def _zero(*layers: nn.Linear | nn.Conv2d) -> None:
    """Untrained, a branch adds nothing: the whole network is the Wiener filter."""
    for layer in layers:
        nn.init.zeros_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
