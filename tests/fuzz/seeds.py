"""seeds.py FOLDER CAPTION: seeds of what the targets read, in a folder of FOLDER for each.

    python3 -m venv build-fuzz/venv && build-fuzz/venv/bin/pip install pillow pillow-heif
    build-fuzz/venv/bin/python tests/fuzz/seeds.py tests/fuzz/corpus build/caption

Small files of every kind, for the branches of the readers that chance would take long to find. What they make is
committed, since it depends on the libraries' versions; other seeds were written by hand."""

import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

import PIL.Image
import pillow_heif

pillow_heif.register_heif_opener()
out = pathlib.Path(sys.argv[1])


def save(name, data, target="image"):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def picture(width=13, height=9, mode="RGB"):
    """A gradient, with transparency where the mode has some."""
    image = PIL.Image.new("RGBA", (width, height))
    image.putdata([(x * 255 // width, y * 255 // height, (x * y) % 256, 255 if x > y else 80) for y in range(height)
                   for x in range(width)])
    return image.convert(mode)


def encode(image, kind, **settings):
    stream = io.BytesIO()
    image.save(stream, kind, **settings)
    return stream.getvalue()


def profile(red=(0.6097, 0.3111, 0.0195), gamma=2.2):
    """A matrix profile of version 2: Adobe RGB's, as small as one can be."""
    def xyz(x, y, z):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = [(b"rXYZ", xyz(*red)), (b"gXYZ", xyz(0.2053, 0.6257, 0.0609)), (b"bXYZ", xyz(0.1492, 0.0632, 0.7446)),
            (b"wtpt", xyz(0.9642, 1, 0.8249)), (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += name + struct.pack(">II", at + len(data), len(content))
        data += content
    header = struct.pack(">I4sI4s4s4s", at + len(data), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def bmp(header, width, height, bits, pixels, compression=0, extra=b"", colours=0, size=None):
    """`extra` is what stands between the header and the pixels: masks or a palette."""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0)
        info = info.ljust(header, b"\0") if size is None else info[:size]
    body = info + extra
    if header >= 52 and bits in (16, 32):  # their masks stand in the header
        body = info[:40] + extra + info[40 + len(extra):]
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + len(pixels), 0, 0, 14 + len(body)) + body + pixels


def make_bmps():
    palette4 = b"".join(struct.pack("4B", i, 255 - i, i // 2, 0) for i in range(0, 256, 16))
    two = bytes([0, 0, 0, 0, 255, 255, 255, 0])
    masks565, masks8888 = struct.pack("<3I", 0xF800, 0x7E0, 0x1F), struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    rows16, rows32 = bytes(range(32)) * 2, bytes(range(64)) * 2
    save("os2.bmp", bmp(12, 8, 3, 1, bytes([0xA5, 0, 0, 0] * 3), extra=bytes([0, 0, 255, 9, 9, 9])))
    save("one_bit.bmp", bmp(40, 8, -3, 1, bytes([0xA5, 0, 0, 0] * 3), extra=two, colours=2))
    save("two_bits.bmp", bmp(40, 8, 3, 2, bytes([0x1B, 0xE4, 0, 0] * 3), extra=palette4[:16], colours=4))
    save("four_bits.bmp", bmp(40, 8, 3, 4, bytes(range(12)), extra=palette4))
    save("rle4.bmp", bmp(40, 8, 3, 4, bytes([5, 0x12, 0, 3, 0x34, 0x50, 0, 0, 0, 2, 1, 1, 3, 0x77, 0, 1]), 2, palette4))
    save("rle8.bmp", bmp(40, 8, 3, 8, bytes([5, 1, 0, 3, 2, 3, 4, 0, 0, 0, 0, 2, 1, 1, 3, 7, 0, 1]), 1, palette4, 16))
    save("rle4_of_8.bmp", bmp(40, 8, 3, 8, bytes([5, 1, 0, 1]), 2, palette4, 16))
    save("masks16.bmp", bmp(40, 8, 4, 16, rows16, 3, masks565))
    save("plain16.bmp", bmp(40, 8, 4, 16, rows16))
    save("alpha_masks.bmp", bmp(40, 8, 4, 32, rows32, 6, masks8888))
    save("plain32.bmp", bmp(40, 8, 4, 32, rows32))
    save("v3.bmp", bmp(56, 8, 4, 32, rows32, 3, masks8888))
    save("v5.bmp", bmp(124, 8, 4, 32, rows32, 3, masks8888))
    save("opaque_zero.bmp", bmp(124, 8, 4, 32, bytes([1, 2, 3, 0] * 32), 3, masks8888))
    for name, compression in (("huffman", 3), ("rle24", 4)):
        save(name + ".bmp", bmp(64, 8, 3, 1 if compression == 3 else 24, bytes(99), compression))
    for compression in (4, 5, 9):
        save(f"compression{compression}.bmp", bmp(40, 8, 3, 24, bytes(99), compression))
    save("cut_header.bmp", bmp(40, 8, 3, 24, b"", size=30))
    whole = bmp(40, 8, 3, 24, bytes(72))
    save("starts_in_header.bmp", whole[:10] + struct.pack("<I", 20) + whole[14:])
    save("wide.bmp", bmp(40, 300, 150, 1, bytes(range(40)) * 150, extra=two))


def make_gifs():
    image = picture(21, 17, "P")
    save("interlaced.gif", encode(image, "GIF", interlace=1))
    save("no_frame.gif", encode(image, "GIF")[:13 + 3 * 256] + b";")
    save("no_frame_short.gif", b"GIF89a\5\0\5\0\0\0\0;")
    frames = [picture(21, 17, "RGBA"), picture(21, 17, "RGBA").rotate(180)]
    save("moving.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40))
    save("wide.gif", encode(picture(300, 150, "1").convert("P"), "GIF"))


def ifd(entries, order="<", following=0, at=8, big=False):
    """A directory at byte `at`, with its values behind it. Entries: (tag, type, count, bytes or number)."""
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 16: 8}
    inline, step, count_size = (8, 20, 8) if big else (4, 12, 2)
    wide = "Q" if big else "I"
    table = struct.pack(order + ("Q" if big else "H"), len(entries))
    data, place = b"", at + count_size + step * len(entries) + inline
    for tag, kind, count, value in entries:
        if isinstance(value, int):
            value = struct.pack(order + {1: "B", 3: "H", 4: "I", 16: "Q"}[kind], value)
        assert len(value) == sizes[kind] * count, (tag, kind, count, len(value))
        if len(value) > inline:
            field = struct.pack(order + wide, place + len(data))
            data += value + bytes(len(value) % 2)
        else:
            field = value.ljust(inline, b"\0")
        table += struct.pack(order + "HH" + wide, tag, kind, count) + field
    return table + struct.pack(order + wide, following) + data


def tiff(entries, order="<", mark=42):
    first = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", mark, 8)
    return first + ifd(entries, order)


def make_tiffs():
    for mode, compressions in {"RGB": [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"], "1": ["group4", "group3"],
                               "L": [None], "LA": ["tiff_lzw"], "P": ["tiff_lzw"], "CMYK": [None], "RGBA": ["tiff_lzw"],
                               "I;16": [None], "YCbCr": ["jpeg"], "LAB": [None]}.items():
        for compression in compressions:
            image = picture(13, 9, "L").convert("I;16") if mode == "I;16" else picture(13, 9, mode)
            settings = {"compression": compression} if compression else {}
            save(f"{mode.replace(';', '').lower()}_{compression or 'plain'}.tif", encode(image, "TIFF", **settings))
    save("turned.tif", encode(picture(), "TIFF", tiffinfo={274: 6}))
    save("profile.tif", encode(picture(), "TIFF", icc_profile=profile()))
    save("wide.tif", encode(picture(300, 150, "1"), "TIFF", compression="group4"))
    save("big.tif", encode(picture(), "TIFF", big_tiff=True))
    grey = [(256, 3, 1, 4), (257, 3, 1, 2), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1), (278, 3, 1, 2),
            (279, 4, 1, 8)]
    at = 8 + 2 + 12 * (len(grey) + 1) + 4
    save("motorola.tif", tiff(sorted(grey + [(273, 4, 1, at)]), ">") + bytes(range(8)))
    save("far_strip.tif", tiff(sorted(grey + [(273, 4, 1, 99999)])))
    pairs = [(256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 2, struct.pack("<HH", 8, 8)), (259, 3, 1, 1), (262, 3, 1, 3),
             (277, 3, 1, 2), (278, 3, 1, 2), (279, 4, 1, 8), (338, 3, 1, 2), (320, 3, 768, bytes(range(256)) * 6)]
    at = 8 + 2 + 12 * (len(pairs) + 1) + 4 + 1536
    save("palette_alpha.tif", tiff(sorted(pairs + [(273, 4, 1, at)])) + bytes([1, 255, 2, 128, 3, 0, 4, 9]))


def make_raws():
    preview = encode(picture(24, 16), "JPEG", quality=30)
    # A TIFF whose first directory is what the sensor saw and whose other ones hold the preview, by strip and by tag.
    def dng(order, shown):
        sensor = [(254, 4, 1, 1), (259, 3, 1, 1), (262, 3, 1, 32803), (274, 3, 1, 6), (330, 4, 1, 0), (50706, 1, 4, b"\1\4\0\0")]
        below = 8 + len(ifd(sensor, order))
        sensor[4] = (330, 4, 1, below)
        place = below + len(ifd(shown(0), order, at=below))
        return {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8) + ifd(sensor, order) + ifd(
            shown(place), order, at=below) + preview
    save("strip.dng", dng("<", lambda at: [(259, 3, 1, 7), (273, 4, 1, at), (279, 4, 1, len(preview))]))
    save("tag.nef", dng(">", lambda at: [(513, 4, 1, at), (514, 4, 1, len(preview))]))
    save("far.nef", dng("<", lambda at: [(513, 4, 1, at), (514, 4, 1, 1 << 30)]))
    save("none.dng", dng("<", lambda at: [(259, 3, 1, 1)]))
    whole = [(46, 7, len(preview), preview)]
    save("whole.rw2", b"IIU\0" + struct.pack("<I", 16) + bytes(8) + ifd(whole, at=16))
    # Olympus: EXIF, in it the maker's note, in it the settings, in them the place of the preview.
    def settings(at):
        return ifd([(0x101, 4, 1, at), (0x102, 4, 1, len(preview))], at=30)
    note = b"OLYMPUS\0II\3\0" + ifd([(0x2020, 4, 1, 30)], at=12)
    note = note.ljust(30, b"\0")
    note += settings(30 + len(settings(0))) + preview
    exif_at = 8 + len(ifd([(34665, 4, 1, 0)]))
    save("olympus.orf", b"IIRO" + struct.pack("<I", 8) + ifd([(34665, 4, 1, exif_at)])
         + ifd([(37500, 7, len(note), note)], at=exif_at))
    save("fuji.raf", b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">II", 92, len(preview)) + preview)
    save("cut.raf", b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">II", 92, 1 << 20) + preview)

    def box(kind, content):
        return struct.pack(">I4s", 8 + len(content), kind) + content
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    prvw = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
    crx = box(b"ftyp", b"crx \0\0\0\1crx isom")
    film = box(b"moov", box(b"uuid", canon + box(b"CMT1", tiff([(274, 3, 1, 8)]) + bytes(8))))
    shown = box(b"uuid", prvw + bytes(8) + box(b"PRVW", bytes(16) + preview))
    save("canon.cr3", crx + film + box(b"uuid", bytes(20)) + shown)
    save("cut.cr3", crx + film + shown[:40])


def make_others():
    exif = PIL.Image.Exif()
    exif[274] = 8
    for name, settings in {"lossy": {"quality": 50}, "alpha": {"quality": 50}, "profile": {"icc_profile": profile()},
                           "exif": {"exif": exif.tobytes()}}.items():
        image = picture(mode="RGBA" if name == "alpha" else "RGB")
        save(f"of_{name}.webp", encode(image, "WEBP", **settings))
    save("plain_exif.webp", encode(picture(), "WEBP", exif=exif.tobytes()[6:]))
    still = encode(picture(14, 10), "WEBP", quality=50)[12:]

    def chunk(kind, content):
        return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    place = b"\1\0\0\2\0\0" + b"\15\0\0\11\0\0" + bytes(4)
    whole = chunk(b"VP8X", b"\2\0\0\0\27\0\0\23\0\0") + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", place + still)
    save("part.webp", chunk(b"RIFF", b"WEBP" + whole))
    save("part_far.webp", chunk(b"RIFF", b"WEBP" + whole.replace(b"\27\0\0\23", b"\17\0\0\13")))
    wide = [picture(300, 150, "1").convert("RGB"), PIL.Image.new("RGB", (300, 150), "red")]
    save("wide_moving.webp", encode(wide[0], "WEBP", save_all=True, append_images=wide[1:], lossless=True))
    save("wide.webp", encode(wide[0], "WEBP", lossless=True))
    frames = [picture(24, 20, "RGBA"), picture(24, 20, "RGBA").rotate(90)]
    save("moving.webp", encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40))
    save("profile.jpg", encode(picture(), "JPEG", icc_profile=profile(), quality=30))
    save("other_profile.png", encode(picture(), "PNG", icc_profile=profile((0.5, 0.3, 0.02), 1.8)))
    save("srgb_red.png", encode(picture(), "PNG", icc_profile=profile((0.4361, 0.2225, 0.0139))))
    save("grey_profile.png", encode(picture(mode="L"), "PNG", icc_profile=profile()))
    save("wide.png", encode(picture(300, 150, "1"), "PNG"))
    save("wide.jpg", encode(picture(300, 150), "JPEG", quality=10))
    save("small.heic", encode(picture(16, 16), "HEIF", quality=30))
    save("alpha.heic", encode(picture(16, 16, "RGBA"), "HEIF", quality=30))
    save("turned.heic", encode(picture(16, 8), "HEIF", quality=30, exif=exif.tobytes()))
    save("small.avif", encode(picture(16, 16), "AVIF", quality=30, speed=10))
    save("alpha.avif", encode(picture(16, 16, "RGBA"), "AVIF", quality=30, speed=10))
    save("profile.avif", encode(picture(16, 16), "AVIF", quality=30, speed=10, icc_profile=profile()))


def make_bombs():
    """Colour profiles of 1 kB: one claims a table of half a gigabyte, one lists 100,000 steps in the same bytes."""
    def whole(name, data):
        head = struct.pack(">I4sI4s4s4s", 144 + len(data), b"lcms", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
        head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
        return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, name, 144, len(data)) + data
    curve = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, 65536)
    table = bytes([250] * 3 + [0] * 13) + bytes([2, 0, 0, 0])
    at = 32 + 15 * len(curve)
    claims = b"mAB \0\0\0\0" + bytes([3, 15, 0, 0]) + struct.pack(">5I", 32, 0, 0, at, at + len(table)) + curve * 15 + table + curve * 3
    save("profile_table.jpg", encode(picture(), "JPEG", icc_profile=whole(b"A2B0", claims)))
    step = b"matf\0\0\0\0" + struct.pack(">HH12f", 3, 3, .5, .3, .2, .3, .5, .2, .1, .2, .7, 0, 0, 0)
    steps = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, 100000) + struct.pack(">II", 16 + 800000, len(step)) * 100000 + step
    save("profile_steps.png", encode(picture(), "PNG", icc_profile=whole(b"D2B0", steps)))


