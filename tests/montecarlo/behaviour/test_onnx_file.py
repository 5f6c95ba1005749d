"""ONNX files made by ``onnx.helper``: the same network as its matrices, and what rows cannot do in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo.behaviour.network import read_network
from spicekit.errors import UserError

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extras torch, compare)")
helper = onnx.helper if hasattr(onnx, "helper") else pytest.importorskip("onnx.helper")

RNG = np.random.default_rng(1)
FIRST, SECOND = (RNG.choice(np.array([-1, 1], dtype=np.float32), shape) for shape in ((40, 128), (30, 40)))


def saved(path: Path, nodes: list[Any], **constants: np.ndarray) -> Path:
    made = [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in ("image", "votes")]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], made)
    onnx.save(helper.make_model(graph), str(path))
    return path


def layers(*between: str, **gemm: Any) -> list[Any]:
    """A MatMul of ``one``, what is ``between``, and a Gemm of ``two``, with ``bias`` if there is one."""
    nodes, place = [helper.make_node("Flatten", ["image"], ["flat"]), helper.make_node("MatMul", ["flat", "one"], ["m0"])], "m0"
    for number, kind in enumerate(between, start=1):
        nodes.append(helper.make_node(kind, [place], [f"m{number}"], name=f"n{number}"))
        place = f"m{number}"
    weights = ["two", "bias"] if gemm.pop("biased", False) else ["two"]
    return [*nodes, helper.make_node("Gemm", [place, *weights], ["votes"], name="last", transB=1, **gemm)]


def test_products_of_either_kind_and_weights_by_their_sign(tmp_path: Path) -> None:
    latent = FIRST * RNG.uniform(0.1, 0.9, FIRST.shape).astype(np.float32)
    sign = helper.make_node("Sign", ["latent"], ["one"])
    nodes, bias = [sign, *layers("Identity", "Sign", biased=True)], np.zeros(30, np.float32)
    read = read_network(saved(tmp_path / "net.onnx", nodes, latent=latent.T.copy(), two=SECOND, bias=bias), 64)
    assert [weights.shape for weights in read.layers] == [(40, 128), (30, 40)]
    assert np.array_equal(read.layers[0], FIRST)
    assert np.array_equal(read.layers[1], SECOND)


def test_it_computes_what_onnx_computes(tmp_path: Path) -> None:
    """Rows of all inputs, so that a neuron is one row: its sign is that of the product, 0 counted as above."""
    from onnx.reference import ReferenceEvaluator

    path = saved(tmp_path / "net.onnx", layers("Sign"), one=FIRST[:, :63].T.copy(), two=SECOND[:, :40])
    inputs = RNG.choice(np.array([-1, 1], dtype=np.float32), (50, 63))  # odd: no product is 0
    network = read_network(path, 63)
    (votes,) = ReferenceEvaluator(str(path)).run(None, {"image": inputs})
    hidden = np.where(inputs @ network.layers[0].T > 0, 1, -1)
    assert np.array_equal(hidden @ network.layers[1].T, votes)


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        (layers("Relu"), r"Relu 'n1' is not of a network of rows; allowed: MatMul, Gemm, Sign, Flatten"),
        (layers("Identity"), r"no Sign before Gemm 'last'; allowed: rows that answer \+1 and -1"),
        (layers("Sign", biased=True), r"Gemm 'last' has a bias; a row compares with half of its cells"),
        (layers("Sign", alpha=0.5), r"Gemm 'last' has factors"),
        ([*layers("Sign")[:-1], helper.make_node("MatMul", ["m1", "m1"], ["votes"], name="x")], r"MatMul 'x' is no product of"),
    ],
)
def test_what_rows_cannot_do_is_one_line(tmp_path: Path, nodes: list[Any], says: str) -> None:
    path = saved(tmp_path / "net.onnx", nodes, one=FIRST.T.copy(), two=SECOND, bias=np.ones(30, np.float32))
    with pytest.raises(UserError, match=f"net.onnx: {says}") as caught:
        read_network(path)
    assert "\n" not in str(caught.value)


def test_weights_of_another_size_or_elsewhere(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.onnx", layers("Sign"), one=0.3 + FIRST.T, two=SECOND)
    with pytest.raises(UserError, match=r"one is not binary: -0.7, 1.3, ... given; allowed: \+1 and -1"):
        read_network(path)
    model = onnx.load(str(saved(tmp_path / "whole.onnx", layers("Sign"), one=FIRST.T.copy(), two=SECOND)))
    onnx.save(model, str(tmp_path / "apart.onnx"), save_as_external_data=True, location="weights", size_threshold=0)
    with pytest.raises(UserError, match="one lies in another file"):
        read_network(tmp_path / "apart.onnx")
    (tmp_path / "torn.onnx").write_bytes(b"\x08\x07nothing")
    with pytest.raises(UserError, match=r"torn.onnx: no state dict of PyTorch, no .onnx and no .npz"):
        read_network(tmp_path / "torn.onnx")
