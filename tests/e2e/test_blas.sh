#!/bin/sh
# OpenBLAS is loaded when a product is wanted and not before; where it cannot be, that is an error
# that says so.
. "$(dirname "$0")/lib.sh"

# A library of that name without a function in it.
fake=$work/fake
mkdir "$fake"
name=$(grep -ao 'libopenblas[[:alnum:]._-]*\.so\.[0-9]*' "$program" | head -n 1)
if [ -z "$name" ] || ! echo | cc -shared -x c -o "$fake/$name" -Wl,-soname,"$name" -; then
    fail "no OpenBLAS to put aside: '$name'"
    finish
fi

without_blas() {
    LD_LIBRARY_PATH=$fake${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} run "$@"
}

without_blas --help
expect 0 "help is given without OpenBLAS"
without_blas info "$weights"
expect 0 "a model is described without OpenBLAS"

square "$work/square.ppm" 64 200 30 30
without_blas "$work/square.ppm"
expect 0 "a photo is captioned without OpenBLAS"
expect_lines "$out" 1

shapes "$work/shapes"
without_blas eval "$work/shapes/dataset.json" --images "$work/shapes/images" --split all
expect 0 "captions are scored without OpenBLAS"
without_blas train "$work/shapes/dataset.json" --images "$work/shapes/images" \
    -o "$work/model.safetensors" --encoder-arch tiny --epochs 1
expect 1 "training without OpenBLAS is an error"
expect_in "$err" "OpenBLAS ($name) cannot be loaded: $fake/$name"

# --- without the memory that its buffers take, which it asks for again for ever

train_within() { # KILOBYTES THREADS
    status=0
    (
        ulimit -v "$1"
        timeout -k 1 60 "$program" train "$work/shapes/dataset.json" --images "$work/shapes/images" \
            -o "$work/model.safetensors" --encoder-arch tiny --epochs 1 -t "$2"
    ) >"$out" 2>"$err" </dev/null || status=$?
}

if [ -n "${CAPTION_FAILING_MEMORY:-}" ]; then
    for limit in 100000 150000 200000 250000 300000 400000; do
        train_within $limit 1
        [ "$status" -le 1 ] || fail "training within $limit kB: exit status $status"
    done
    train_within 100000 1
    expect 1 "training within 100 MB ends"
    expect_in "$err" OpenBLAS bytes
    train_within 700000 16
    expect 1 "16 threads within 700 MB end"
    expect_in "$err" OpenBLAS "16 threads" --threads
else
    skip "sanitizers need more memory than a limit leaves"
fi

finish