def make_heifs():
    """Streams whose headers have what encoders of photos leave out, and items that share their bytes."""
    golden = pathlib.Path(__file__).parent.parent / "golden/formats"
    avif, heic = (golden / "quarters.avif").read_bytes(), (golden / "quarters.heic").read_bytes()
    at = avif.index(b"mdat") + 4
    for name, filling in (("times.avif", b"\xff"), ("points.avif", b"\xb5")):
        save(name, avif[:at] + b"\x12\0\x0a\x2a\x14" + filling * 41 + avif[at + 46:])
    at = heic.index(b"\x42\1") + 2
    save("layers.heic", heic[:at] + bytes([heic[at] | 14]) + heic[at + 1:at + 13] + b"\xff" + heic[at + 14:])
    at = heic.index(b"iloc")
    size = struct.unpack(">I", heic[at - 4:at])[0]
    more = b"".join(struct.pack(">HHHIHII", 25600 + i, 0, 0, 0, 1, 0, 0) for i in range(20))
    whole = heic[:at - 4] + struct.pack(">I", size + len(more)) + heic[at:at + 11] + bytes([heic[at + 11] + 20]) + heic[
        at + 12:at - 4 + size] + more + heic[at - 4 + size:]
    meta = whole.index(b"meta") - 4
    save("shared.heic", whole[:meta] + struct.pack(">I", struct.unpack(">I", whole[meta:meta + 4])[0] + len(more)) + whole[meta + 4:])


