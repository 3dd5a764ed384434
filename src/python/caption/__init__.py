"""Describe photos in a sentence: offline, on an ordinary CPU.

    import caption
    captioner = caption.Captioner()
    print(captioner.caption("dog.jpg"))
    for result in captioner.results(paths):
        print(result.error or result.captions[0].text)

A photo is a path, the bytes of a file, a file object, a PIL image, or an array of 8-bit pixels of shape
(height, width), (height, width, 3) or (height, width, 4), such as numpy's.
"""

from ._captioner import Caption, Captioner, Error, Options, Result, Tag
from ._photo import Photo

__all__ = ["Caption", "Captioner", "Error", "Options", "Photo", "Result", "Tag"]
