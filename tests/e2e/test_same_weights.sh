#!/bin/sh
# The same seed gives the same weights, bit for bit, with 1, 2 or 5 threads and with 2 or 3 processes
# under mpirun; another seed gives others. In all phases: text, frozen encoder,
# both, self-critical.
. "$(dirname "$0")/lib.sh"

shapes "$work"
for i in 1 2 3 4 5 6; do
    echo "a red tower on a green wall"
    echo "a blue wall and a red-green tower on grey"
done >"$work/text.txt"

run train "$work/dataset.json" --val "$work/dataset.json" --images "$work/images" \
    -o "$work/start.safetensors" --encoder-arch tiny --image-size 32 --hidden 16 --embed 16 \
    --min-count 1 --epochs 2 --freeze-encoder 0
expect 0 "an encoder to start from"

# Micro-batches of 3 of 10 photos: 4 lanes, which no number of threads here divides evenly.
train() { # NAME FLAGS... ; $launcher goes before the program
    name=$1
    shift
    mkdir "$work/$name"
    status=0
    # shellcheck disable=SC2086
    $launcher "$program" train "$work/dataset.json" --val "$work/dataset.json" --images "$work/images" \
        -o "$work/$name/model.safetensors" --encoder "$work/start.safetensors" --encoder-arch tiny \
        --image-size 32 --hidden 32 --embed 32 --min-count 1 --batch-size 10 --micro-batch 3 --tbptt 4 \
        --text "$work/text.txt" --text-epochs 2 --epochs 5 --freeze-encoder 2 --self-critical 2 --dropout 0.3 \
        --image-dropout 0.2 --drop-path 0.3 --weight-decay 0.01 --average 0.9 "$@" >"$out" 2>"$err" </dev/null || status=$?
    expect 0 "trained: $name"
    tensors "$work/$name/model.safetensors" >"$work/$name/tensors"
    [ -s "$work/$name/tensors" ] || fail "a model without tensors: $name"
}

same() { # NAME OTHER
    if cmp -s "$work/${2:-one_thread}/tensors" "$work/$1/tensors"; then
        ok "the weights of $1 are those of ${2:-one_thread}"
    else
        fail "the weights of $1 are those of ${2:-one_thread}"
    fi
}

launcher=
train one_thread --threads 1 --seed 5
train two_threads --threads 2 --seed 5
train five_threads --threads 5 --seed 5
same two_threads
same five_threads
train another_seed --threads 2 --seed 6
cmp -s "$work/one_thread/tensors" "$work/another_seed/tensors" &&
    fail "another seed gives other weights"

train every_step --threads 1 --seed 5 --image-input every
train every_step_three_threads --threads 3 --seed 5 --image-input every
same every_step_three_threads every_step
cmp -s "$work/one_thread/tensors" "$work/every_step/tensors" &&
    fail "an image seen at every step gives other weights"

# Synthetic features of text.
train synthetic --threads 1 --seed 5 --text-captions 2 --self-critical-synthetic 2
train synthetic_three_threads --threads 3 --seed 5 --text-captions 2 --self-critical-synthetic 2
same synthetic_three_threads synthetic
expect_in "$err" "what words look like was learned from"
[ "$(grep -c "^[0-9/]*	synthetic	.*	[0-9.]*	" "$out")" -eq 2 ] || fail "synthetic epochs are validated"
cmp -s "$work/one_thread/tensors" "$work/synthetic/tensors" &&
    fail "synthetic features of text give other weights"
[ "$(grep -c "^[0-9/]*	self-critical, synthetic	" "$out")" -eq 2 ] ||
    fail "synthetic features are rewarded as well"

if ! command -v mpirun >/dev/null; then
    skip "no mpirun here: training with several processes is not tested"
    finish
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for processes in 2 3 6; do
    launcher="mpirun -q --oversubscribe -n $processes"
    train "${processes}_processes" --threads 1 --seed 5
    same "${processes}_processes"
    train "${processes}_processes_synthetic" --threads 1 --seed 5 --text-captions 2 --self-critical-synthetic 2
    same "${processes}_processes_synthetic" synthetic
    expect_lines "$out" 12
done

# What fails in one process ends all of them.
launcher="timeout 60 mpirun -q --oversubscribe -n 2"
status=0
$launcher "$program" train "$work/nothing.json" -o "$work/none.safetensors" >"$out" 2>"$err" </dev/null ||
    status=$?
[ "$status" -ne 0 ] && [ "$status" -ne 124 ] || fail "processes that cannot start end at once"

finish
