"""captions_only.py [--packed] MODEL OUTPUT: writes a model without what searches photos, for packages that only caption.

Everything else stays as it is, to the bit. With --packed, OUTPUT is gzip of that file with the first bytes of all
16-bit numbers before their second bytes: 15 % smaller, since exponents then stand beside exponents. engine.js of
samples/web puts them back. Numbers of the decoder, moreover, that are far below what is usual in their tensor lose
digits: a tensor is divided by 2^shift and rounded to 16 bits anew, which shortens the numbers that become denormal, and
no others. The shifts of all tensors stand in the metadata, in the order of their numbers.
"""

import array
import collections
import json
import math
import struct
import sys
import zlib

SMALL = 20000  # numbers in a tensor that is left as it is
LEAST = 14  # a 16-bit number below 2^-LEAST is denormal
# Tensors in which numbers below 2^-DIGITS of the usual size are shortened. Captions depend on the encoder's most.
DIGITS = {"decoder.embedding.": 0, "decoder.tags.": -1, "decoder.": 1}


def without_search(model: bytes) -> tuple[dict, list[bytes]]:
    """Header and tensors of a safetensors file, without the search part's."""
    size = int.from_bytes(model[:8], "little")
    header, numbers = json.loads(model[8 : 8 + size]), model[8 + size :]
    about = header.pop("__metadata__")
    left, parts, end = {}, [], 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        if name.startswith("search."):
            continue
        begin, stop = tensor["data_offsets"]
        parts.append(numbers[begin:stop])
        left[name] = {**tensor, "data_offsets": [end, end + stop - begin]}
        end += stop - begin
    about = {key: value for key, value in about.items() if not key.startswith("search_")}
    return {"__metadata__": about, **left}, parts


def header_bytes(header: dict) -> bytes:
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def plain(header: dict, parts: list[bytes]) -> bytes:
    return header_bytes(header) + b"".join(parts)


def value_of(code: int) -> float:
    """Of a 16-bit number."""
    return struct.unpack("<e", struct.pack("<H", code))[0]


def shortened(name: str, tensor: dict, part: bytes) -> tuple[int, bytes]:
    """A tensor's shift, and its numbers divided by 2^shift."""
    digits = next((digits for prefix, digits in DIGITS.items() if name.startswith(prefix)), None)
    codes = array.array("H", part)
    if sys.byteorder == "big":
        codes.byteswap()
    if digits is None or tensor["dtype"] != "F16" or len(codes) < SMALL:
        return 0, part
    counts = collections.Counter(codes)
    usual = math.sqrt(sum(count * value_of(code) ** 2 for code, count in counts.items()) / len(codes))
    shift = max(0, math.floor(math.log2(usual)) - digits + LEAST) if usual else 0
    table = {code: struct.pack("<e", value_of(code) * 2.0**-shift) for code in counts}
    return shift, b"".join(map(table.__getitem__, codes))


def packed(header: dict, parts: list[bytes]) -> bytes:
    """Both, first bytes apart from second ones, as gzip."""
    tensors = [(name, tensor) for name, tensor in header.items() if name != "__metadata__"]
    shifts, parts = zip(*(shortened(*tensor, part) for tensor, part in zip(tensors, parts)))
    header["__metadata__"]["shifts"] = " ".join(map(str, shifts))
    numbers = b"".join(parts)
    gzip = zlib.compressobj(9, zlib.DEFLATED, 31, 9, zlib.Z_FILTERED)
    return b"".join(map(gzip.compress, (header_bytes(header), numbers[0::2], numbers[1::2]))) + gzip.flush()


def main(arguments: list[str]) -> None:
    form = packed if arguments[:1] == ["--packed"] else plain
    paths = arguments[1:] if form is packed else arguments
    if len(paths) != 2:
        sys.exit(__doc__)
    with open(paths[0], "rb") as file:
        model = file.read()
    with open(paths[1], "wb") as file:
        file.write(form(*without_search(model)))


if __name__ == "__main__":
    main(sys.argv[1:])
