"""Weights of a binary network from an ONNX file (extra ``torch``).

https://onnx.ai/onnx/operators/.  Read is a chain: matrix products with constant weights, a ``Sign`` between each two of them, and
what only changes a shape.  Anything else, such as a bias or a batch normalisation, is an error: a row compares with half of its
cells and with nothing else.  Weights may pass a ``Sign`` of their own.  Behind the last product anything may stand, as the votes
are counted by :mod:`.network`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.files import checked_regular

SHAPES = ("Flatten", "Reshape", "Identity", "Cast", "Squeeze", "Unsqueeze", "Dropout")
PRODUCTS = ("MatMul", "Gemm")
ALLOWED = (*PRODUCTS, "Sign", *SHAPES)


def read_onnx(path: Path) -> dict[str, NDArray[Any]]:
    """Name of the weights -> matrix (outputs, inputs), in the order of the computation.

    Raises :class:`UserError` that names file and node.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise UserError(
            f"{path}: ONNX files need the package onnx (pip install 'spicekit-imc[torch]'); a .npz does not"
        ) from None
    # weights in other files could be any file of this machine
    graph = onnx.load(str(checked_regular(path)), load_external_data=False).graph
    for tensor in graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UserError(f"{path}: {tensor.name} lies in another file: save the model with its weights in it")
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        _fold(node, constants, numpy_helper)
    return _chain(path, graph, constants)


def _fold(node: Any, constants: dict[str, NDArray[Any]], helper: Any) -> None:
    """What is made of constants alone, as far as exporters make weights so."""
    settings = {one.name: one for one in node.attribute}
    if node.op_type == "Constant" and "value" in settings:
        constants[node.output[0]] = helper.to_array(settings["value"].t)
    if not node.input or node.input[0] not in constants:
        return
    values = constants[node.input[0]]
    if node.op_type == "Sign":
        constants[node.output[0]] = np.sign(values)
    elif node.op_type == "Transpose":
        order = tuple(settings["perm"].ints) if "perm" in settings else None
        constants[node.output[0]] = np.transpose(values, order)
    elif node.op_type in ("Identity", "Cast"):
        constants[node.output[0]] = values


def _chain(path: Path, graph: Any, constants: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    inputs = [one.name for one in graph.input if one.name not in constants]
    if len(inputs) != 1:
        raise UserError(f"{path}: {len(inputs)} inputs ({', '.join(inputs)}); allowed: one")
    found: dict[str, NDArray[Any]] = {}
    place, signs, rest = inputs[0], True, _products_behind(graph, constants)
    while rest:
        users = [node for node in graph.node if place in node.input]
        if len(users) != 1:
            raise UserError(f"{path}: {place} goes to {len(users)} nodes; allowed: layers one after the other")
        (node,) = users
        title = f"{node.op_type} '{node.name or node.output[0]}'"
        if node.op_type in PRODUCTS:
            if not signs:
                raise UserError(f"{path}: no Sign before {title}; allowed: rows that answer +1 and -1 to the next layer")
            name, matrix = _weights(path, node, title, place, constants)
            found[name], signs = matrix, False
            rest -= 1
        elif node.op_type == "Sign":
            signs = True
        elif node.op_type not in SHAPES:
            raise UserError(f"{path}: {title} is not of a network of rows; allowed: {', '.join(ALLOWED)}")
        place = node.output[0]
    return found


def _products_behind(graph: Any, constants: dict[str, NDArray[Any]]) -> int:
    return sum(node.op_type in PRODUCTS and node.output[0] not in constants for node in graph.node)


def _weights(path: Path, node: Any, title: str, place: str, constants: dict[str, NDArray[Any]]) -> tuple[str, NDArray[Any]]:
    settings = {one.name: one for one in node.attribute}
    name = node.input[1]
    if node.input[0] != place or name not in constants:
        raise UserError(f"{path}: {title} is no product of values with constant weights")
    matrix = constants[name]
    if matrix.ndim != 2:
        raise UserError(f"{path}: {name} has the shape {matrix.shape}; allowed: matrices")
    if node.op_type == "Gemm":
        factors = [settings[key].f for key in ("alpha", "beta") if key in settings]
        if any(factor != 1 for factor in factors) or ("transA" in settings and settings["transA"].i):
            raise UserError(f"{path}: {title} has factors or a transposed input; allowed: alpha = beta = 1, transA = 0")
        if len(node.input) > 2 and node.input[2] and np.any(constants.get(node.input[2], np.ones(1))):
            raise UserError(f"{path}: {title} has a bias; a row compares with half of its cells: allowed: none, or 0")
        if "transB" in settings and settings["transB"].i:
            return name, np.asarray(matrix, dtype=float)
    return name, np.asarray(matrix.T, dtype=float)
