#!/usr/bin/env python3
"""Draws curves that run.sh measured, as one SVG file.

    python3 tests/bench/curves.py OUT.svg TITLE XLABEL YLABEL [--log] <SERIES

Standard input has lines "SERIES<tab>X<tab>Y"; a series whose name ends in " (on paper)" is dashed. Axes begin
at zero; --log makes both logarithmic, to the base of 2.
"""
import math
import sys
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 70, 150, 44, 56
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b")


def read_series(lines):
    series = {}
    for line in lines:
        name, x, y = line.rstrip("\n").split("\t")
        series.setdefault(name, []).append((float(x), float(y)))
    return {name: sorted(points) for name, points in series.items()}


def round_steps(largest, steps=5):
    """Marks from zero to `largest` or a little beyond, at round numbers."""
    raw = largest / steps
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    return [i * step for i in range(math.ceil(largest / step - 1e-9) + 1)]


def doubling_steps(numbers):
    low, high = math.floor(math.log2(min(numbers))), math.ceil(math.log2(max(numbers)))
    return [2.0**i for i in range(low, max(high, low + 1) + 1)]


class Axis:
    def __init__(self, numbers, begin, end, logarithmic):
        self.marks = doubling_steps(numbers) if logarithmic else round_steps(max(numbers))
        self.scale = math.log2 if logarithmic else float
        self.begin, self.end = begin, end

    def place(self, number):
        low, high = self.scale(self.marks[0]), self.scale(self.marks[-1])
        return self.begin + (self.scale(number) - low) / (high - low) * (self.end - self.begin)


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def grid(across, up):
    left, right = across.begin, across.end
    for mark in across.marks:
        x = across.place(mark)
        yield f'<path d="M{x:.1f} {up.end:.1f}V{up.begin:.1f}" stroke="#ddd"/>'
        yield text(x, up.begin + 18, f"{mark:g}")
    for mark in up.marks:
        y = up.place(mark)
        yield f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="#ddd"/>'
        yield text(left - 8, y + 4, f"{mark:g}", "end")


def spread(places, least=15):
    """The same heights, moved down where they would stand upon each other."""
    moved, last = {}, -math.inf
    for name, y in sorted(places.items(), key=lambda item: item[1]):
        last = moved[name] = max(y, last + least)
    return moved


def curves(series, across, up):
    heights = spread({name: up.place(points[-1][1]) for name, points in series.items()})
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = "L".join(f"{across.place(x):.1f} {up.place(y):.1f}" for x, y in points)
        dashes = ' stroke-dasharray="6 4"' if name.endswith(" (on paper)") else ""
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        if not dashes:
            for x, y in points:
                yield f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="3" fill="{colour}"/>'
        x = across.place(points[-1][0]) + 8
        yield text(x, heights[name] + 4, name, "start", f' fill="{colour}"')


def draw(title, xlabel, ylabel, series, logarithmic):
    points = [point for points in series.values() for point in points]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT, logarithmic)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP, logarithmic)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    yield ' font-family="sans-serif" font-size="12">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    yield text(LEFT, 22, title, "start", ' font-size="15" font-weight="bold"')
    yield from grid(across, up)
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, xlabel)
    yield text(16, middle, ylabel, "middle", f' transform="rotate(-90 16 {middle:.1f})"')
    yield from curves(series, across, up)
    yield "</svg>"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--log"]
    if len(arguments) != 4:
        sys.exit("curves.py: expected a path, a title and the labels of both axes")
    series = read_series(sys.stdin)
    if not series:
        sys.exit("curves.py: expected lines of series, x and y, but found none")
    with open(arguments[0], "w", encoding="utf-8") as file:
        for line in draw(*arguments[1:], series, "--log" in sys.argv):
            file.write(line + "\n")


if __name__ == "__main__":
    main()
