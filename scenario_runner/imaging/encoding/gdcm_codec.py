"""JPEG lossless through GDCM, the one kept library with an MIT-compatible licence that writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jpeg_lossless_sv1(frame: NDArray[Any], bits_stored: int) -> bytes:
    """One frame as a JPEG process 14, selection value 1 codestream.

    frame: (rows, columns) or (rows, columns, 3), little endian. Raises RuntimeError when GDCM refuses.
    """
    import gdcm

    samples = 3 if frame.ndim == 3 else 1
    signed = int(frame.dtype.kind == "i")
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((frame.shape[1], frame.shape[0], 1))
    image.SetPixelFormat(
        gdcm.PixelFormat(samples, frame.itemsize * 8, bits_stored, bits_stored - 1, signed)
    )
    kind = gdcm.PhotometricInterpretation
    image.SetPhotometricInterpretation(kind(kind.RGB if samples == 3 else kind.MONOCHROME2))
    image.SetPlanarConfiguration(0)
    syntax = gdcm.TransferSyntax
    image.SetTransferSyntax(syntax(syntax.ExplicitVRLittleEndian))
    pixels = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    native = frame.tobytes()
    pixels.SetByteStringValue(native + b"\0" * (len(native) & 1))
    image.SetDataElement(pixels)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(syntax(syntax.JPEGLosslessProcess14_1))
    change.SetInput(image)
    # From here on the change frees the image; Python would do so a second time.
    image.thisown = False
    if not change.Change():
        raise RuntimeError(
            f"GDCM cannot write a {frame.shape} {frame.dtype} frame as JPEG lossless"
        )
    fragment = change.GetOutput().GetDataElement().GetSequenceOfFragments().GetFragment(0)
    encoded = fragment.GetByteValue().GetBuffer()
    # SWIG gives bytes as text whose bytes are smuggled through, unless they happen not to decode.
    return encoded if isinstance(encoded, bytes) else encoded.encode("utf-8", "surrogateescape")