def make_colors():
    """What photos say of their colours other than a profile of red, green and blue."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    def png(name, kind, content, mode="RGB"):
        data = encode(picture(mode=mode), "PNG")
        save(name, data[:33] + chunk(kind, content) + data[33:])
    for name, points in {"pq": b"\x09\x10\0\1", "hlg": b"\x09\x12\0\1", "p3": b"\x0c\x0d\0\1", "unsaid_pq": b"\2\x10\0\1",
                         "bt709": b"\1\1\0\1"}.items():
        png(name + ".png", b"cICP", points)
    png("gamma.png", b"gAMA", struct.pack(">I", 100000), "L")
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 460) + bytes(2)
    head = struct.pack(">I4sI4s4s4s", 192, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ") + bytes(12) + b"acsp" + bytes(28)
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 16)
    grey = (head + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0") + tags + white + curve
    save("of_grey.png", encode(picture(mode="L"), "PNG", icc_profile=grey))
    save("of_grey.jpg", encode(picture(mode="L"), "JPEG", icc_profile=grey, quality=30))
    golden = pathlib.Path(__file__).parent.parent / "golden/formats"
    for name in "pq.avif", "pq.jxl", "premultiplied.avif":
        save(name, (golden / name).read_bytes())
    save("hlg.avif", (golden / "pq.avif").read_bytes().replace(b"nclx\0\x09\0\x10", b"nclx\0\x0c\0\x12"))


def make_metadata():
    plain = encode(picture(8, 8), "JPEG", quality=10)

    def jpeg(*segments):
        parts = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(content)) + content for marker, content in segments)
        return plain[:2] + parts + plain[2:]

    def resource(number, data, name=b""):
        head = b"8BIM" + struct.pack(">HB", number, len(name)) + name
        return head + bytes(len(head) % 2) + struct.pack(">I", len(data)) + data + bytes(len(data) % 2)

    def photoshop(*resources):
        return (0xED, b"Photoshop 3.0\0" + b"".join(resources))

    # Bytes behind the last chunk, too few for another one.
    lossless = encode(picture(8, 8), "WEBP", lossless=True)
    save("loose_end.webp", lossless[:4] + struct.pack("<I", len(lossless) - 8 + 6) + lossless[8:] + bytes(6), "metadata")

    def text(number, data, record=2):
        return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data

    utf8, latin = text(90, b"\x1b%G", 1), text(90, b"\x1b.A", 1)
    old = text(0, b"\0\2") + text(25, b"dog") + text(120, b"a cat")
    for name, data in {"utf8": utf8 + old, "ascii": old, "latin": latin + old, "eight": text(120, b"caf\xe9"),
                       "long": struct.pack(">BBBHI", 0x1C, 2, 120, 0x8004, 5) + b"a cat", "damaged": old + b"\x1c\2"}.items():
        digest = hashlib.md5(data).digest()
        save(f"iptc_{name}.jpg", jpeg(photoshop(resource(0x404, data), resource(0x425, digest))), "metadata")
    save("iptc_wrong_digest.jpg", jpeg(photoshop(resource(0x425, bytes(16)), resource(0x404, old))), "metadata")
    save("resources.jpg", jpeg(photoshop(resource(0x3ED, b"odd", b"a name"))), "metadata")
    save("resources_two.jpg", jpeg(photoshop(resource(0x404, utf8)[:9]), photoshop(resource(0x404, utf8)[9:])), "metadata")
    save("resources_damaged.jpg", jpeg(photoshop(b"8BIM\4\4\0\0\xff\xff\xff\xff")), "metadata")
    save("resources_unknown.jpg", jpeg(photoshop(b"ABCD\4\4\0\0\0\0\0\0")), "metadata")
    packet = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
              b'<rdf:Description xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>')
    guid = b"0" * 32
    xmp = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet % guid)
    more = b"http://ns.adobe.com/xmp/extension/\0" + guid
    save("extended.jpg", jpeg(xmp, (0xE1, more + struct.pack(">II", 20, 10) + b"b" * 10),
                              (0xE1, more + struct.pack(">II", 20, 0) + b"a" * 10)), "metadata")
    text = (b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description="Anna"/></rdf:RDF>')
    save("extended_text.jpg", jpeg(xmp, (0xE1, more + struct.pack(">II", len(text), 0) + text)), "metadata")
    save("extended_far.jpg", jpeg(xmp, (0xE1, more + struct.pack(">II", 20, 15) + b"b" * 10)), "metadata")
    save("extended_large.jpg", jpeg(xmp, (0xE1, more + struct.pack(">II", 1 << 31, 0))), "metadata")
    save("extended_short.jpg", jpeg(xmp, (0xE1, more)), "metadata")
    for name, order, mark in (("little", "<", b"II*\0"), ("big", ">", b"MM\0*")):
        pictures = struct.pack(order + "IHHHIIIII", 8, 1, 0xB002, 7, 32, 22, 0x30000, 256, 0) + bytes(24)
        save(f"pictures_{name}.jpg", jpeg((0xE2, b"MPF\0" + mark + pictures)), "metadata")
    save("pictures.jpg", jpeg((0xE2, b"MPF\0" + bytes(20)), xmp), "metadata")
    save("pictures_resources.jpg", jpeg(xmp, (0xE2, b"MPF\0" + bytes(20)), photoshop(resource(0x404, old))), "metadata")
    save("signed.jpg", jpeg((0xEB, b"JP\0\1" + b"jumbc2pa" + bytes(9))), "metadata")



def header(path):
    """The header of a safetensors file, a dictionary."""
    data = path.read_bytes()
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def make_models(program):
    """Headers of models and of a checkpoint, which `caption train` writes; then with one thing wrong each."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        images = []
        for i, colour in enumerate(("red", "green", "blue", "grey")):
            PIL.Image.new("RGB", (32, 32), colour).save(work / f"{i}.ppm")
            images.append({"filename": f"{i}.ppm", "imgid": i, "split": "val" if i == 3 else "train", "sentences": [
                {"tokens": ["a", colour, "wall"]}, {"tokens": ["a", "tall", "wall"]}]})
        (work / "set.json").write_text(json.dumps({"images": images}))
        usual = [program, "train", "set.json", "--images", ".", "--image-size", "16", "--hidden", "4", "--embed", "4",
                 "--min-count", "1", "--epochs", "1", "--force", "--encoder-arch"]

        def train(name, architecture, *more):
            subprocess.run([*usual, architecture, "-o", name, *more], cwd=work, check=True, capture_output=True)
            return header(work / name)
        whole = train("whole", "stem_c8 ds_r1_k3_s1_e1_c8 ir_r2_k5_s2_e2_c8 head_c8", "--styles", "set", "--tags", "3",
                      "--image-input", "every")
        rnn = train("rnn", "pad_symmetric stem_c8 head_c8", "--cell", "rnn")
    note = whole["__metadata__"]
    note["provenance"] = json.dumps({"data": "shapes"})
    note["confidence"] = json.dumps({"bias": -4.6, "logprob": 0.6, "length": 0.03, "rarity": 0.4, "agreement": 0.5,
                                     "coverage": 4.1, "styles": {"set": 0.5}})
    note["rerank"] = json.dumps({"agreement": 0.1, "coverage": 4})
    note["tag_calibration"] = json.dumps({"slope": 0.6, "bias": -0.6})
    rnn["__metadata__"]["provenance"] = json.dumps({"data": "shapes"})
    search = (pathlib.Path(__file__).parent / "corpus/model/search.json").read_bytes()
    for name, model in ("whole", dump(whole)), ("rnn", dump(rnn)), ("search", search):
        for numbers in range(4):  # the kind of them (header.h)
            save(f"{name}_{numbers}.json" if numbers else f"{name}.json", model + b" " * numbers, "model")
    wrong = {"hidden": ["none", "1234567890", "0"], "provenance": ["[]", '{"a":1}', "{"], "styles": ["none\n", "set\nset\n", "no end", "a b\n"],
             "tags": ["wall", "wall  tall\n", "sky\n", "wall\nwall\n", "\n"], "cell": ["cnn"], "image_input": ["last"],
             "mean": ["[1,2]", "[1,2,\"3\"]"], "std": ["[0,0,0]"], "image_size": ["7", "99999"], "version": ["2"], "format": ["other"],
             "confidence": ["{}", "[]", note["confidence"].replace("4.1", "1e99"), note["confidence"].replace('{"set": 0.5}', "3"),
                            note["confidence"].replace('"set": 0.5', '"set": 0.5, "set": 1'), note["confidence"].replace("{", '{"more": 1, ', 1)],
             "rerank": ["{}", '{"agreement":-1,"coverage":4}', '{"agreement":1,"coverage":4,"more":1}', "{"],
             "tag_calibration": ["3", "{}", '{"slope":0,"bias":1}', '{"slope":1,"bias":1e99}', '{"slope":1,"bias":1,"more":1}', "{"],
             "vocabulary": ["a\t1\n", "a\n", "a b\t1\n", "a\t0\n"],
             "encoder": ["", "stem_c8", "stem_c0 head_c8", "head_c8", "stem_c8 head_c8 head_c8", "stem_c8 ds_r1_k4_s1_e1_c8 head_c8",
                         "stem_c8 ds_r1_k3_s3_e1_c8 head_c8", "stem_c8 ds_r1_k3_s1_e2_c8 head_c8", "stem_c8 ds_r99_k3_s1_e1_c8 head_c8",
                         "stem_c8 ir_r1_k3_s1_e99_c8 head_c8", "stem_c8 ir_r1_k3_s1_e9_c4000 ir_r1_k3_s1_e9_c8 head_c8", "stem_c8 ds_k3 head_c8",
                         "stem_c99999 head_c8", "stem_c8 xs_c8 head_c8", "stem_c8 ds_ head_c8", "stem_c8 ds_c8c head_c8", "stem_q8 head_c8"]}
    for key, values in wrong.items():
        for i, value in enumerate(values):
            base = whole if key in ("styles", "tags", "confidence", "tag_calibration", "rerank") else rnn
            changed = dict(base, __metadata__=dict(base["__metadata__"], **{key: value}))
            save(f"wrong_{key}_{i}.json", dump(changed), "model")
    run = json.loads((pathlib.Path(__file__).parent / "corpus/checkpoint/tiny.json").read_text())
    for i, settings in enumerate(('{"seed":1}', "[", "3", '{"seed":2,"more":1}', " {}")):
        save(f"settings{i}.json", dump(dict(run, __metadata__=dict(run["__metadata__"], **{"training.settings": settings}))), "checkpoint")
    for name in [name for name in run if name.startswith("training.")]:
        save(name + ".json", dump({key: value for key, value in run.items() if key != name}), "checkpoint")
    more = dict(rnn, more={"dtype": "F32", "shape": [0], "data_offsets": [0, 0]})
    save("more_tensors.json", dump(more), "model")


