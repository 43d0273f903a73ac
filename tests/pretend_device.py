"""A graphics processor that is not there: tensors that say they are on it, whose numbers are the processor's.

It refuses what a real one refuses: to mix tensors of two devices, and to hold more than it has. So it can be
tried here what an engine does with a device that is smaller than its model.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

BETWEEN = {"_to_copy", "copy_", "_pin_memory", "set_data"}  # what may see two devices at once
NAME = "pretended"


class There(Tensor):
    """A tensor on the device."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor, device: Device | None = None, requires_grad: bool = False) -> Any:
        if device is None:  # accelerate makes a parameter of the class that another has
            return nn.Parameter(here, requires_grad)
        made: There = torch.Tensor._make_wrapper_subclass(
            cls,
            here.size(),
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=torch.device(NAME, 0),
        )
        made.here = here
        device.hold(made)
        return made

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # the stubs lack `cls` and `func`
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        raise RuntimeError(f"{func} was called beside the device")


class Device(TorchDispatchMode):  # type: ignore[no-untyped-call]  # as are torch's own modes
    """While it is entered, it is there, and has so many bytes. One that spills goes on in the processor's
    memory, as some drivers do, unless a process is told how much it may take.
    """

    def __init__(self, size: int, spills: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.size, self.spills = size, spills
        self.held, self.most = 0, 0  # bytes, now and at the most
        self.peak = 0  # since torch was told to forget it
        self.reserved = 0  # what torch keeps, of what it had at the most
        self.crossed = 0  # times that numbers went there or back, for which a real one waits
        self._tensors: Counter[int] = Counter()  # by where their numbers are

    def hold(self, made: There) -> None:
        """Tensors that show the same numbers take their room once."""
        storage = made.here.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if not self._tensors[place]:
            if self.held + size > self.size and not self.spills:
                del self._tensors[place]
                raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {size} bytes.")
            self.held += size
            self.most, self.peak = max(self.most, self.held), max(self.peak, self.held)
            self.reserved = max(self.reserved, self.held)
        self._tensors[place] += 1
        weakref.finalize(made, self._let_go, place, size)

    def forget_peak(self) -> None:
        self.peak = self.held

    def _let_go(self, place: int, size: int) -> None:
        self._tensors[place] -= 1
        if not self._tensors[place]:
            del self._tensors[place]
            self.held -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):
            with self:  # in inference mode it comes whole
                return func.decompose(*args, **kwargs)
        name = func._schema.name.removeprefix("aten::")
        tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        is_there = any(isinstance(each, There) for each in tensors)
        asked = kwargs.get("device")
        goes = is_there if asked is None else torch.device(asked).type == NAME
        if not is_there and not goes:
            return func(*args, **kwargs)
        self.crossed += name == "_local_scalar_dense" or (name == "_to_copy" and is_there != goes)
        if name == "_fused_sdp_choice":
            return 0  # plain products
        strangers = [each for each in tensors if not isinstance(each, There) and each.ndim]
        if is_there and strangers and name not in BETWEEN:
            raise RuntimeError(f"Expected all tensors to be on the same device, but {name} found two.")
        if name == "detach":
            return There(args[0].here.detach(), self)
        if asked is not None:
            kwargs = {**kwargs, "device": asked if torch.device(asked).type == "meta" else "cpu"}
        found = func(*tree_map(_here, args), **tree_map(_here, kwargs))
        if name == "_to_copy" and any(found is each.here for each in tensors if isinstance(each, There)):
            found = found.clone()
        if name == "copy_" and not isinstance(args[0], There):
            return args[0]
        if not goes:
            return found
        # a view of a tensor that may learn may learn, too
        infers = torch.is_inference_mode_enabled() and not (func.is_view and not tensors[0].is_inference())
        with torch.inference_mode(infers):
            out = tree_map(lambda each: There(each, self) if isinstance(each, Tensor) else each, found)
        if not is_there:
            return out
        return return_and_correct_aliasing(func, args, kwargs, out)  # type: ignore[no-untyped-call]  # torch's


def _here(each: Any) -> Any:
    return each.here if isinstance(each, There) else each


class _Module:
    """What torch asks a device's module."""

    entered: Device | None = None

    @classmethod
    def is_available(cls) -> bool:
        return cls.entered is not None

    @staticmethod
    def is_initialized() -> bool:
        return True

    @staticmethod
    def current_device() -> int:
        return 0

    @staticmethod
    def device_count() -> int:
        return 1

    @staticmethod
    def get_device_name() -> str:
        return "Pretended 1000"

    @classmethod
    def get_device_properties(cls) -> SimpleNamespace:
        return SimpleNamespace(total_memory=0 if cls.entered is None else cls.entered.size)

    @staticmethod
    def get_amp_supported_dtype() -> list[torch.dtype]:
        return [torch.bfloat16]

    @classmethod
    def set_per_process_memory_fraction(cls, share: float) -> None:
        if cls.entered is not None:
            cls.entered.spills = share > 1

    @classmethod
    def empty_cache(cls) -> None:
        if cls.entered is not None:
            cls.entered.reserved = cls.entered.held

    @staticmethod
    def _is_in_bad_fork() -> bool:
        return False

    @staticmethod
    def manual_seed_all(seed: int) -> None:
        pass  # what is drawn is drawn by the processor


class _Hooks(torch._C._acc.PrivateUse1Hooks):
    def is_available(self) -> bool:
        return _Module.is_available()

    def has_primary_context(self, index: int) -> bool:
        return True

    def is_built(self) -> bool:
        return True


@cache
def _registered() -> None:
    _setup_privateuseone_for_python_backend(NAME, _Module, _Hooks())


@contextmanager
def pretended(size: int = 2**40, spills: bool = False) -> Iterator[Device]:
    """Entered, there is a device of so many bytes, and torch says so."""
    _registered()
    device = Device(size, spills)
    # torch counts the devices that learn, to have a thread for each, when something learns first
    one_thread = torch.autograd.set_multithreading_enabled(False)
    with pytest.MonkeyPatch.context() as patch, one_thread, device:
        patch.setattr(_Module, "entered", device)
        patch.setattr(
            torch.accelerator, "get_memory_info", lambda: (device.size - device.reserved, device.size)
        )
        patch.setattr(torch.accelerator, "memory_allocated", lambda: device.held)
        patch.setattr(torch.accelerator, "max_memory_allocated", lambda: device.peak)
        patch.setattr(torch.accelerator, "reset_peak_memory_stats", device.forget_peak)
        patch.setattr(torch.accelerator, "memory_reserved", lambda: device.reserved)
        torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(..., device) asks us, too
        try:
            yield device
        finally:
            torch._C._set_only_lift_cpu_tensors(False)
