"""compare.py PICTURES OURS PAIRS: what Pillow makes of the pictures that tests/suites/suites.c read.

Prints a table by kind of file: read alike, otherwise, by one alone, by none. Writes a row for each
picture to PAIRS: verdict, path, and how far apart or why refused."""

import collections
import io
import multiprocessing
import sys

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.ImageFile
import PIL.ImageOps
import pillow_heif
import pillow_jxl  # noqa: F401

SIDE = 16
FAR = 10  # mean difference of two pictures' values, 0 to 255, from which they are two
PIL.Image.MAX_IMAGE_PIXELS = 200_000_000
pillow_heif.register_heif_opener()
RAW = {"dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "pef", "srw"}


def kind(path):
    """The kind of a file by its first bytes, or its name where they are unknown."""
    with open(path, "rb") as file:
        start = file.read(16)
    extension = path.rsplit(".", 1)[-1].lower()
    if extension in RAW:
        return "raw"
    signatures = [(b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"), (b"II*\0", "TIFF"),
                  (b"MM\0*", "TIFF"), (b"II+\0", "TIFF"), (b"MM\0+", "TIFF"), (b"\xff\x0a", "JPEG XL"),
                  (b"\0\0\0\x0cJXL ", "JPEG XL")]
    for signature, name in signatures:
        if start.startswith(signature):
            return name
    if start[8:12] == b"WEBP":
        return "WebP"
    if start[4:8] == b"ftyp":
        return "AVIF" if start[8:11] == b"avi" else "HEIF"
    if start[:1] == b"P" and start[1:2] in b"1234567":
        return "PNM"
    return "other"


def upright_rgb(image):
    """As a photo viewer shows it: upright, in sRGB, over white, 8 bits."""
    profile = image.info.get("icc_profile")
    image = PIL.ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = PIL.Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    elif image.mode in ("I", "F"):
        values = np.asarray(image).astype(np.float64)
        image = PIL.Image.fromarray((values / (257 if values.max() > 255 else 1)).clip(0, 255).astype(np.uint8))
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            profile = PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = PIL.ImageCms.profileToProfile(image, profile, PIL.ImageCms.createProfile("sRGB"), outputMode="RGB")
        except PIL.ImageCms.PyCMSError:
            pass
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        white = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(white, image)
    return image.convert("RGB")


def read(path):
    """Size and SIDE x SIDE pixels, or why not."""
    try:
        with PIL.Image.open(path) as image:
            rgb = upright_rgb(image)
        small = rgb.resize((SIDE, SIDE), PIL.Image.Resampling.BILINEAR)
        return rgb.size, np.asarray(small).astype(int), ""
    except Exception as problem:  # whatever a plugin raises, it does not read the file
        return None, None, f"{type(problem).__name__}: {problem}"


def judge(row):
    """Verdict, kind, path and reason of a row of ours."""
    path, what, *rest = row
    size, pixels, reason = read(path)
    name = kind(path)
    if what == "crashed":
        return "crashed", name, path, rest[0]
    if what == "refused":
        return ("refused by us alone" if size else "refused by both"), name, path, rest[0]
    if not size:
        return "read by us alone", name, path, reason
    ours = np.frombuffer(bytes.fromhex(rest[2]), dtype=np.uint8).reshape(SIDE, SIDE, 3).astype(int)
    far = np.abs(ours - pixels).mean()
    same_size = (int(rest[0]), int(rest[1])) == size
    verdict = "alike" if same_size and far < FAR else "otherwise"
    return verdict, name, path, f"{far:.1f} {rest[0]}x{rest[1]} {size[0]}x{size[1]}"


def main():
    _, ours, pairs = sys.argv[1:]
    with open(ours, encoding="utf-8", errors="surrogateescape") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    with multiprocessing.Pool() as pool:
        results = pool.map(judge, rows, chunksize=16)
    with open(pairs, "w", encoding="utf-8", errors="surrogateescape") as file:
        for verdict, name, path, reason in results:
            print(verdict, name, path, reason, sep="\t", file=file)
    verdicts = ["alike", "otherwise", "refused by us alone", "read by us alone", "refused by both", "crashed"]
    counts = collections.Counter((name, verdict) for verdict, name, _, _ in results)
    print("| kind | files |", " | ".join(verdicts), "|")
    print("|---" * (len(verdicts) + 2) + "|")
    for name in sorted({name for _, name, _, _ in results}) + ["all"]:
        of_kind = [sum(counts[n, v] for n, _ in counts if name in (n, "all") and _ == v) for v in verdicts]
        print(f"| {name} | {sum(of_kind)} |", " | ".join(map(str, of_kind)), "|")


if __name__ == "__main__":
    main()
