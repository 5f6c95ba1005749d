"""Named designs: one word that stands for several parameters of a bench, ``design=fast``.

A class of parameters has a parameter ``design`` and says in ``DESIGNS`` what each of its words gives; a parameter that is given
beside it keeps its own value::

    class RowParameters(Designed, BenchParameters):
        DESIGNS: ClassVar = {"slow": {}, "fast": {"i_bias": 2e-6}}
        design: Literal["slow", "fast"] = option("slow", "named design: a set of the parameters below")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from spicekit.parameters import Group


class Designed(Group):
    """Parameters of which some have other defaults in a named design."""

    DESIGNS: ClassVar[Mapping[str, Mapping[str, Any]]]  # word -> parameter -> value; those a class does not have are left out

    @model_validator(mode="before")
    @classmethod
    def _designed(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        word = given.get("design", cls.model_fields["design"].default)
        own = cls.DESIGNS.get(word, {}) if isinstance(word, str) else {}  # an unknown word is the field's to refuse
        return {name: value for name, value in own.items() if name in cls.model_fields} | dict(given)
