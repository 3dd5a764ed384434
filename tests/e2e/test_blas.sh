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

finish
