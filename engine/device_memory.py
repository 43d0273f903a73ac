"""How much memory a device still gives, and how much this process has of it: the processor's or a graphics
processor's own.
"""

from __future__ import annotations

import torch

from engine import allocation, free_memory
from engine.economy import SHARED


def free_bytes(device: str) -> int:
    """What torch has taken for itself and does not use counts as free."""
    if device == "cpu":
        return free_memory.free_bytes()
    if device == "mps":  # the processor's, of which Apple recommends to take so much
        return max(0, torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    free, _ = _memory(device)
    return free + torch.accelerator.memory_reserved() - torch.accelerator.memory_allocated()


def held_bytes(device: str) -> int:
    if device == "cpu":
        return free_memory.held_bytes()
    if device == "mps":
        return torch.mps.driver_allocated_memory()
    return torch.accelerator.memory_allocated()


def forget_peak(device: str) -> None:
    """What was held until now does not count."""
    if device not in SHARED:
        torch.accelerator.reset_peak_memory_stats()


def peak_bytes(device: str) -> int:
    """The most that was held; of devices that do not keep count of it what is held now."""
    return held_bytes(device) if device in SHARED else torch.accelerator.max_memory_allocated()


def bound(device: str) -> None:
    """From now on what does not fit is an error. Left alone, Apple's devices begin to swap, and drivers on
    Windows take the processor's memory: both are many times slower than going on with less.
    """
    if device == "mps":
        torch.mps.set_per_process_memory_fraction(1.0)  # of what Apple recommends
    elif device != "cpu":
        free, total = _memory(device)
        share = min(1.0, (free + torch.accelerator.memory_reserved()) / total)
        torch.get_device_module(device).set_per_process_memory_fraction(share)


def release() -> None:
    """Give back what nobody uses: of this process, and of its device."""
    allocation.give_back()
    device = torch.accelerator.current_accelerator(check_available=True)
    if device is not None:
        torch.get_device_module(device).empty_cache()  # torch.accelerator's raises on Apple's devices


def _memory(device: str) -> tuple[int, int]:
    """Free bytes, and all of them. Intel's integrated devices do not tell what is free, for theirs is the
    processor's memory.
    """
    try:
        return torch.accelerator.get_memory_info()
    except RuntimeError:
        total: int = torch.get_device_module(device).get_device_properties().total_memory
        return min(free_memory.free_bytes(), total - torch.accelerator.memory_reserved()), total
