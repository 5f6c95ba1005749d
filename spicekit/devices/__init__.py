"""Devices: a card says what one is; placed at a temperature it gives its macromodel, that one's numbers and what of it varies.

>>> from spicekit.devices import load_device
>>> placed = load_device("rram-hfo2").at(300.0)                     # doctest: +SKIP
>>> placed.model, placed.numbers.r_lrs, placed.points("c0")         # doctest: +SKIP
"""

from spicekit.devices.device import Device, DeviceCard, Numbers, Placed
from spicekit.devices.kinds import device_kind, device_kinds, list_devices, load_device

__all__ = ["Device", "DeviceCard", "Numbers", "Placed", "device_kind", "device_kinds", "list_devices", "load_device"]
