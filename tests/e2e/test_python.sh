#!/bin/sh
# The Python package, on the library that was built: python_check.py in a virtual environment, which is
# kept in the build folder.
. "$(dirname "$0")/lib.sh"

build=$(dirname "$program")
if [ ! -e "$build/libcaption.so" ] || [ ! -f "$weights" ] || ldd "$program" | grep -q libasan; then
    skip "no libcaption.so beside the program, no weights, or sanitizers"
    finish
fi
python=$build/python/bin/python
if ! "$python" -c "import numpy, PIL, pytest" 2>/dev/null &&
    ! { python3 -m venv "$build/python" && timeout 120 "$build/python/bin/pip" install -q \
        --disable-pip-version-check numpy pillow pytest; } >"$work/log" 2>&1; then
    skip "no Python 3 with venv, or no network for numpy, pillow and pytest: $(tail -n 1 "$work/log")"
    finish
fi
CAPTION_PROGRAM=$program CAPTION_MODEL=$weights CAPTION_INCLUDE=$source_tree/src LD_LIBRARY_PATH=$build \
    PYTHONPATH=$source_tree/src/python PYTHONDONTWRITEBYTECODE=1 \
    "$python" "$source_tree/tests/e2e/python_check.py" || fail "python_check.py"
finish
