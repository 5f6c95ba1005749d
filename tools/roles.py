"""For `make docs`: the docstrings' Sphinx roles, :class:`X`, as mkdocs would have them."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Roles(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = re.sub(r":(?:class|func|meth|mod|data|attr|exc):`~?([^`]+)`", r"`\1`", obj.docstring.value)
