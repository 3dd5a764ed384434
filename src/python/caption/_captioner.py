"""Captioner, what it takes and what it gives."""

from __future__ import annotations

import ctypes
import operator
import os
import threading
import weakref
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, TypedDict

from . import _library as lib
from ._photo import Photo, Source, path_of, source_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

STATUSES = ("ok", "argument", "io", "format", "limit", "memory", "interrupted", "system", "model")
CHOICES = {"precision": ("auto", "f32", "bf16", "int8", "int16"), "unsure": ("skip", "hedge")}
TEXTS = ("prefix", "style")
TYPES: Dict[str, Any] = {field[0]: field[1] for field in lib.caption_options._fields_}
AT_ONCE = 32  # photos of a call: enough to keep the threads busy


class Error(Exception):
    """What went wrong: str(error) names the file, what was expected and what was found."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(message)
        self.status = status
        """"argument", "io", "format", "limit", "memory", "interrupted", "system" or "model"."""


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


def _text(name: str, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected str, found {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{name}: expected no 0 byte, found {value!r}")
    return value.encode()


def _number(name: str, value: Any) -> Any:
    """ctypes would wrap whole numbers that its types cannot hold, and take any object for true or false."""
    kind = TYPES[name]
    if kind is ctypes.c_bool:
        if value not in (True, False):
            raise TypeError(f"{name}: expected bool, found {value!r}")
        return value
    try:
        if kind is ctypes.c_float:
            return kind(value).value
        number = operator.index(value)
    except TypeError:
        expected = "float" if kind is ctypes.c_float else "int"
        raise TypeError(f"{name}: expected {expected}, found {type(value).__name__}") from None
    except OverflowError:
        raise Error(f"{name}: expected a number below 1e39, found one that is larger", "argument") from None
    most = 2 ** (8 * ctypes.sizeof(kind)) - 1
    if not 0 <= number <= most:
        raise Error(f"{name}: expected a whole number from 0 to {most}, found {number}", "argument")
    return number


def _option(name: str, value: Any) -> Any:
    if name in TEXTS:
        return _text(name, value)
    if name not in CHOICES:
        return _number(name, value)
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


_captioners: weakref.WeakSet[Captioner] = weakref.WeakSet()


def _come_to_child() -> None:
    for captioner in _captioners:
        captioner._come_to_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_come_to_child)


class _Run:
    """Photos that go through the library together.

    Python runs handlers of signals on the main thread, in whatever Python code comes next there. In a
    function that the library calls, ctypes would lose what a handler raises, such as KeyboardInterrupt.
    So another thread calls the library, and the main one waits where it can be interrupted.
    """

    def __init__(self, sources: List[Source], first: int, first_photo: int) -> None:
        self.sources, self.first, self.first_photo = sources, first, first_photo
        self.given = 0
        self.results: Dict[int, Result] = {}
        self.is_over = False
        self.problem: Optional[BaseException] = None

    def caption(self, library: ctypes.CDLL, session: Optional[int]) -> None:
        if not session:
            raise ValueError("the captioner is closed")
        stream = lib.caption_stream(lib.NEXT(self._next), lib.RESULT(self._take), lib.STOP(self._stop))
        error = lib.caption_error()
        if not library.caption_session_stream(session, ctypes.byref(stream), None, ctypes.byref(error)):
            raise self.problem or _error_of(error)

    def finished(self) -> List[Result]:
        if self.problem:
            raise self.problem
        if len(self.results) != len(self.sources):
            raise RuntimeError(f"{len(self.sources)} photos have {len(self.results)} results")
        return [self.results[i] for i in range(len(self.sources))]

    def _next(self, _: Any, photo: Any) -> bool:
        try:
            if self.is_over or self.given == len(self.sources):
                return False
            path, data = self.sources[self.given]
            photo[0].path, photo[0].bytes, photo[0].size = path, data, len(data or b"")
            photo[0].number = self.first + self.given
            self.given += 1
            return True
        except BaseException as problem:
            return self._end(problem)

    def _take(self, _: Any, photo: Any, result: Any, error: Any) -> bool:
        try:
            # The library has added the option first_photo to the number.
            place = ctypes.c_size_t(photo[0].number - self.first_photo - self.first).value
            self.results[place] = _result_of(result[0])
            return not self.is_over
        except BaseException as problem:
            return self._end(problem)

    def _stop(self, _: Any) -> bool:
        return self.is_over

    def _end(self, problem: BaseException) -> bool:
        """Keeps an exception, which ctypes would lose, for the caller."""
        self.problem, self.is_over = problem, True
        return False


class Captioner:
    """A model prepared once. Threads may share it: they take turns.

    What a handler of a signal raises, such as KeyboardInterrupt, ends a call; others may follow.
    The child of a fork may use the captioners of its parent; those in use at the fork are closed there.
    """

    def __init__(self, model: Optional[str] = None, **options: Unpack[Options]) -> None:
        """Opens a model, by default the one that came with the package or that $CAPTION_MODEL names.

        Raises Error if that fails or an option is out of range.
        """
        self._model = self._captioner = self._session = None
        self._turn = threading.Lock()
        _captioners.add(self)
        self._library = lib.load()
        settings = self._library.caption_options_default()
        for name, value in options.items():
            if name not in TYPES:
                raise TypeError(f"there is no option {name!r}")
            setattr(settings, name, _option(name, value))
        self._first_photo = settings.first_photo
        path = path_of(model) if model is not None else lib.default_model()
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

    def _come_to_child(self) -> None:
        """A thread of the parent that had the turn is not in the child, and never gives it back."""
        if self._turn.locked():
            self._turn = threading.Lock()
            self._model = self._captioner = self._session = None

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

    def _run(self, sources: List[Source], first: int) -> List[Result]:
        run = _Run(sources, first, self._first_photo)
        thread = threading.Thread(target=self._stream, args=(run,))
        try:
            thread.start()
            thread.join()
        except BaseException:
            run.is_over = True  # the library returns soon
            if thread.is_alive():
                thread.join()
            raise
        return run.finished()

    def _stream(self, run: _Run) -> None:
        """On a thread of its own, which has the turn until the library has returned."""
        while not self._turn.acquire(timeout=0.1):
            if run.is_over:
                return
        try:
            run.caption(self._library, self._session)
        except BaseException as problem:
            run.problem = problem
        finally:
            self._turn.release()