def tensors(shapes, metadata=None, kind="F16"):
    at, size, entries = 0, {"F16": 2, "F32": 4}[kind], {}
    if metadata:
        entries["__metadata__"] = metadata
    for name, shape in shapes:
        count = 1
        for side in shape:
            count *= side
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size * count]}
        at += size * count
    return entries


def make_encoders():
    """As timm and torchvision name the tensors of a small encoder; one byte more is another filling."""
    architecture = "stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k3_s2_e2_c8 head_c8"
    convolutions = [("conv_stem", "bn1", [8, 3, 3, 3]), ("blocks.0.0.conv_dw", "blocks.0.0.bn1", [8, 1, 3, 3]),
                    ("blocks.0.0.conv_pw", "blocks.0.0.bn2", [8, 8, 1, 1]), ("blocks.1.0.conv_pw", "blocks.1.0.bn1", [16, 8, 1, 1]),
                    ("blocks.1.0.conv_dw", "blocks.1.0.bn2", [16, 1, 3, 3]), ("blocks.1.0.conv_pwl", "blocks.1.0.bn3", [8, 16, 1, 1]),
                    ("conv_head", "bn2", [8, 8, 1, 1])]
    places = ["features.0.0", "features.1.conv.0.0", "features.1.conv.1", "features.2.conv.0.0", "features.2.conv.1.0",
              "features.2.conv.2", "features.3.0"]
    others = ["features.0.1", "features.1.conv.0.1", "features.1.conv.2", "features.2.conv.0.1", "features.2.conv.1.1",
              "features.2.conv.3", "features.3.1"]
    norms = ("weight", "bias", "running_mean", "running_var")
    timm, torchvision, own = [], [], []
    for (convolution, norm, shape), place, other in zip(convolutions, places, others):
        own += [(convolution + ".weight", shape), (convolution + ".bias", shape[:1])]
        timm += [(convolution + ".weight", shape)] + [(f"{norm}.{part}", shape[:1]) for part in norms]
        torchvision += [(place + ".weight", shape)] + [(f"{other}.{part}", shape[:1]) for part in norms]
    metadata = {"encoder": architecture, "mean": "[1,2,3]", "std": "[4,5,6]", "image_size": "96"}
    kinds = {"own": (own, metadata), "timm": (timm, metadata), "torchvision": (torchvision, dict(metadata, encoder="pad_symmetric " + architecture)),
             "prefix": ([("encoder." + name, shape) for name, shape in own], metadata), "no_preset": (timm, None),
             "no_preset_torchvision": (torchvision, None), "missing": (timm[:-1], metadata), "more": (own + [("what", [1])], metadata),
             "shape": ([("conv_stem.weight", [8, 3, 5, 5])] + own[1:], metadata), "empty": ([], None), "strange": ([("a", [1])], None)}
    for name, (shapes, notes) in kinds.items():
        data = dump(tensors(shapes, notes))
        for numbers in range(4 if name in ("own", "timm") else 1):
            save(f"{name}_{numbers}.json", data + b" " * numbers, "import")


