#!/usr/bin/env python3
"""The peer of bench_photos: a JPEG in memory decoded and resized to 224 x 224 by OpenCV.

    python3 tests/bench/photos_peer.py PHOTO.jpg

Decoded whole or at 1/2, 1/4, 1/8 (where at least 224 pixels of each side are left), then INTER_AREA;
one thread; turned from BGR to RGB and scaled to floats, as ours is. Prints the milliseconds of the
fastest, and which it was. Needs Debian's python3-opencv.
"""
import sys
import time

import cv2
import numpy

SIDE, ROUNDS = 224, 15
FLAGS = {
    "whole": (1, cv2.IMREAD_COLOR),
    "at 1/2": (2, cv2.IMREAD_REDUCED_COLOR_2),
    "at 1/4": (4, cv2.IMREAD_REDUCED_COLOR_4),
    "at 1/8": (8, cv2.IMREAD_REDUCED_COLOR_8),
}


def load(data, flag):
    photo = cv2.resize(cv2.imdecode(data, flag), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return (cv2.cvtColor(photo, cv2.COLOR_BGR2RGB).astype(numpy.float32) - 127) / 128


def milliseconds(data, flag):
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        load(data, flag)
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def main():
    if len(sys.argv) != 2:
        sys.exit("photos_peer.py: expected a photo")
    cv2.setNumThreads(1)
    data = numpy.fromfile(sys.argv[1], numpy.uint8)
    height, width = cv2.imdecode(data, cv2.IMREAD_COLOR).shape[:2]
    smaller = min(width, height)
    times = {
        name: milliseconds(data, flag)
        for name, (factor, flag) in FLAGS.items()
        if factor == 1 or smaller >= SIDE * factor
    }
    name = min(times, key=times.get)
    print(f"{times[name]:.3f} {name}")


if __name__ == "__main__":
    main()
