"""Captioner, what it takes and what it gives."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Optional, TypedDict

from . import _library as lib
from ._photo import Photo, source_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

STATUSES = ("ok", "argument", "io", "format", "limit", "memory", "interrupted", "system")
CHOICES = {"precision": ("auto", "f32", "bf16", "int8", "int16"), "unsure": ("skip", "hedge")}
AT_ONCE = 32  # photos of a call: enough to keep the threads busy


class Error(Exception):
    """What went wrong: str(error) names the file, what was expected and what was found."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(message)
        self.status = status
        """"argument", "io", "format", "limit", "memory", "interrupted" or "system"."""


@dataclass(frozen=True)
class Caption:
    """A sentence. `confidence` is not a number (NaN) where the model does not know it."""

    text: str
    logprob: float
    confidence: float


@dataclass(frozen=True)
class Tag:
    """A word of what is to be seen, and how probable it is that people would name it."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Result:
    """What became of a photo: captions, best first, and tags, surest first; or an error."""

    captions: List[Caption] = field(default_factory=list)
    tags: List[Tag] = field(default_factory=list)
    error: Optional[Error] = None


class Options(TypedDict, total=False):
    """How words are chosen: caption_options of caption.h, which documents each."""

    beam_size: int
    top: int
    max_length: int
    min_length: int
    length_penalty: float
    no_repeat_ngram: int
    repeat_words: bool
    sample: bool
    temperature: float
    top_k: int
    top_p: float
    seed: int
    first_photo: int
    prefix: str
    style: str
    neutral: bool
    threads: int
    max_pixels: int
    accept_truncated: bool
    memory: int
    precision: str
    """"auto", "f32", "bf16", "int16" or "int8"."""
    tags: int
    tag_confidence: float
    min_confidence: float
    unsure: str
    """"skip" or "hedge"."""


def _error_of(error: lib.caption_error) -> Error:
    return Error(error.message.decode("utf-8", "replace"), STATUSES[error.status])


def _option(name: str, value: Any) -> Any:
    if name not in CHOICES:
        return value.encode() if isinstance(value, str) else value
    if value not in CHOICES[name]:
        raise ValueError(f"{name}: expected one of {', '.join(CHOICES[name])}, found {value!r}")
    return CHOICES[name].index(value)


def _result_of(result: lib.caption_result) -> Result:
    if result.error.status:
        return Result(error=_error_of(result.error))
    captions = result.captions[: result.count]
    tags = result.tags[: result.tag_count] if result.tag_count else []
    return Result(
        [Caption(c.text.decode("utf-8", "replace"), c.logprob, c.confidence) for c in captions],
        [Tag(t.name.decode("utf-8", "replace"), t.confidence) for t in tags],
    )


class Captioner:
    """A model prepared once. Threads may share it: they take turns."""

    def __init__(self, model: Optional[str] = None, **options: Unpack[Options]) -> None:
        """Opens a model, by default the one that came with the package or that $CAPTION_MODEL names.

        Raises Error if that fails or an option is out of range.
        """
        self._model = self._captioner = self._session = None
        self._turn = threading.Lock()
        self._library = lib.load()
        settings = self._library.caption_options_default()
        for name, value in options.items():
            if not hasattr(settings, name):
                raise TypeError(f"there is no option {name!r}")
            setattr(settings, name, _option(name, value))
        path = os.fsencode(model) if model is not None else lib.default_model()
        self._model = self._made("model_open", path)
        self._captioner = self._made("captioner_new", self._model, ctypes.byref(settings))
        self._session = self._made("session_new", self._captioner)

    def _made(self, what: str, *arguments: Any) -> int:
        error = lib.caption_error()
        made: Optional[int] = getattr(self._library, "caption_" + what)(*arguments, ctypes.byref(error))
        if not made:
            raise _error_of(error)
        return made

    def close(self) -> None:
        """Frees memory and threads. Also at the end of `with`, and when the captioner is collected."""
        with self._turn:
            for name in ("session", "captioner", "model"):
                handle = getattr(self, "_" + name)
                setattr(self, "_" + name, None)
                if handle:
                    free = "close" if name == "model" else "free"
                    getattr(self._library, f"caption_{name}_{free}")(handle)

    def __enter__(self) -> Captioner:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_library"):
            self.close()

    def caption(self, photo: Photo) -> str:
        """The best caption of a photo. Raises Error if it cannot be read."""
        return self.result(photo).captions[0].text

    def result(self, photo: Photo) -> Result:
        """All captions of a photo, and its tags. Raises Error if it cannot be read."""
        result = next(self.results([photo]))
        if result.error:
            raise result.error
        return result

    def results(self, photos: Iterable[Photo]) -> Iterator[Result]:
        """Captions any number of photos; yields in their order. Some are asked for ahead.

        A photo that cannot be read is an error in its own result and does not stop the others.
        """
        rest, first = iter(photos), 0
        while some := [source_of(photo) for photo in islice(rest, AT_ONCE)]:
            yield from self._run(some, first)
            first += len(some)

    def _run(self, sources: List[Any], first: int) -> List[Result]:
        results: List[Result] = []
        given = iter(enumerate(sources, first))

        def next_photo(_: Any, photo: Any) -> bool:
            number, source = next(given, (0, None))
            if source is None:
                return False
            photo[0].path, photo[0].bytes = source
            photo[0].size = len(source[1] or b"")
            photo[0].number = number
            return True

        def take(_: Any, photo: Any, result: Any, error: Any) -> bool:
            results.append(_result_of(result[0]))
            return True

        stream = lib.caption_stream(lib.NEXT(next_photo), lib.RESULT(take))
        error = lib.caption_error()
        with self._turn:
            if not self._session:
                raise ValueError("the captioner is closed")
            if not self._library.caption_session_stream(
                self._session, ctypes.byref(stream), None, ctypes.byref(error)
            ):
                raise _error_of(error)
        return results
