"""The measures of quality against closed forms, and what they are fed with."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.starter.palette import MATERIALS, Material
from engine.types import Rgb
from tests.quality import features, paintings
from tests.quality.measures import (
    finest_detail,
    frechet_distance,
    kernel_distance,
    nearest,
    sampling_floor,
)
from tests.quality.sheets import sheet


def normal(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return mean + deviation * torch.randn(n, d, generator=g, dtype=torch.float64)


def picture(seed: int, size: int = 256) -> Rgb:
    """Large soft blots."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC))


def repeated(d: int, mean: float, deviation: float) -> tuple[float, float]:
    """The mean kernel distance of 400 pairs of sets, one of them moved and stretched, and its error."""
    values = [
        kernel_distance(normal(50, d, 2 * i), normal(60, d, 2 * i + 1, mean, deviation)) for i in range(400)
    ]
    return float(np.mean(values)), float(np.std(values)) / 20


def test_the_kernel_distance_of_equal_origin_is_nothing_on_average() -> None:
    mean, error = repeated(4, 0, 1)
    assert abs(mean) < 3 * error
    assert error < 0.02  # the biased estimate is 0.2 too large


def test_the_kernel_distance_of_gaussians_is_the_closed_form() -> None:
    """For (x y + 1)^3, where moments differ by m1, m2, m3, it is 3 m1^2 + 3 m2^2 + m3^2."""
    mean, error = repeated(1, 0.5, 0.5)
    assert mean == pytest.approx(3 * 0.5**2 + 3 * 0.5**2 + 0.5**2, abs=3 * error)
    assert error < 0.08


def test_the_kernel_distance_is_a_mean_over_features() -> None:
    """For d features of deviations 1 and s it is 3 (1 - s^2)^2 / d."""
    mean, error = repeated(16, 0, 1.5)
    assert mean == pytest.approx(3 * (1 - 1.5**2) ** 2 / 16, abs=3 * error)
    assert error < 0.02


def with_moments(x: Tensor, mean: Tensor, root: Tensor) -> Tensor:
    """The same points moved so that their mean and the root of their covariance are exactly these."""
    x = x - x.mean(0)
    out: Tensor = x @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T @ root.T + mean
    return out


def test_the_frechet_distance_is_the_closed_form() -> None:
    mean, deviations = torch.tensor([1.0, -2, 0.5]).double(), torch.tensor([0.5, 1, 3]).double()
    a = with_moments(normal(50, 3, 5), torch.zeros(3).double(), torch.eye(3).double())
    b = with_moments(normal(70, 3, 6), mean, deviations.diag())
    assert frechet_distance(a, b) == pytest.approx(
        float(mean.square().sum() + (deviations - 1).square().sum())
    )
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_the_sampling_floor_has_no_side() -> None:
    floor = sampling_floor(normal(80, 4, 7), 40, 40, kernel_distance)
    assert abs(floor.mean) < 0.3 * floor.rms


def test_a_planted_copy_is_the_nearest() -> None:
    training, samples = normal(50, 8, 8), normal(5, 8, 9)
    training[31] = samples[2]
    found = nearest(samples, training)
    assert found.which[2] == 31
    assert found.distance[2] == found.lead[2] == 0
    others = torch.tensor([0, 1, 3, 4])
    assert found.distance[others].min() > 0.1
    assert found.lead[others].min() > 0.5


def test_blocks_of_two_have_no_finest_detail() -> None:
    blocks = torch.rand(2, 3, 8, 8).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert finest_detail(blocks) == pytest.approx(0, abs=1e-12)
    assert finest_detail(torch.rand(2, 3, 16, 16)) > 0.01


@pytest.mark.parametrize("size", [256, 512])
def test_simulated_strokes_have_six_colours(size: int) -> None:
    strokes = paintings.simulated(picture(1), size)
    assert strokes.shape == (size, size, 3)
    assert len(np.unique(strokes.reshape(-1, 3), axis=0)) == paintings.COLOURS


def test_larger_strokes_are_the_same_strokes() -> None:
    small, large = paintings.simulated(picture(2)), paintings.simulated(picture(2), 512)
    assert (small == large[::2, ::2]).all(2).mean() > 0.97


def test_rough_shapes_are_the_same_at_any_size_and_another_for_each_number() -> None:
    small, large = paintings.rough(3, 128), paintings.rough(3, 256)
    halved = large.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(halved - small).mean() < 1
    assert all(np.abs(small - paintings.rough(number, 128).astype(float)).mean() > 5 for number in (0, 1, 8))


def test_the_feature_network_is_small_and_its_features_are_even() -> None:
    assert features.PATH.stat().st_size <= 2**20
    seen = features.features_of(features.load(), [picture(i) for i in range(3)])
    assert seen.shape == (3, features.FEATURES)
    assert seen.isfinite().all()


def test_components_have_mean_0_and_deviation_1_over_what_they_were_found_on() -> None:
    pictures = torch.from_numpy(np.stack([picture(i, features.SIZE) for i in range(80)])).permute(0, 3, 1, 2)
    torch.manual_seed(0)
    network = features.FeatureNetwork().eval()
    network.fit(pictures)
    seen = network(pictures.float() / 255).double()
    assert torch.allclose(seen.mean(0), torch.zeros(features.FEATURES).double(), atol=1e-2)
    assert torch.allclose(torch.cov(seen.T), torch.eye(features.FEATURES).double(), atol=2e-2)


def test_a_sheet_shows_pictures_in_rows_under_titles() -> None:
    rows = [[picture(1, 64), picture(2, 64)], [picture(3, 64), picture(4, 64)]]
    image = np.asarray(sheet(rows, ("a", "b"), 64))
    assert (image[22:86, 76:140] == rows[0][1]).all()
    assert (image[92:156, 6:70] == rows[1][0]).all()


def test_a_material_is_the_median_of_its_pixels_and_of_thirds_by_lightness() -> None:
    greys = torch.tensor([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    found = Material.of("grey", torch.stack([greys[torch.tensor([3, 0, 5, 1, 4, 2])]] * 3, 1))
    assert found == Material("grey", "#666666", ("#cccccc", "#666666", "#000000"))


def test_the_palette_has_every_material_from_light_to_dark() -> None:
    table = json.loads(paintings.PALETTE.read_text(encoding="utf-8"))
    assert [each["name"] for each in table] == list(MATERIALS)
    for each in table:
        lightness = [sum(int(shade[i : i + 2], 16) for i in (1, 3, 5)) for shade in each["shades"]]
        assert lightness == sorted(lightness, reverse=True), each["name"]
