#!/bin/sh
# The Python package, on the library that was built: python_check.py in a virtual environment, which is
# kept in the build folder.
. "$(dirname "$0")/lib.sh"

build=$(dirname "$program")
if [ ! -e "$build/libcaption.so" ] || [ ! -f "$weights" ] || ldd "$program" | grep -q libasan; then
    skip "no libcaption.so beside the program, no weights, or sanitizers"
    finish
fi

# The weights of packages that only caption: the same captions without the search part; packed, nearly
# the same numbers.
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
python3 - "$work/only.packed" "$work/only.safetensors" <<'END' || fail "packed weights: only small numbers of the decoder lose digits"
import gzip, json, struct, sys
def parts(model):
    start = 8 + int.from_bytes(model[:8], "little")
    return json.loads(model[8:start]), model[start:]
header, apart = parts(gzip.open(sys.argv[1]).read())
numbers = parts(open(sys.argv[2], "rb").read())[1]
packed = bytearray(len(numbers))
packed[0::2], packed[1::2] = apart[: len(apart) // 2], apart[len(apart) // 2 :]
shifts = map(int, header.pop("__metadata__")["shifts"].split())
value = lambda code: struct.unpack("<e", struct.pack("<H", code))[0]
codes = lambda tensor, of: memoryview(of)[slice(*tensor["data_offsets"])].cast("H")
for (name, tensor), shift in zip(header.items(), shifts, strict=True):
    for was, code in set(zip(codes(tensor, numbers), codes(tensor, packed))):
        if shift == 0:
            assert was == code, name
            continue
        lost = abs(value(was) - value(code) * 2.0**shift)
        small = abs(value(was)) < 2.0 ** (shift - 14)
        assert name.startswith("decoder.") and lost <= small * 2.0 ** (shift - 25), (name, value(was), lost)
END

python=$build/python/bin/python
if ! "$python" -c "import numpy, PIL, pytest" 2>/dev/null &&
    ! { python3 -m venv "$build/python" && timeout 120 "$build/python/bin/pip" install -q \
        --disable-pip-version-check --no-compile numpy pillow pytest; } >"$work/log" 2>&1; then
    skip "no Python 3 with venv, or no network for numpy, pillow and pytest: $(tail -n 1 "$work/log")"
    finish
fi
CAPTION_PROGRAM=$program CAPTION_MODEL=$weights CAPTION_INCLUDE=$source_tree/src LD_LIBRARY_PATH=$build \
    PYTHONPATH=$source_tree/src/python PYTHONDONTWRITEBYTECODE=1 \
    "$python" "$source_tree/tests/e2e/python_check.py" || fail "python_check.py"
finish
