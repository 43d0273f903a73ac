"""How much memory a device still gives, and how much this process has of it: the processor's or a graphics
processor's own.
"""

from __future__ import annotations

import torch

from engine import allocation, free_memory


def free_bytes(device: str) -> int:
    """What torch has taken for itself and does not use counts as free."""
    if device == "cpu":
        return free_memory.free_bytes()
    if device == "mps":  # the processor's, of which Apple recommends to take so much
        return max(0, torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    free, _ = torch.accelerator.get_memory_info()
    return free + torch.accelerator.memory_reserved() - torch.accelerator.memory_allocated()


def held_bytes(device: str) -> int:
    if device == "cpu":
        return free_memory.held_bytes()
    if device == "mps":
        return torch.mps.driver_allocated_memory()
    return torch.accelerator.memory_reserved()


def release() -> None:
    """Give back what nobody uses: of this process, and of its device."""
    allocation.give_back()
    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()
