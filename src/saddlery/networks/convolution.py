"""Convolutions and their transposes: XLA's own on GPUs, matrix products of gathered patches on CPUs.

XLA's strided and transposed convolutions are slow on CPUs, and the derivatives of the latter slower still. There a
convolution is written with nothing but paddings, concatenations, and matrix products, which are linear in the image and
in the kernel. Each is carried over to another such by differentiation, in either mode and to any order, so that
gradients, Jacobian products and consensus directions are matrix products too; that costs no rule of our own.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from saddlery.errors import InvalidValue
from saddlery.text.arguments import quoted, whole

LAYOUTS = ("NHWC", "CHWN")
FEW = 64  # up to so many numbers in a row of a patch, patches are gathered whole


def convolution(
    x: Array, kernel: Array, stride: int = 1, padding: str | Sequence[tuple[int, int]] = "SAME", *, layout: str = "NHWC"
) -> Array:
    """The convolution of images with a kernel, in the sense of neural networks.

        y[n, i, j, o] = Σ_{u, v, c} x[n, stride·i + u − top, stride·j + v − left, c] · kernel[u, v, c, o]

    It is `jax.lax.conv_general_dilated` without dilation, and is computed by it except on CPUs.

        >>> ones = jnp.ones((1, 3, 3, 1))
        >>> convolution(ones, jnp.ones((3, 3, 1, 1)))[0, :, :, 0].tolist()  # how many pixels are under the kernel
        [[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]]

    **Arguments:**
    - `x`: images `(batch, height, width, inputs)`.
    - `kernel`: `(rows, columns, inputs, outputs)`.
    - `stride`: of both axes.
    - `padding`: `"SAME"` (⌈size / stride⌉ pixels come out), `"VALID"`, or zeros before and after as
      `((top, bottom), (left, right))`.
    - `layout`: of `x` and of what is returned; networks keep to `"CHWN"`, channels first and the batch last, in which
      matrix products need no transposition.

    **Raises:** `ValueError` when shapes, stride, padding or layout do not fit.
    """
    _check(x, kernel, stride, layout, input_axis=2)
    height, width = (x.shape[layout.index(axis)] for axis in "HW")
    pads = _pads((height, width), kernel.shape[:2], stride, padding)
    if jax.default_backend() != "cpu":
        numbers = (layout, "HWIO", layout)
        return lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=numbers)
    sizes = [
        (size + sum(pad) - taps) // stride + 1
        for size, pad, taps in zip((height, width), pads, kernel.shape[:2], strict=True)
    ]
    convolve = partial(_from_patches, kernel=kernel, stride=stride, before=[pad[0] for pad in pads], sizes=sizes)
    return convolve(x) if layout == "CHWN" else convolve(x.transpose(3, 1, 2, 0)).transpose(3, 1, 2, 0)


def transposed_convolution(
    x: Array, kernel: Array, stride: int = 1, size: tuple[int, int] | None = None, *, layout: str = "NHWC"
) -> Array:
    """The transpose of `convolution` with `"SAME"` padding: ⟨convolution(u), x⟩ = ⟨u, transposed_convolution(x)⟩.

        y[n, stride·i + u − top, stride·j + v − left, c] = Σ x[n, i, j, o] · kernel[u, v, c, o]

    It is `jax.lax.conv_transpose` with `transpose_kernel=True`, and TensorFlow's `conv2d_transpose`.

        >>> pixel = jnp.full((1, 1, 1, 1), 2.0)
        >>> transposed_convolution(pixel, jnp.ones((2, 2, 1, 1)), stride=2)[0, :, :, 0].tolist()
        [[2.0, 2.0], [2.0, 2.0]]

    **Arguments:**
    - `x`: images `(batch, height, width, inputs)`.
    - `kernel`: that of the convolution it transposes, so outputs before inputs: `(rows, columns, outputs, inputs)`.
    - `stride`: of both axes.
    - `size`: of the images returned, by default `stride` times that of `x`; any from which the convolution leads to
      that of `x`, such as 7 to 4 at stride 2.
    - `layout`: as of `convolution`.

    **Raises:** `ValueError` when shapes, stride, size or layout do not fit.
    """
    _check(x, kernel, stride, layout, input_axis=3)
    small = tuple(x.shape[layout.index(axis)] for axis in "HW")
    height, width = (stride * side for side in small) if size is None else size
    if (-(-height // stride), -(-width // stride)) != small:
        raise InvalidValue(f"size: got {size}, from which stride {stride} does not lead to the {small} of x")
    places = dict(zip(layout, x.shape, strict=True)) | {"H": height, "W": width, "C": kernel.shape[2]}
    large = jax.ShapeDtypeStruct(tuple(places[axis] for axis in layout), x.dtype)
    (y,) = jax.linear_transpose(lambda u: convolution(u, kernel, stride, layout=layout), large)(x)
    return y


def _from_patches(x, kernel, stride, before, sizes):
    """The convolution as matrix products, in the layout CHWN.

    An image is split into its phases, of which each tap of the kernel reads one, shifted. Of each phase of rows, what
    the taps of a row read is gathered, and multiplied with all the kernel's rows that read this phase; their products
    are shifted and added. So the copies that are made of an image are a row of the kernel's, not all of the kernel's.
    Where channels are so few that the products would be thin, as at the image, whole patches are gathered.
    """
    rows, columns, inputs, outputs = kernel.shape
    (top, left), (height, width), batch = before, sizes, x.shape[-1]
    phases = _phases(x, stride)
    down = [divmod(i - top, stride) for i in range(rows)]  # of each tap how far it is shifted, and its phase
    right = [divmod(j - left, stride) for j in range(columns)]
    gathered = {
        phase: lax.concatenate([_window(phases[phase][q], shift, width, axis=2) for shift, q in right], 0)
        for _, phase in down
    }
    kernels = [k.reshape(columns * inputs, outputs) for k in lax.split(kernel, (1,) * rows)]
    if columns * inputs <= FEW:
        patches = jnp.stack([_window(gathered[phase], shift, height, axis=1) for shift, phase in down], 1)
        y = _product(jnp.stack(kernels, 1).reshape(-1, outputs), patches.reshape(-1, height * width * batch))
        return y.reshape(outputs, height, width, batch)
    terms = []
    for phase, patches in gathered.items():
        taps = [i for i in range(rows) if down[i][1] == phase]
        products = _product(lax.concatenate([kernels[i] for i in taps], 1), patches.reshape(columns * inputs, -1))
        products = products.reshape(-1, *patches.shape[1:])
        each = lax.split(products, (outputs,) * len(taps))
        terms += [_window(product, down[i][0], height, axis=1) for i, product in zip(taps, each, strict=True)]
    return sum(terms[1:], terms[0])


def _phases(x, stride):
    """`x[:, p::stride, q::stride]` as `[p][q]`, padded to equal sizes."""
    if stride == 1:
        return [[x]]
    channels, height, width, batch = x.shape
    rows, columns = -(-height // stride), -(-width // stride)
    x = _window(_window(x, 0, stride * rows, axis=1), 0, stride * columns, axis=2)
    x = x.reshape(channels, rows, stride, columns, stride, batch).transpose(2, 4, 0, 1, 3, 5)
    return [_unstack(row) for row in _unstack(x)]


def _unstack(x):
    """The items along the first axis; that of a split, unlike indexing, is transposed to a concatenation."""
    return [item.reshape(x.shape[1:]) for item in lax.split(x, (1,) * len(x))]


def _window(x, start, length, axis):
    """`length` places of an axis from `start` on, zeros where `x` has none."""
    if (start, length) == (0, x.shape[axis]):
        return x
    pads = [(0, 0, 0)] * x.ndim
    pads[axis] = (-start, start + length - x.shape[axis], 0)
    return lax.pad(x, jnp.zeros((), x.dtype), pads)


def _product(kernel, patches):
    """kernelᵀ patches."""
    return lax.dot_general(kernel, patches, (((0,), (0,)), ((), ())))


def _pads(sizes, taps, stride, padding):
    """Zeros before and after each axis."""
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise InvalidValue(
                f"padding: got {quoted(padding)}, expected 'SAME', 'VALID' or ((top, bottom), (left, right))"
            )
        padding = lax.padtype_to_pads(sizes, taps, (stride, stride), padding)
    pads = [(int(before), int(after)) for before, after in padding]
    if any(size + sum(pad) < tap for size, pad, tap in zip(sizes, pads, taps, strict=True)):
        raise InvalidValue(f"kernel: of {taps[0]}×{taps[1]}, larger than the padded image of {sizes[0]}×{sizes[1]}")
    return pads


def _check(x, kernel, stride, layout, input_axis):
    """Refuse what does not fit together."""
    if layout not in LAYOUTS:
        raise InvalidValue(f"layout: got {quoted(layout)}, expected one of {', '.join(LAYOUTS)}")
    whole("stride", stride, most=64, why="each phase of the image is compiled by itself")
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[layout.index("C")] != kernel.shape[input_axis]:
        raise InvalidValue(
            f"kernel: of shape {kernel.shape}, whose axis {input_axis} must be the channels of x, "
            f"of shape {x.shape} in the layout {layout}"
        )
