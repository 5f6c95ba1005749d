"""A user's binary network on rows: against plain integers and a count of its rows, and what is wrong in one line."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from montecarlo.behaviour import RowErrors, Rows
from montecarlo.behaviour.images import read_images
from montecarlo.behaviour.network import BinaryNetwork, on_rows, read_network
from spicekit.errors import UserError
from spicekit.table import LookupTable

DISTANCE = np.arange(-31.5, 32)
ENERGY, LATENCY = 0.8e-12, 9e-9


@pytest.fixture
def table() -> LookupTable:
    """Rows of 32 and 64 cells whose thresholds deviate by 2 cells, at two values of TMR."""
    rate = np.where(np.abs(DISTANCE) < 2, 0.3, 0.0)
    grid = {"tmr": np.array([1.0, 2.0]), "n": np.array([32, 64]), "distance": DISTANCE}
    flat, more = ("tmr", "n"), ("tmr", "n", "distance")
    found = {
        name: (flat, np.full((2, 2), value)) for name, value in (("sigma_row", 1.0), ("sigma_total", 2.0), ("latency", LATENCY))
    }
    found["energy"] = (flat, ENERGY * np.array([[0.5, 1.0], [0.5, 1.0]]))
    found["error"] = (more, np.broadcast_to(rate, (2, 2, 64)))
    return LookupTable(grid, found, {}, {"spicekit": '{"nominal": {"tmr": 2.0}}'}, "made up")


@pytest.fixture
def network() -> BinaryNetwork:
    rng = np.random.default_rng(1)
    shapes = [(40, 128), (30, 40)]
    return BinaryNetwork(tuple(rng.choice(np.array([-1, 1], dtype=np.float32), shape) for shape in shapes), 64)


def test_it_is_sums_of_signs(network: BinaryNetwork) -> None:
    images = np.random.default_rng(2).random((50, 1, 8, 8))
    inputs = network.encode(images)
    assert np.array_equal(inputs[:, :64] > 0, images.reshape(50, -1) > 0.25)
    assert np.array_equal(inputs[:, 64:] > 0, images.reshape(50, -1) > 0.75)
    first, second = (weights.astype(int) for weights in network.layers)
    hidden = sum(np.where(inputs[:, part] @ first.T[part] >= 0, 1, -1) for part in (slice(0, 64), slice(64, 128)))
    outputs = np.where(np.where(hidden >= 0, 1, -1) @ second.T >= 0, 1, -1)
    assert np.array_equal(network.scores(inputs, 10), outputs.reshape(50, 10, 3).sum(axis=2))
    assert network.rows == [80, 30]


def test_energy_latency_and_accuracy_on_chips(network: BinaryNetwork, table: LookupTable) -> None:
    rng = np.random.default_rng(3)
    images = rng.random((200, 1, 8, 8))
    labels = network.scores(network.encode(images), 10).argmax(axis=1)
    found = on_rows(network, table, images, labels, 10, chips=6)
    assert found.ideal == 1
    assert (found.rows, found.energy, found.latency) == (110, pytest.approx(110 * ENERGY), pytest.approx(2 * LATENCY))
    assert 0.1 < found.chips.mean() < 1
    assert found.chips.std() > 0
    none = network.accuracy(network.encode(images), labels, 10, lambda weights: Rows(weights, RowErrors(64, 0.0), "fixed", rng))
    assert none == 1


def save(path: Path, **layers: np.ndarray) -> Path:
    np.savez(path, **layers)
    return path


def test_what_is_no_binary_network_is_one_line(tmp_path: Path, network: BinaryNetwork) -> None:
    one, two = network.layers
    read = read_network(save(tmp_path / "net.npz", first=0.5 * one, scale=np.ones(40), second=two), 64)
    assert all(np.array_equal(a, b) for a, b in zip(read.layers, network.layers, strict=True))
    with pytest.raises(UserError, match=r"a.npz: second is not binary: -1, 0.3, 1, ... given; allowed: \+1 and -1"):
        read_network(
            save(tmp_path / "a.npz", first=one, second=np.where(two > 0, 1, np.where(two < -2, 0, -1)) + 1.3 * np.eye(30, 40))
        )
    with pytest.raises(UserError, match=r"b.npz: second takes 30 inputs; the layer before it has 40 outputs"):
        read_network(save(tmp_path / "b.npz", first=one, second=two.T))
    with pytest.raises(UserError, match=r"c.npz: first has the shape \(2, 2, 2\); allowed: matrices"):
        read_network(save(tmp_path / "c.npz", first=np.ones((2, 2, 2))))
    with pytest.raises(UserError, match=r"d.npz: holds no matrix"):
        read_network(save(tmp_path / "d.npz", first=np.ones(2)))
    for shape in ((0, 128), (10, 0)):
        with pytest.raises(UserError, match=rf"n.npz: first has the shape \({shape[0]}, {shape[1]}\): it holds no weights"):
            read_network(save(tmp_path / "n.npz", first=np.ones(shape)))
    for values in (1j * np.ones((30, 128)), np.array([["1", "-1"]])):
        with pytest.raises(UserError, match=r"t.npz: .*values of type .*; allowed: real numbers"):
            read_network(save(tmp_path / "t.npz", first=values))
    beside = {"0.bias": np.eye(40)[0], "1.running_mean": -np.ones(40), "scale": -np.eye(40)[1]}
    for name, values in beside.items():
        with pytest.raises(UserError, match=rf"g.npz: {name} is no matrix, and not 0; .*allowed: no bias and no normalisation"):
            read_network(save(tmp_path / "g.npz", first=one, **{name: values}, second=two))
    assert len(read_network(save(tmp_path / "g.npz", first=one, **dict.fromkeys(beside, np.zeros(40))), 64).layers) == 1
    with pytest.raises(UserError, match="the first layer has 128 inputs; images of 49 pixels take a multiple of that"):
        network.encode(np.zeros((1, 1, 7, 7)))
    with pytest.raises(UserError, match="the last layer has 30 outputs; allowed for 7 classes: a multiple of that"):
        network.scores(np.ones((1, 128), dtype=np.float32), 7)
    (tmp_path / "e.npz").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"e.npz: no state dict of PyTorch, no .onnx and no .npz"):
        read_network(tmp_path / "e.npz")
    with pytest.raises(UserError, match=r"no such file"):
        read_network(tmp_path / "f.npz")


def test_a_state_dict_is_the_same_network(tmp_path: Path, network: BinaryNetwork) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra torch)")
    from montecarlo.behaviour.torch import RowLinear, stored

    made = torch.nn.Sequential(RowLinear(128, 40, cells=64), RowLinear(40, 30, cells=64)).eval()
    for layer, weights in zip(made, network.layers, strict=True):
        layer.weight.data = torch.from_numpy(weights)
    torch.save(made.state_dict(), tmp_path / "net.pt")
    read = read_network(tmp_path / "net.pt", 64)
    for layer in made:  # latent weights of the same signs, as training leaves them
        layer.weight.data = layer.weight.data * (0.5 * torch.rand(layer.weight.shape) + 0.1)
    torch.save(made.state_dict(), tmp_path / "latent.pt")
    with pytest.raises(UserError, match=r"latent.pt: 0.weight is not binary: .*\(of a layer that is trained: its signs\)"):
        read_network(tmp_path / "latent.pt", 64)
    torch.save(stored(made), tmp_path / "stored.pt")
    kept = read_network(tmp_path / "stored.pt", 64)
    assert all(np.array_equal(a, b) for a, b in zip(kept.layers, network.layers, strict=True))
    inputs = np.random.default_rng(2).choice(np.array([-1, 1], dtype=np.float32), (60, 128))
    votes = made(torch.from_numpy(inputs)).detach().numpy().reshape(60, 10, 3).sum(axis=2)
    assert np.array_equal(read.scores(inputs, 10), votes)
    torch.save(made, tmp_path / "whole.pt")  # which would run what it holds
    with pytest.raises(UserError, match=r"whole.pt: no state dict"):
        read_network(tmp_path / "whole.pt")


def test_idx_and_cifar_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for part, count in (("train", 7), ("t10k", 5)):
        pixels, labels = rng.integers(0, 256, (count, 4, 6), dtype=np.uint8), rng.integers(0, 3, count, dtype=np.uint8)
        images = struct.pack(">4i", 2051, count, 4, 6) + pixels.tobytes()
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())
    found = read_images(tmp_path)
    assert found.unseen.shape == (5, 1, 4, 6)
    assert np.array_equal(np.rint(255 * found.unseen[:, 0]), pixels)
    assert np.array_equal(found.unseen_labels, labels)
    assert str(found) == f"IDX files in {tmp_path}, 4 x 6 pixels: 7 to learn, 5 unseen"
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, 9) + labels.tobytes())
    with pytest.raises(UserError, match="its head says 9, but it holds 13 bytes"):
        read_images(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match=r"no t10k-labels-idx1-ubyte \(IDX\) and no test_batch.bin"):
        read_images(tmp_path)
    labels_again = struct.pack(">2i", 2049, 5) + labels.tobytes()
    for content, said in (
        (b"\x00\x00\x08\xff" + b"\x00\x00\x00\x01" * 255 + b"x", "255 axes given; allowed: one"),
        (struct.pack(">4i", 2051, 2**31 - 1, 2**31 - 1, 2**31 - 1) + b"x", "2147483647 x 2147483647, but it holds 17 bytes"),
        (labels_again, "1 and 1 axes given; allowed: three and one"),
        (struct.pack(">4i", 2051, 4, 4, 6) + pixels[:4].tobytes(), r"4 images of shape \(4, 6\), but 5 labels"),
        (struct.pack(">4i", 2051, 5, 6, 4) + pixels.tobytes(), r"images of \(6, 4\) pixels, but of \(4, 6\) in train-images"),
    ):
        (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(labels_again)
        (tmp_path / "t10k-images-idx3-ubyte").write_bytes(content)
        with pytest.raises(UserError, match=said):
            read_images(tmp_path)
    for part, count in (("train", 7), ("t10k", 5)):
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + bytes(count))
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(UserError, match="all labels are 0: no classes to tell apart"):
        read_images(tmp_path)
    folder = tmp_path / "cifar"
    folder.mkdir()
    rows = rng.integers(0, 256, (4, 3073), dtype=np.uint8)
    rows[:, 0] = [3, 9, 0, 1]
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (folder / name).write_bytes(rows.tobytes())
    found = read_images(folder)
    assert found.unseen_labels.tolist() == [3, 9, 0, 1]
    assert found.learn[2, 1, 3, 4] == pytest.approx(rows[2, 1 + 1024 + 3 * 32 + 4] / 255)
    (folder / "test_batch.bin").write_bytes(rows.tobytes()[:-1])
    with pytest.raises(UserError, match="12291 bytes are no whole number of images of 3073"):
        read_images(folder)


def test_the_command(tmp_path: Path, network: BinaryNetwork, table: LookupTable) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra compare)")
    table.save_npz(tmp_path / "table.npz")
    save(tmp_path / "net.npz", first=network.layers[0], second=network.layers[1])
    command = [
        sys.executable,
        "-m",
        "montecarlo.behaviour",
        "--table",
        str(tmp_path / "table.npz"),
        "--model",
        str(tmp_path / "net.npz"),
    ]
    done = subprocess.run([*command, "-p", "n=64", "--chips", "3", "--json"], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["energy"] == pytest.approx(110 * ENERGY)
    assert answer["data"].startswith("scikit-learn's digits, 8 x 8 pixels: 1,347 to learn, 450 unseen")
    wrong = subprocess.run([*command, "-p", "n=100"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (2, "spicekit: error: -p n=100: allowed: 32, 64\n")
    wrong = subprocess.run([*command, "-p", "distance=3"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr == "spicekit: error: -p distance: errors at all distances are drawn from; give another coordinate\n"


def test_a_table_without_rates_is_one_line(table: LookupTable) -> None:
    over, rate = table.variables["error"]
    table.variables["error"] = (over, np.full_like(rate, np.nan))
    with pytest.raises(UserError, match=r"made up knows no error rate at tmr=2\.0, n=64"):
        RowErrors.of(table, n=64)
    del table.variables["error"]
    with pytest.raises(UserError, match="made up: unknown measure 'error'"):
        RowErrors.of(table, n=64)
