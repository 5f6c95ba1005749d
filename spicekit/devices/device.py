"""What a device is to a bench, whatever its physics: a card, and that card placed at a temperature.

A bench asks a placed device for three things and knows nothing else of it: the template of its macromodel, the numbers that this
template reads, and the variation points, whose nodes it reads besides.  So a kind of device is one class of card with its record
of numbers, one template and one registration (:mod:`spicekit.devices.kinds`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import Field as DataclassField
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import Field

from spicekit.physics.quantities import Section
from spicekit.point import VariationPoint


class Numbers(Protocol):
    """A frozen data class: a field a number, its unit and meaning beside it."""

    __dataclass_fields__: ClassVar[dict[str, DataclassField[Any]]]


@runtime_checkable
class Placed(Protocol):
    """A device at a temperature."""

    @property
    def model(self) -> str:
        """Template of the macromodel: below ``models/``, or beside the file that defines the placed device."""

    @property
    def numbers(self) -> Numbers:
        """What the template reads."""

    def points(self, tag: str) -> tuple[VariationPoint, ...]:
        """The variation points of the device that the netlist calls ``tag``: nodes ``KIND_TAG`` that its macromodel reads."""


class Device(Protocol):
    """What can be placed at a temperature."""

    def at(self, kelvin: float | None = None) -> Placed:
        """The device at ``kelvin``, or at its own temperature.  Raises :class:`UserError` for one that it does not allow."""


class DeviceCard(Section):
    """A device as one TOML file, every figure with its unit and source.  A kind of device is a subclass; it says its ``kind``."""

    kind: str
    name: str = Field(min_length=1)
    title: str
    reference: str

    @abstractmethod
    def at(self, kelvin: float | None = None) -> Placed:
        """See :meth:`Device.at`."""
