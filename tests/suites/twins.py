"""twins.py CAPTION PHOTO.jpg...: photos of every kind that is read, captioned beside their JPEGs.

Each photo is written in every other kind. Its twin is the JPEG itself, or, of kinds that lose something, a PNG of
what Pillow reads from the file (of JPEG XL, what djxl does: Pillow brings a later libjxl). Prints a table: how many
captions are those of the twins. Captions turn on differences that nobody sees: the first row is of JPEGs that were
only saved again. Exit status 1 where another kind has fewer than 95 of 100."""

import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import PIL.Image
import pillow_heif
import pillow_jxl  # noqa: F401

pillow_heif.register_heif_opener()

# Name, extension, settings of Pillow (as fast as each encoder can be), whether it loses something.
KINDS = [
    ("JPEG again, quality 98", "jpg", {"quality": 98, "subsampling": 0}, False),  # what noise alone does
    ("HEIC, quality 90", "heic", {"quality": 90, "enc_params": {"preset": "ultrafast"}}, True),
    ("AVIF, quality 90", "avif", {"quality": 90, "speed": 9}, True),
    ("JPEG XL, quality 90", "jxl", {"quality": 90, "effort": 3}, True),
    ("JPEG XL, made of the JPEG", "twin.jxl", None, True),
    ("TIFF, LZW", "tif", {"compression": "tiff_lzw"}, False),
    ("TIFF, JPEG", "jpeg.tif", {"compression": "jpeg", "quality": 90}, True),
    ("raw (DNG) with a preview", "dng", None, False),
    ("WebP, quality 90", "webp", {"quality": 90, "method": 2}, True),
    ("WebP, lossless", "lossless.webp", {"lossless": True, "method": 0}, False),
    ("PNG", "png", {"compress_level": 1}, False),
    ("BMP", "bmp", {}, False),
    ("PNM", "ppm", {}, False),
    ("GIF, 256 colours", "gif", None, True),
]


def dng(preview):
    """A raw photo: what the sensor saw is left out, the JPEG is its preview."""
    entries = [(254, 4, 1, 1), (50706, 1, 4, 0x0401), (330, 4, 2, 0)]
    first = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    below = 8 + 2 + 12 * len(entries) + 4
    entry = struct.Struct("<HHII")
    sensor = [(259, 3, 1, 1), (262, 3, 1, 32803)]
    shown = [(254, 4, 1, 1), (259, 3, 1, 7), (262, 3, 1, 6), (273, 4, 1, 0), (279, 4, 1, len(preview))]
    sensor_at = below + 8
    shown_at = sensor_at + 2 + 12 * len(sensor) + 4
    preview_at = shown_at + 2 + 12 * len(shown) + 4
    entries[2] = (330, 4, 2, below)
    shown[3] = (273, 4, 1, preview_at)
    out = first + b"".join(entry.pack(*e) for e in entries) + bytes(4) + struct.pack("<II", sensor_at, shown_at)
    for directory in (sensor, shown):
        out += struct.pack("<H", len(directory)) + b"".join(entry.pack(*e) for e in directory) + bytes(4)
    return out + preview


def write(image, jpeg, extension, settings, path):
    """The twin of a JPEG, at `path`."""
    if extension == "dng":
        path.write_bytes(dng(jpeg.read_bytes()))
    elif extension == "twin.jxl":
        subprocess.run(["cjxl", "--quiet", "-e", "3", jpeg, path], check=True, stderr=subprocess.DEVNULL)
    elif extension == "gif":
        image.quantize(256, dither=PIL.Image.Dither.FLOYDSTEINBERG).save(path)
    else:
        image.save(path, **settings)


def captions(program, files):
    """The caption of each file, by its path; None where it has none."""
    rows = subprocess.run([program, "--jsonl", *files], stdout=subprocess.PIPE, check=False).stdout
    by_path = {row["path"]: row.get("caption") for row in map(json.loads, io.BytesIO(rows))}
    return [by_path[str(file)] for file in files]


def make(folder, photos, extension, settings, lossy):
    """The photos in another kind, and their twins."""
    files, twins = [], []
    for i, photo in enumerate(photos):
        files.append(folder / f"{i}.{extension}")
        with PIL.Image.open(photo) as image:
            write(image.convert("RGB"), photo, extension, settings, files[-1])
        twins.append(folder / f"{i}.twin.png" if lossy else photo)
        if lossy and extension.endswith("jxl"):
            subprocess.run(["djxl", "--quiet", files[-1], twins[-1]], check=True, stderr=subprocess.DEVNULL)
        elif lossy:
            with PIL.Image.open(files[-1]) as image:
                image.convert("RGB").save(twins[-1], compress_level=1)
    return files, twins


def main():
    program, *photos = sys.argv[1:]
    photos = [pathlib.Path(photo) for photo in photos]
    enough = True
    print("| kind | photos | the twin's caption | another | none |\n|---|---|---|---|---|")
    for name, extension, settings, lossy in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            files, twins = make(pathlib.Path(folder), photos, extension, settings, lossy)
            found, expected = captions(program, files), captions(program, twins)
        same = sum(a is not None and a == b for a, b in zip(expected, found))
        none = sum(caption is None for caption in found)
        print(f"| {name} | {len(files)} | {same} | {len(files) - same - none} | {none} |", flush=True)
        enough = enough and (name.startswith("JPEG again") or same >= 0.95 * len(files))
    sys.exit(0 if enough else 1)


if __name__ == "__main__":
    main()
