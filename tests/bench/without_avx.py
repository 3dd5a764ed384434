#!/usr/bin/env python3
"""A copy of ONNX Runtime that believes that the processor has no AVX, for run.sh: it has no setting for that.

    python3 tests/bench/without_avx.py FOLDER

Copies the installed package to FOLDER and replaces every cpuid instruction that objdump finds in its library by
ud2, which has as many bytes. With preload/no_avx.c loaded before it (LD_PRELOAD), these are answered as the processor
does, without AVX. Nothing else is changed.
"""
import pathlib
import re
import shutil
import subprocess
import sys

CPUID, UD2 = b"\x0f\xa2", b"\x0f\x0b"
LIBRARY = "capi/onnxruntime_pybind11_state*.so"


def text_section(path):
    """Address and place in the file of .text."""
    lines = subprocess.run(["objdump", "-h", path], check=True, capture_output=True, text=True)
    for line in lines.stdout.splitlines():
        fields = line.split()
        if len(fields) > 5 and fields[1] == ".text":
            return int(fields[3], 16), int(fields[5], 16)
    sys.exit(f"without_avx.py: {path}: expected a section .text, found none")


def cpuid_addresses(path):
    command = ["objdump", "-d", "--no-show-raw-insn", "-j", ".text", path]
    found = re.compile(r"^ *([0-9a-f]+):\s+cpuid\b")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        return [int(m.group(1), 16) for line in process.stdout if (m := found.match(line))]


def main():
    if len(sys.argv) != 2:
        sys.exit("without_avx.py: expected a folder")
    import onnxruntime

    folder = pathlib.Path(sys.argv[1])
    copy = folder / "onnxruntime"
    shutil.copytree(pathlib.Path(onnxruntime.__file__).parent, copy)
    library = next(copy.glob(LIBRARY))
    address, place = text_section(library)
    code = bytearray(library.read_bytes())
    addresses = cpuid_addresses(library)
    for at in addresses:
        start = at - address + place
        if code[start : start + 2] != CPUID:
            sys.exit(f"without_avx.py: {library}: expected cpuid at {at:#x}, found {code[start : start + 2].hex()}")
        code[start : start + 2] = UD2
    if not addresses:
        sys.exit(f"without_avx.py: {library}: expected cpuid instructions, found none")
    library.write_bytes(code)
    print(f"without_avx.py: {len(addresses)} cpuid instructions replaced in {library}", file=sys.stderr)


if __name__ == "__main__":
    main()
