#!/bin/sh
# The Python package, on the library that was built: python_check.py in a virtual environment, which is
# kept in the build folder.
. "$(dirname "$0")/lib.sh"

build=$(dirname "$program")
if [ ! -e "$build/libcaption.so" ] || [ ! -f "$weights" ] || ldd "$program" | grep -q libasan; then
    skip "no libcaption.so beside the program, no weights, or sanitizers"
    finish
fi

# The weights of packages that only caption: the same captions without the search part; packed, the same bytes.
only=$source_tree/src/package/captions_only.py
photo=$(dirname "$0")/gradient.jpg
python3 "$only" "$weights" "$work/only.safetensors" || fail "captions_only.py"
for model in "$weights" "$work/only.safetensors"; do
    run -m "$model" --json --top 3 --tags "$photo"
    expect 0 "a photo is captioned with $model"
    mv "$out" "$work/${model##*/}.json"
done
cmp -s "$work/caption.safetensors.json" "$work/only.safetensors.json" || fail "without the search part: the same captions"
run index -m "$work/only.safetensors" "$photo" -o "$work/index"
expect 2 "without the search part nothing is searched"
expect_in "$err" "search"
python3 "$only" --packed "$weights" "$work/only.packed" || fail "captions_only.py --packed"
python3 - "$work/only.packed" "$work/only.safetensors" <<'END' || fail "packed weights are the same bytes"
import gzip, sys
apart, model = gzip.open(sys.argv[1]).read(), open(sys.argv[2], "rb").read()
start = 8 + int.from_bytes(model[:8], "little")
sys.exit(apart != model[:start] + model[start::2] + model[start + 1 :: 2])
END

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