def make_safetensors():
    def file(entries, data=b""):
        text = entries if isinstance(entries, bytes) else dump(entries)
        return struct.pack("<Q", len(text)) + text + data
    usual = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    cases = {"offsets": dict(usual, data_offsets=[0]), "offset_text": dict(usual, data_offsets=["0", 8]), "dtype_number": dict(usual, dtype=3),
             "shape_text": dict(usual, shape="2"), "many_sides": dict(usual, shape=[1] * 9), "side_text": dict(usual, shape=["2"]),
             "negative": dict(usual, shape=[-2]), "product": dict(usual, shape=[1 << 40, 1 << 40]), "bytes": dict(usual, shape=[1 << 62]),
             "array": [1], "half": dict(usual, shape=[1.5]), "int": dict(usual, dtype="I32")}
    for name, entry in cases.items():
        save(f"wrong_{name}.safetensors", file({"a": entry}, bytes(8)), "safetensors")
    save("longer.safetensors", file({"a": usual}, bytes(9)), "safetensors")
    save("overlap.safetensors", file({"a": usual, "b": dict(usual, data_offsets=[4, 12])}, bytes(12)), "safetensors")
    save("same_place.safetensors", file({"a": usual, "b": usual, "c": dict(usual, shape=[0], data_offsets=[0, 0])}, bytes(8)), "safetensors")
    save("twice.safetensors", file(b'{"a":%s,"a":%s}' % (dump(usual), dump(dict(usual, data_offsets=[8, 16]))), bytes(16)), "safetensors")
    save("metadata_twice.safetensors", file(b'{"__metadata__":{},"__metadata__":{}}'), "safetensors")
    save("metadata_array.safetensors", file({"__metadata__": []}), "safetensors")
    save("metadata_number.safetensors", file({"__metadata__": {"a": 1}}), "safetensors")
    save("large_header.safetensors", struct.pack("<Q", 1 << 40) + b"{}", "safetensors")
    save("not_finite.safetensors", file({"a": usual}, b"\xff" * 8), "safetensors")


