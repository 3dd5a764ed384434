"""Photos of all kinds as what the library reads: a path, or the bytes of a file."""

import io
import os
from typing import Any, BinaryIO, Optional, Tuple, Union

Photo = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, Any]
"""A path, the bytes of a file, a file object, a PIL image, or an array of 8-bit pixels."""

Source = Tuple[Optional[bytes], Optional[bytes]]
"""(path, None) or (None, bytes of a file)."""


def source_of(photo: Photo) -> Source:
    if isinstance(photo, (str, os.PathLike)):
        return path_of(photo), None
    if hasattr(photo, "read"):
        return None, _of_file(photo)
    if hasattr(photo, "save") and hasattr(photo, "getexif"):
        return None, _of_pil(photo)
    try:
        view = memoryview(photo)
    except TypeError:
        kind = type(photo).__name__
        raise TypeError(f"a photo is a path, bytes, a file, an image or an array, found {kind}") from None
    return None, view.tobytes() if view.ndim == 1 else _of_pixels(view)


def path_of(path: "Union[str, os.PathLike[str]]") -> bytes:
    """As the library takes it: it would end at a 0."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError(f"a path has no 0 byte, found {path!r}")
    return encoded


def _of_file(file: Any) -> bytes:
    data = file.read()
    try:
        return bytes(memoryview(data))
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"a file is read as bytes (mode 'rb'), but its read() gave {kind}") from None


def _of_pil(image: Any) -> bytes:
    """A PNG: upright, with the image's colour profile."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _of_pixels(view: memoryview) -> bytes:
    """A PNM or, with an alpha channel, a PAM."""
    shape = view.shape or ()
    channels = shape[2] if len(shape) == 3 else 1
    if view.format != "B" or len(shape) not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(
            "expected pixels of 8 bits (uint8) in the shape (height, width), (height, width, 3) or "
            f"(height, width, 4), found the format {view.format!r} in the shape {shape}"
        )
    height, width = shape[:2]
    if channels == 4:
        head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    else:
        head = f"P{6 if channels == 3 else 5}\n{width} {height}\n255\n"
    return head.encode() + view.tobytes()
