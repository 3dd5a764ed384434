"""The types and functions of caption.h, as ctypes has them."""

import ctypes
import os
from ctypes import POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_float, c_int, c_size_t
from ctypes import c_uint64, c_void_p

FOLDER = os.path.dirname(os.path.abspath(__file__))


class caption_error(Structure):
    _fields_ = [("status", c_int), ("message", c_char * 512)]


class caption_options(Structure):
    _fields_ = [
        ("beam_size", c_size_t),
        ("top", c_size_t),
        ("max_length", c_size_t),
        ("min_length", c_size_t),
        ("length_penalty", c_float),
        ("no_repeat_ngram", c_size_t),
        ("repeat_words", c_bool),
        ("sample", c_bool),
        ("temperature", c_float),
        ("top_k", c_size_t),
        ("top_p", c_float),
        ("seed", c_uint64),
        ("first_photo", c_size_t),
        ("prefix", c_char_p),
        ("style", c_char_p),
        ("neutral", c_bool),
        ("threads", c_size_t),
        ("max_pixels", c_size_t),
        ("accept_truncated", c_bool),
        ("memory", c_size_t),
        ("precision", c_int),
        ("tags", c_size_t),
        ("tag_confidence", c_float),
        ("min_confidence", c_float),
        ("unsure", c_int),
    ]


class caption_text(Structure):
    _fields_ = [("text", c_char_p), ("logprob", c_double), ("confidence", c_double)]


class caption_tag(Structure):
    _fields_ = [("name", c_char_p), ("confidence", c_double)]


class caption_result(Structure):
    _fields_ = [
        ("count", c_size_t),
        ("captions", POINTER(caption_text)),
        ("error", caption_error),
        ("tag_count", c_size_t),
        ("tags", POINTER(caption_tag)),
    ]


class caption_thumbnail(Structure):
    _fields_ = [
        ("width", c_size_t),
        ("height", c_size_t),
        ("jpeg", c_void_p),
        ("size", c_size_t),
    ]


class caption_photo(Structure):
    _fields_ = [
        ("path", c_char_p),
        ("bytes", c_char_p),
        ("size", c_size_t),
        ("number", c_size_t),
        ("thumbnail", caption_thumbnail),
    ]


NEXT = ctypes.CFUNCTYPE(c_bool, c_void_p, POINTER(caption_photo))
RESULT = ctypes.CFUNCTYPE(
    c_bool, c_void_p, POINTER(caption_photo), POINTER(caption_result), POINTER(caption_error)
)
STOP = ctypes.CFUNCTYPE(c_bool, c_void_p)


class caption_stream(Structure):
    _fields_ = [
        ("next", NEXT),
        ("result", RESULT),
        ("stop", STOP),
        ("context", c_void_p),
        ("thumbnail", c_size_t),
    ]


STRUCTS = [
    caption_error,
    caption_options,
    caption_text,
    caption_tag,
    caption_result,
    caption_thumbnail,
    caption_photo,
    caption_stream,
]


def load() -> ctypes.CDLL:
    """The library of the wheel, else the installed one. Calls release the GIL."""
    bundled = os.path.join(FOLDER, "libcaption.so")
    library = ctypes.CDLL(bundled if os.path.exists(bundled) else "libcaption.so.0.2")
    error = POINTER(caption_error)
    for name, result, arguments in (
        ("options_default", caption_options, []),
        ("model_open", c_void_p, [c_char_p, error]),
        ("model_close", None, [c_void_p]),
        ("captioner_new", c_void_p, [c_void_p, POINTER(caption_options), error]),
        ("captioner_free", None, [c_void_p]),
        ("session_new", c_void_p, [c_void_p, error]),
        ("session_free", None, [c_void_p]),
        ("session_stream", c_bool, [c_void_p, POINTER(caption_stream), c_void_p, error]),
    ):
        function = getattr(library, "caption_" + name)
        function.restype, function.argtypes = result, arguments
    return library


def default_model() -> "bytes | None":
    """The model of the wheel unless $CAPTION_MODEL names one; None: the library knows its own."""
    bundled = os.path.join(FOLDER, "caption.safetensors")
    if os.environ.get("CAPTION_MODEL") or not os.path.exists(bundled):
        return None
    return os.fsencode(bundled)
