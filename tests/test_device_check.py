"""Devices that lie, and what is done then; the processor of this machine does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine import doctor, remembered
from engine.device_check import Compute, checked, computed, is_fast, judged
from engine.models import fast_dtype, native_dtype
from tests.pretend_device import NAME, pretended
from tests.test_filing import full_disk

HALF, FULL = torch.float16, torch.float32


def lying(what: str, *dtypes: torch.dtype) -> Compute:
    """A device that gives something else in these precisions."""

    def compute(device: str, dtype: torch.dtype) -> Tensor:
        right = computed("cpu", FULL)
        if dtype not in dtypes:
            return right
        if what == "nothing":
            raise RuntimeError("no kernel for this\nat some place")
        draw = torch.Generator().manual_seed(1)
        lies = {
            "black": torch.zeros_like(right),
            "no numbers": torch.full_like(right, torch.nan),
            "noise": torch.randn(right.shape, generator=draw),
        }
        return lies[what]

    return compute


@pytest.mark.parametrize("what", ["black", "no numbers", "noise"])
def test_a_device_that_lies_in_half_precision_computes_in_full(what: str) -> None:
    verdict = judged("cuda", HALF, lying(what, HALF))
    assert verdict == ("cuda", FULL, f"cuda gives {what} in float16")


def test_a_device_that_always_lies_is_left_for_the_processor() -> None:
    verdict = judged("mps", HALF, lying("noise", HALF, FULL))
    assert verdict == ("cpu", FULL, "mps gives noise in float16")


def test_a_device_that_cannot_compute_so_says_why() -> None:
    assert judged("cuda", HALF, lying("nothing", HALF)).why == "cuda gives no kernel for this in float16"


def test_a_device_that_tells_the_truth_is_believed() -> None:
    assert judged("cuda", HALF, lying("noise")) == ("cuda", HALF, "")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_this_processor_computes_right_and_it_is_remembered(dtype: torch.dtype) -> None:
    checked.cache_clear()
    assert checked("cpu", dtype) == ("cpu", dtype, "")
    assert remembered.place().is_file()
    checked.cache_clear()
    assert checked("cpu", dtype) == ("cpu", dtype, "")


def test_doctor_says_what_the_check_finds_of_every_device() -> None:
    with pretended():
        cpu, device = doctor.report("9.9").split("Devices\n")[1].splitlines()[1:3]
    precision = str(native_dtype("cpu")).removeprefix("torch.")
    assert cpu.startswith("  cpu (")
    assert cpu.endswith(f"): computes right in {precision}")
    assert device == f"  {NAME} (Pretended 1000): computes right in float32"
    with pretended(1000):
        device = doctor.report("9.9").split("Devices\n")[1].splitlines()[2]
    assert device.startswith(f"  {NAME} (Pretended 1000): COMPUTES WRONG; {NAME} gives CUDA out of memory")


def test_a_precision_is_fast_here_or_it_is_not_taken() -> None:
    assert fast_dtype("cpu") == (torch.bfloat16 if is_fast(torch.bfloat16) else torch.float32)


def test_what_cannot_be_kept_leaves_what_was_known() -> None:
    remembered.remember_device("one", {"right": True})
    with full_disk(10):
        remembered.remember_device("other", {"right": True})
    assert remembered.device("one") == {"right": True}
    assert list(remembered.place().parent.iterdir()) == [remembered.place()]