def make_texts():
    sets = {"same_id.json": '{"images":[{"id":1,"file_name":"a.jpg"},{"id":1,"file_name":"b.jpg"}],"annotations":[]}',
            "objects.json": '{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"image_id":1,"bbox":[1,2,3,4],"category_id":1}]}',
            "orphans.json": '{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"image_id":1,"caption":"a dog"},{"image_id":2,"caption":"x"}]}',
            "no_name.json": '{"images":[{"id":1,"file_name":""}],"annotations":[]}', "no_id.json": '{"images":[{"id":"","file_name":"a"}],"annotations":[]}',
            "kohya_empty.json": '{"":{"caption":"a"}}', "kohya_number.json": '{"a.jpg":{"caption":"a"},"b.jpg":3}',
            "kohya_tags.json": '{"a.jpg":{"tags":"a, b"},"b.jpg":{"caption":"c"}}', "numbers.json": "[1,2]", "empty.json": "[]",
            "karpathy_token.json": '{"images":[{"filename":"a","imgid":1,"split":"train","sentences":[{"tokens":["a",3]}]}]}',
            "karpathy_none.json": '{"images":[{"filename":"a","imgid":1,"split":"train","sentences":[{"x":1}]}]}',
            "karpathy_same.json": '{"images":[{"filename":"a","imgid":1,"sentences":[{"raw":"a dog"}]},{"filename":"a","imgid":1,"sentences":[]}]}',
            "karpathy_same_id.json": '{"images":[{"filename":"a","imgid":1,"sentences":[{"raw":"a dog"}]},{"filename":"b","imgid":1,"sentences":[]}]}',
            "printed.tsv": "a.jpg\ta dog\nb.jpg\ta cat\n", "printed_best.tsv": "a.jpg\t-1.5\ta dog\na.jpg\t-2\ta cat\n", "open.csv": 'file,caption\na.jpg,"a dog\n',
            "no_column.csv": "what,caption\na.jpg,a dog\n", "quotes.csv": '\ufefffile_name,text\n"a ""b"".jpg","two\r\nlines"\n', "splits.csv": "file,caption,split\na.jpg,a,val\nb.jpg,b,?\n"}
    for name, text in sets.items():
        save(name, text.encode(), "dataset")
    many = [{"file_name": f"{i}.jpg", "text": f"dog {i}"} for i in range(40)]
    save("many.jsonl", b"\n".join(dump(row) for row in many), "dataset")
    for name, text in {"not_a_word": "a b\t3\n", "no_count": "dog\n", "zero": "dog\t0\n", "twice": "dog\t2\ndog\t1\n", "special": "<unk>\t2\n",
                       "long": "a" * 300 + "\t1\n", "large": "dog\t99999999999999999999\n", "forms":
                       "dogs\t9\ndog\t8\nrunning\t7\nruns\t6\nrun\t5\nthe\t4\nsat\t3\nsitting\t2\nboxes\t2\nbox\t1\nflies\t1\nfly\t1\n"}.items():
        save(name + ".txt", text.encode(), "vocabulary")
    save("many.txt", "".join(f"word{i}\t{9000 - i}\n" for i in range(900)).encode(), "vocabulary")


