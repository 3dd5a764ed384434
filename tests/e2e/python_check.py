"""The Python package says what the program says, byte for byte. Run by test_python.sh."""

import io
import os
import pathlib
import signal
import subprocess
import sys
import threading

import caption
import numpy
import pytest
from caption import _library
from PIL import Image

PROGRAM = os.environ["CAPTION_PROGRAM"]
JPEG = pathlib.Path(__file__).parent / "gradient.jpg"


def said(*arguments):
    """What the program prints, in lines."""
    run = subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE)
    return run.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def captioner():
    with caption.Captioner(threads=2) as captioner:
        yield captioner


def test_paths_bytes_and_files_are_captioned_as_the_program_does(captioner):
    expected = said(JPEG)[0]
    assert captioner.caption(JPEG) == expected
    assert captioner.caption(str(JPEG)) == expected
    assert captioner.caption(JPEG.read_bytes()) == expected
    with open(JPEG, "rb") as file:
        assert captioner.caption(file) == expected


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_images_and_arrays_are_captioned_as_their_files(captioner, tmp_path, mode):
    image = Image.open(JPEG).convert("RGB").convert(mode)
    path = tmp_path / "photo.png"
    (image.convert("RGB") if mode == "CMYK" else image).save(path)
    expected = said(path)[0]
    assert captioner.caption(image) == expected
    if mode not in ("P", "CMYK"):
        assert captioner.caption(numpy.asarray(image)) == expected


def test_an_image_is_turned_upright(captioner, tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.open(JPEG).save(tmp_path / "turned.png", exif=exif)
    Image.open(JPEG).transpose(Image.Transpose.ROTATE_270).save(tmp_path / "upright.png")
    with Image.open(tmp_path / "turned.png") as image:
        assert captioner.caption(image) == said(tmp_path / "upright.png")[0]


def test_results_come_in_order_one_at_a_time_and_a_broken_photo_stops_nothing(captioner, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(JPEG.read_bytes()[:200])
    asked = []

    def photos():
        for i in range(40):
            asked.append(i)
            yield broken if i == 1 else JPEG

    results = captioner.results(photos())
    assert next(results).captions[0].text == said(JPEG)[0]
    assert len(asked) < 40
    failed = next(results)
    assert failed.error.status == "format" and str(broken) in str(failed.error)
    assert len(list(results)) == 38


def test_options_are_those_of_the_program():
    with caption.Captioner(top=3, beam_size=4, neutral=True, precision="f32", tags=2) as captioner:
        result = captioner.result(JPEG)
    lines = said("--top", 3, "--beam-size", 4, "--neutral", "--precision", "f32", JPEG)
    assert [f"{c.logprob:.4f}\t{c.text}" for c in result.captions] == [
        "\t".join((f"{float(line.split(chr(9))[0]):.4f}", line.split("\t")[1])) for line in lines
    ]
    assert len(result.tags) <= 2
    with caption.Captioner(sample=True, temperature=1.0, seed=7) as captioner:
        assert [r.captions[0].text for r in captioner.results([JPEG])] == said(
            "--temperature", 1, "--seed", 7, JPEG
        )


def test_mistakes_are_exceptions_with_the_message_of_the_library(captioner, tmp_path):
    with pytest.raises(caption.Error, match="none.jpg"):
        captioner.caption(tmp_path / "none.jpg")
    with pytest.raises(caption.Error, match="none.safetensors") as caught:
        caption.Captioner(tmp_path / "none.safetensors")
    assert caught.value.status == "io"
    with pytest.raises(caption.Error) as caught:
        caption.Captioner(beam_size=10**6)
    assert caught.value.status == "argument"
    with pytest.raises(TypeError, match="beam_sise"):
        caption.Captioner(beam_sise=3)
    with pytest.raises(ValueError, match="f32"):
        caption.Captioner(precision="f64")
    with pytest.raises(ValueError, match="uint8"):
        captioner.caption(numpy.zeros((8, 8, 3)))
    with pytest.raises(TypeError, match="found int"):
        captioner.caption(3)
    with pytest.raises(ValueError, match="0 byte"):
        captioner.caption("dog\0.jpg")
    with pytest.raises(ValueError, match="closed"):
        closed = caption.Captioner()
        closed.close()
        closed.caption(JPEG)


@pytest.mark.parametrize("name", ["prefix", "style"])
def test_words_are_text_without_a_0(name):
    for value in (5, b"coco", ["a"]):
        with pytest.raises(TypeError, match=f"{name}: expected str"):
            caption.Captioner(**{name: value})
    with pytest.raises(ValueError, match=f"{name}: expected no 0 byte"):
        caption.Captioner(**{name: "coco\0zzz"})
    caption.Captioner(**{name: None}).close()


def test_numbers_are_those_that_the_library_gets():
    """ctypes alone would make 2**64 + 5 a beam of 5, and "no" true."""
    for name in ("beam_size", "top", "max_length", "seed", "first_photo", "threads", "memory", "tags"):
        for value in (-1, 2**64, 2**64 + 5, -(2**64) + 1, 10**30):
            with pytest.raises(caption.Error, match=rf"{name}: expected .* from 0 to \d+, found {value}$") as caught:
                caption.Captioner(**{name: value})
            assert caught.value.status == "argument"
        for value in (2.0, "2", None):
            with pytest.raises(TypeError, match=f"{name}: expected int, found"):
                caption.Captioner(**{name: value})
    for value in (-1, float("nan"), float("inf"), 1e99, 10**400):
        with pytest.raises(caption.Error) as caught:
            caption.Captioner(temperature=value)
        assert caught.value.status == "argument"
    with pytest.raises(TypeError, match="top_p: expected float, found str"):
        caption.Captioner(top_p="0.5")
    for name in ("neutral", "sample", "repeat_words", "accept_truncated"):
        for value in ("no", "", None, 2, []):
            with pytest.raises(TypeError, match=f"{name}: expected bool, found"):
                caption.Captioner(**{name: value})
    with caption.Captioner(
        beam_size=numpy.int64(4), top=numpy.uint8(2), neutral=numpy.True_, top_p=1, seed=2**64 - 1
    ) as captioner:
        assert len(captioner.result(JPEG).captions) == 2


def test_the_path_of_a_model_is_not_cut_at_a_0():
    with pytest.raises(ValueError, match="0 byte"):
        caption.Captioner(os.environ["CAPTION_MODEL"] + "\0.old")


class FileOf:
    def __init__(self, data):
        self.read = lambda: data


def test_a_file_gives_bytes_of_any_kind_and_nothing_else(captioner):
    data = JPEG.read_bytes()
    for kind in (bytes, bytearray, memoryview, lambda data: numpy.frombuffer(data, "uint8")):
        assert captioner.caption(FileOf(kind(data))) == said(JPEG)[0]
    for other in ("text", None, 5):
        with pytest.raises(TypeError, match=f"gave {type(other).__name__}"):
            captioner.caption(FileOf(other))
    with pytest.raises(caption.Error, match="is empty"):
        captioner.caption(FileOf(b""))


def test_other_threads_run_while_a_photo_is_waited_for(captioner, tmp_path):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: captions.append(captioner.caption(pipe)))
    captions = []
    thread.start()
    pipe.write_bytes(JPEG.read_bytes())
    thread.join()
    assert captions == said(JPEG)


class TimeIsUp(Exception):
    pass


@pytest.fixture
def alarm():
    """A function that lets TimeIsUp be raised, as Ctrl-C raises KeyboardInterrupt, after so many seconds."""

    def ring(*_):
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_what_a_signal_raises_arrives_and_results_stay_with_their_photos(captioner, tmp_path, alarm):
    photos = []
    for i in range(64):
        photos.append(tmp_path / f"{i:02}.jpg")
        photos[i].write_bytes(JPEG.read_bytes() if i % 2 else b"no photo")
    expected = said(JPEG)[0]
    for turn in range(20):
        taken = 0
        with pytest.raises(TimeIsUp):
            alarm(0.005 + 0.004 * turn)
            while True:
                for photo, result in zip(photos, captioner.results(photos)):
                    if taken % 2:
                        assert result.captions[0].text == expected
                    else:
                        assert str(photo) in str(result.error)
                    taken += 1
    assert captioner.caption(photos[1]) == expected


def test_a_signal_ends_the_wait_for_a_photo(captioner, tmp_path, alarm):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)  # a writer that writes nothing
    with pytest.raises(TimeIsUp):
        alarm(0.3)
        captioner.caption(pipe)
    os.close(keeper)
    assert captioner.caption(JPEG) == said(JPEG)[0]


