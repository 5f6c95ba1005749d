"""Convolutional networks layer by layer: multiplications and numbers stored, counted from their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Layer:
    """A convolution, or a fully connected layer as one of its whole input.  ``side`` is that of its square output."""

    name: str
    side: int
    filters: int
    kernel: int
    channels: int  # of the input
    groups: int = 1
    bitwise: bool = True  # computed in memory with few bits; otherwise digitally, at full precision
    bias: bool = False

    @property
    def places(self) -> int:
        """Products in one output."""
        return self.kernel**2 * self.channels // self.groups

    @property
    def outputs(self) -> int:
        """Numbers that the layer computes, one image."""
        return self.side**2 * self.filters

    @property
    def products(self) -> int:
        """Multiplications, one image."""
        return self.outputs * self.places

    @property
    def parameters(self) -> int:
        """Numbers that the layer stores."""
        return self.filters * (self.places + self.bias)


def ungrouped(network: Sequence[Layer]) -> tuple[Layer, ...]:
    """``network`` with every filter on all channels."""
    return tuple(replace(layer, groups=1) for layer in network)


# Krizhevsky, Sutskever, Hinton (NIPS 2012), with its two groups in conv2, conv4 and conv5.  Which layers are bit-wise, and that
# these have no bias: DoReFa-Net (Zhou et al., arXiv:1606.06160), which quantises neither the first nor the last layer.
ALEXNET = (
    Layer("conv1", 55, 96, 11, 3, bitwise=False, bias=True),
    Layer("conv2", 27, 256, 5, 96, groups=2),
    Layer("conv3", 13, 384, 3, 256),
    Layer("conv4", 13, 384, 3, 384, groups=2),
    Layer("conv5", 13, 256, 3, 384, groups=2),
    Layer("fc6", 1, 4096, 6, 256),
    Layer("fc7", 1, 4096, 1, 4096),
    Layer("fc8", 1, 1000, 1, 4096, bitwise=False, bias=True),
)

# The SVHN network of DoReFa-Net, for inputs of 40 x 40 x 3: six bit-wise convolutions between a first and a last layer that
# are not.  Channels as in the authors' public version of it (tensorpack, examples/DoReFa-Net/svhn-digit-dorefa.py).
SVHN = (
    Layer("conv0", 36, 48, 5, 3, bitwise=False, bias=True),
    Layer("conv1", 18, 64, 3, 48),
    Layer("conv2", 18, 64, 3, 64),
    Layer("conv3", 7, 128, 3, 64),
    Layer("conv4", 7, 128, 3, 128),
    Layer("conv5", 5, 128, 3, 128),
    Layer("conv6", 1, 512, 5, 128),
    Layer("fc1", 1, 10, 1, 512, bitwise=False, bias=True),
)