def make_folders():
    photo = b"P6\n1 1\n255\nabc"

    def folder(name, **files):
        save(name, b"\n==\n".join(key.replace("__", "/").replace("_", ".").encode() + b"\n" + content for key, content in files.items()), "folder")

    def archive(*members):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in members:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return stream.getvalue()[:512 * (2 * len(members) + 2)]
    folder("sidecars", a_jpg=photo, a_txt=b"a dog\na cat\n", b_png=photo, c_txt=b"alone", notes_md=b"other")
    folder("note", d__a_jpg=photo, a_note=b"a dog", b_note=b"\xff\xfe")
    folder("split", d__a_ppm=photo, d__a_txt=b"a dog", b_jpg=photo)
    folder("metadata", metadata_jsonl=b'{"file_name":"a.jpg","text":"a dog"}\n', a_jpg=photo)
    folder("metadata_csv", metadata_csv=b"file_name,text\na.jpg,a dog\n", a_jpg=photo)
    folder("metadata_below", d__metadata_jsonl=b'{"file_name":"a.jpg","text":"a dog"}\n', d__a_jpg=photo)
    folder("shards", s0_tar=archive(("a.jpg", photo), ("a.txt", b"a dog")), s1_tar=archive(("b.jpg", photo), ("b.json", b'{"caption":"a cat"}')))
    folder("shards_and_photos", s0_tar=archive(("a.jpg", photo), ("a.txt", b"a dog")), a_jpg=photo)
    folder("nothing", notes_md=b"other")
    folder("zeros", a_jpg=photo, a_txt=b"a\0b\n\r\n  \n")


