"""Images of the user's in the examples: MNIST's size made 8 x 8, and some of many to learn."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import cifar_files
import mnist_sample
import numpy as np
import pytest
from binary_networks import few, kept
from networks.experiment import Pooled, ran_on

from montecarlo.behaviour.images import read_images
from spicekit.errors import UserError


def files(folder: Path, side: int = 28) -> Path:
    """30 images to learn, sorted by class as some collections are, and 20 unseen."""
    rng = np.random.default_rng(1)
    for part, count in (("train", 30), ("t10k", 20)):
        labels = np.sort(np.arange(count) % 10).astype(np.uint8)
        pixels = rng.integers(0, 256, (count, side, side), dtype=np.uint8)
        pixels[:, 0, 0] = np.arange(count)  # which image it is
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, side, side) + pixels.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())
    return folder


def test_images_are_pooled_and_drawn_by_the_seed(tmp_path: Path) -> None:
    images = read_images(files(tmp_path))
    data = Pooled.of(tmp_path, 12)
    assert data is not None
    seen, unseen, seen_labels, labels = data.split(3)
    assert (seen.shape, unseen.shape, len(seen_labels)) == ((12, 8, 8), (20, 8, 8), 12)
    for row in range(8):
        for column in range(8):
            block = images.unseen[7, 0, 2 + 3 * row : 5 + 3 * row, 2 + 3 * column : 5 + 3 * column]
            assert unseen[7, row, column] == pytest.approx(block.mean())
    assert labels.tolist() == images.unseen_labels.tolist()
    assert not np.array_equal(seen, data.split(4)[0])
    assert str(ran_on(data)).endswith("30 to learn, 20 unseen, of which 12 are learnt, made 8 x 8")
    assert ran_on(None) == "on scikit-learn digits, 8 x 8 pixels: 1,347 to learn, 450 unseen"


def test_the_first_of_each_class(tmp_path: Path) -> None:
    images = few(read_images(files(tmp_path)), 15)
    which = np.rint(255 * images.learn[:, 0, 0, 0]).astype(int)
    assert which.tolist() == [3 * label for label in range(10)] + [3 * label + 1 for label in range(5)]
    assert images.learn_labels.tolist() == [*range(10), *range(5)]
    assert len(few(images, None).learn) == 15
    with pytest.raises(UserError, match="--learn 9: 10 to 15"):
        few(images, 9)


def test_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--learn: give --data too"):
        Pooled.of(None, 100)
    with pytest.raises(UserError, match="--learn 31: 10 to 30"):
        Pooled.of(files(tmp_path), 31)
    small = tmp_path / "small"
    small.mkdir()
    with pytest.raises(UserError, match=r"20 x 20 pixels: .*; allowed: 28 x 28 pixels"):
        Pooled.of(files(small, 20))


def test_seeds_that_are_done_are_kept(tmp_path: Path) -> None:
    path, settings = tmp_path / "results.json", {"net": "mlp", "epochs": 3}
    nothing = {"ideal": [], "errors": [], "aware": [], "aware_ideal": []}
    assert kept(path, settings) == nothing
    path.write_text('{"net": "mlp", "epochs": 3, "ideal": [0.9], "errors": [0.8], "aware": [0.85], "aware_ideal": [0.9]}')
    assert kept(path, settings)["aware"] == [0.85]
    assert kept(path, settings | {"epochs": 4}) == nothing
    path.write_text("{")
    assert kept(path, settings) == nothing


def test_the_npm_packages_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten of each digit, whose first pixel says which it is."""
    for digit in range(10):
        pixels = np.zeros((10, 784))
        pixels[:, 0] = (np.arange(10) + 10 * digit) / 255
        (tmp_path / f"{digit}.json").write_text(json.dumps({"data": pixels.ravel().tolist()}))
    monkeypatch.setattr("sys.argv", ["mnist_sample.py", str(tmp_path), str(tmp_path / "idx")])
    mnist_sample.main()
    images = read_images(tmp_path / "idx")
    assert capsys.readouterr().out == f"{tmp_path / 'idx'}: 80 digits to learn, 20 unseen\n"
    for pixels, labels, count in ((images.learn, images.learn_labels, 8), (images.unseen, images.unseen_labels, 2)):
        which = np.rint(255 * pixels[:, 0, 0, 0]).astype(int)
        assert (which // 10).tolist() == labels.tolist() == [digit for digit in range(10) for _ in range(count)]
    for more in ([str(tmp_path / "0.json")], [str(tmp_path / "idx"), "--seed", "-1"]):  # a file for a folder; no seed
        monkeypatch.setattr("sys.argv", ["mnist_sample.py", str(tmp_path), *more])
        with pytest.raises(SystemExit) as ended:
            mnist_sample.main()
        assert (ended.value.code, capsys.readouterr().err.count("\n")) == (2, 1)
    (tmp_path / "3.json").write_text('{"data": [0.5, 2]}')
    with pytest.raises(UserError, match=r"3.json: no 28 x 28 pixels of 0 to 1"):
        mnist_sample.split(tmp_path, 0)
    (tmp_path / "3.json").unlink()
    with pytest.raises(UserError, match=r"3.json: .*No such file.*; give the folder src/digits"):
        mnist_sample.split(tmp_path, 0)


def test_the_npm_packages_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Two images a picture, each colour of each pixel another value."""
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(2)
    names = [*cifar_files.LEARN, *cifar_files.UNSEEN]
    pictures = {name: rng.integers(0, 256, (2, 1024, 3), dtype=np.uint8) for name in names}
    for name, values in pictures.items():
        image.fromarray(values).save(tmp_path / f"{name}.png")
    (tmp_path / "train_lables.json").write_text("[0,1,2,3,4,5,6,7,8,9]")
    (tmp_path / "test_lables.json").write_text("[9,0]")
    out = tmp_path / "cifar"
    monkeypatch.setattr("sys.argv", ["cifar_files.py", str(tmp_path), str(out)])
    cifar_files.main()
    assert capsys.readouterr().out == f"{out}: 10 images to learn, 2 unseen\n"
    images = read_images(out)
    assert images.learn_labels.tolist() == list(range(10))
    assert images.unseen_labels.tolist() == [9, 0]
    for number, found in enumerate(images.learn):
        expected = pictures[names[number // 2]][number % 2].reshape(32, 32, 3)
        np.testing.assert_array_equal(np.rint(255 * found), expected.transpose(2, 0, 1))
    for text, wrong in (("[9]", "1 labels; the pictures have 2"), ("[9, 10]", "no list of labels of 0 to 9"), ("{", "Expecting")):
        (tmp_path / "test_lables.json").write_text(text)
        with pytest.raises(SystemExit) as ended:
            cifar_files.main()
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert said.count("\n") == 1
        assert wrong in said
    image.fromarray(pictures["test_batch"][:, :1000]).save(tmp_path / "test_batch.png")
    with pytest.raises(UserError, match=r"test_batch.png: no picture of 1024 pixels of three colours a row"):
        cifar_files.pixels(tmp_path / "test_batch.png")
    (tmp_path / "test_batch.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"test_batch.png: cannot identify image file .*; give the folder of the npm package"):
        cifar_files.pixels(tmp_path / "test_batch.png")