def test_results_of_any_first_photo_are_in_order(tmp_path):
    none = [tmp_path / f"{i}.jpg" for i in range(3)]
    for first in (7, 2**64 - 2):
        with caption.Captioner(first_photo=first) as captioner:
            assert all(str(path) in str(r.error) for path, r in zip(none, captioner.results(none)))


FORK = """
import os, signal, sys, caption
photos = [sys.argv[1]] * 8
with caption.Captioner(threads=2) as captioner:
    expected = list(captioner.results(photos))
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        some = int(sys.argv[2])
        sys.exit(list(captioner.results(photos[:some])) != expected[:some])
    sys.exit(os.waitpid(child, 0)[1] != 0)
"""


@pytest.mark.parametrize("photos", [0, 1, 8])
def test_the_child_of_a_fork_captions_and_ends(photos):
    subprocess.run([sys.executable, "-c", FORK, JPEG, str(photos)], check=True)


def test_a_captioner_in_use_at_a_fork_is_closed_in_the_child(captioner, tmp_path):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    thread = threading.Thread(target=captioner.caption, args=[pipe])
    thread.start()
    writer = os.open(pipe, os.O_WRONLY)  # is there once the photo is waited for
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            captioner.caption(JPEG)
        except ValueError:
            captioner.close()
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    os.write(writer, JPEG.read_bytes())
    os.close(writer)
    thread.join()


def test_structs_are_those_of_the_header(tmp_path):
    source = io.StringIO()
    source.write("#include <stdio.h>\n#include <caption.h>\nint main(void) {\n")
    expected = []
    for struct in _library.STRUCTS:
        name = struct.__name__
        source.write(f'printf("{name} %zu\\n", sizeof({name}));\n')
        expected.append(f"{name} {_library.ctypes.sizeof(struct)}")
        for field, *_ in struct._fields_:
            source.write(f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));\n')
            expected.append(f"{name}.{field} {getattr(struct, field).offset}")
    source.write("return 0; }\n")
    program = tmp_path / "structs"
    (tmp_path / "structs.c").write_text(source.getvalue())
    include = os.environ["CAPTION_INCLUDE"]
    subprocess.run(["cc", "-I", include, tmp_path / "structs.c", "-o", program], check=True)
    assert subprocess.check_output([program]).decode().splitlines() == expected
    hints = set(caption.Options.__annotations__)
    assert hints == {name for name, _ in _library.caption_options._fields_}


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