def make_more():
    """Of formats that are described in the program's headers: indexes and histories."""
    def index(photos, width=8, model=7):
        text = b"".join(name + b"\0" for name, _ in photos)
        columns = [[10 + i for i in range(len(photos))]] * 3
        stat = b"".join(struct.pack("<QQQ", *row) for row in zip(*columns))
        vectors = b"".join(struct.pack(f"<{width}e", *vector) for _, vector in photos)
        return struct.pack("<8sIIQQQQ", b"CAPINDEX", 1, width, model, len(photos), len(text), 0) + stat + text + vectors
    save("nine.index", index([(b"%d.jpg" % i, [1 if k == i % 8 else 0 for k in range(8)]) for i in range(9)]), "index")
    save("other_model.index", index([(b"a.jpg", [1] + [0] * 3)], 4, 9), "index")
    for name, sizes in {"whole": (128, 64), "pages": (131072, 65536), "odd": (100, 77), "empty": (0, 0), "huge": (2 ** 64 - 1, 1),
                        "half": (2 ** 63 - 1, 2 ** 63)}.items():
        save(name + ".packed", b"decoder %d\nencoder %d\n" % sizes, "packed")
    save("loose.packed", b"decoder  128\nencoder +64\n", "packed")
    save("short.packed", b"decoder 128", "packed")
    epoch = [1, 2, 0.5, 3, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 7, 8, 1, 9, 0]
    part = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 7, 8]
    for flag, captions, parts in ((0, [], None), (1, ["a dog"], None), (2, [], [part, part])):
        history = {"epochs": [epoch], "points": [[1, 2, 3, 4]], "captions": captions, "start": epoch}
        if parts:
            history["parts"] = parts
        save(f"start{flag}.txt", bytes([48 + flag]) + dump(history), "history")
    for name, text in {"token": b"PBearer secret", "shared": b"Phttp://photos.example", "name": b"Pphotos.example:8080", "address": b"P[::1]:80",
                       "empty": b"P", "top": b"Atop=3&neutral=1&beam_size=5\nphoto"}.items():
        save(name, text, "serve")
    photo = "UDYKMSAxCjI1NQphYmM="
    for name, body in {"two": {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + photo}}] * 2}], "n": 2},
                       "many": {"messages": [1] * 3000}}.items():
        save(name + ".json", b"B" + dump(body), "serve")
    part = b'--xyz\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nphoto\r\n'
    field = b"--xyz\r\ncontent-disposition:form-data;\r\n name=top\r\n\r\n3\r\n"
    net = b"--xyz\r\nContent-Disposition: form-data; name=p; filename=\"\\\"\"; filename*=utf-8''a\r\n\r\n\r\n--xyzw\r\n"
    for name, text in {"photo": part, "fields": b"before\r\n" + field + part + field, "token": net, "several": part + part,
                       "nameless": b"--xyz\r\n\r\nx\r\n"}.items():
        save(name, b"multipart/form-data; charset=utf-8; boundary=\"xyz\"\n" + text + b"--xyz--\r\n", "form")
    save("open", b"multipart/form-data;boundary=xyz\n" + part, "form")
    for i, text in enumerate(("<base href='x/'><img src=a.jpg>", "<base><base href=y><img src='b.png' alt>", "<" * 50 + "<img src=a.jpg>")):
        save(f"base{i}.html", b"<" + text.encode(), "alt")
        save(f"base{i}.xhtml", b"x" + text.encode(), "alt")


def make_books():
    def book(**parts):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
            for name, text in parts.items():
                info = zipfile.ZipInfo(name.replace("__", "/").replace("_", "."), (2020, 1, 2, 3, 4, 5))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, text)
        return stream.getvalue()
    page = "<html><body><img src='a.jpg'/></body></html>" * 3
    whole = book(META__INF__container_xml="<container/>", a_xhtml=page, b__c_html=page, d_htm=page, a_jpg="no photo")
    save("whole.epub", whole, "epub")
    save("picture_first.epub", book(a_jpg=b"".join(hashlib.sha512(bytes([i])).digest() for i in range(8)), b_xhtml=page), "epub")
    save("signed.epub", book(**{"META-INF__signatures_xml": "<signatures/>", "a_xhtml": page}), "epub")
    save("no_pages.epub", book(a_jpg="no photo"), "epub")
    save("cut.epub", whole[:200] + whole[-120:], "epub")
    at = whole.index(b"a.xhtml") + 12
    save("damaged.epub", whole[:at] + bytes(4) + whole[at + 4:], "epub")
    save("large.epub", book(a_xhtml="x" * (3 << 20)), "epub")
    save("bomb.epub", book(a_xhtml="x" * 500000), "epub")
    save("no_archive.epub", b"PK\3\4", "epub")


def make_sentences():
    """Choices of options (fuzz_session.c), a prefix, a sentence."""
    usual = bytes([0, 5, 1, 20, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 0, 3])

    def session(name, prefix, sentence, **choices):
        changed = bytearray(usual)
        for place, choice in choices.items():
            changed[int(place[2:])] = choice
        save(name, bytes(changed) + prefix + b"\n" + sentence, "session")
    session("usual", b"", b"a dog ")
    session("begun", b"", b"Two do", at0=1, at18=1, at14=1)
    session("prefix", b"a red man", b"a man", at0=8, at12=1, at14=3)
    session("neutral", b"the woman", b"a boy of two dogs", at0=12, at2=3, at15=3, at12=2)
    session("sampled", b"", "a l\u00e4uft unknown's".encode(), at0=2, at2=4, at7=1, at8=3, at9=3)
    session("unsure", b"", b"", at0=16, at17=3, at4=4, at5=2)
    session("unsure_left_out", b"", b"a", at17=3)
    session("too_large", b"", b"a", at1=255)
    session("not_a_number", b"", b"a", at6=8)
    session("prefix_too_long", b"a a a a", b"a a", at0=8, at3=3)


make_bmps()
make_gifs()
make_tiffs()
make_raws()
make_others()
make_bombs()
make_heifs()
make_colors()
make_metadata()
make_models(pathlib.Path(sys.argv[2]).resolve())
make_encoders()
make_safetensors()
make_texts()
make_folders()
make_more()
make_books()
make_sentences()
