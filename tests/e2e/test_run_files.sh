#!/bin/sh
# The files of a run. What would destroy one of them, or fail hours later, is an error before the work;
# a run that goes on says from where, and one that cannot go on as it was begun says why not.
. "$(dirname "$0")/lib.sh"

shapes "$work"
yes "a red tower on a green wall" | head -n 40 >"$work/text.txt"
echo "a red" >"$work/short.txt"
data=$work/dataset.json
model=$work/model.safetensors
sizes="--encoder-arch tiny --image-size 32 --hidden 16 --embed 16 --min-count 1 --batch-size 20 --threads 2"

# train FLAGS...: a flag that stands twice counts as the last says.
train() {
    # shellcheck disable=SC2086
    run train "$data" --val "$data" --images "$work/images" -o "$model" $sizes --epochs 2 \
        --freeze-encoder 1 "$@"
}

# refused WHAT FLAGS...: told without work, and nothing is left behind.
refused() {
    what=$1
    shift
    train "$@"
    [ "$status" -ne 0 ] && [ "$status" -lt 3 ] || fail "$what is refused: exit status $status"
    grep -q "will take about" "$err" && fail "$what is refused before the work"
    grep -q '^{"images"' "$data" || fail "$what leaves the data set whole"
    [ -z "$(find "$work" -name 'model.safetensors*')" ] || fail "$what leaves no file"
    ok "$what is refused"
}

refused "a checkpoint in the output's place" --checkpoint "$model"
expect_in "$err" "is to be both --output and --checkpoint of the run"
refused "the same by another path" --checkpoint "$work/images/../model.safetensors"
expect_in "$err" "is to be both --output and --checkpoint of the run"
refused "features in the output's place" --features "$model"
refused "features in the checkpoint's place" --features "$work/a" --checkpoint "$work/a"
refused "an output in the data set's place" -o "$data"
expect_in "$err" "is to be both --output and the data set of the run"
refused "a checkpoint in a text's place" --text "$work/short.txt" "$work/text.txt" --checkpoint "$work/text.txt"
expect_in "$err" "is to be both --checkpoint and the text of the run"
refused "a folder as the output" -o "$work/images" --checkpoint "$work/a" --features "$work/b"
expect_in "$err" "is a directory"
refused "an output in a folder that is not there" -o "$work/none/m" --checkpoint "$work/a" --features "$work/b"
expect_in "$err" "$work/none/m: cannot create a file beside it"
refused "an output without a name" -o ""
expect_in "$err" "--output is missing"

train --text "$work/short.txt"
expect 2 "text too short for its rows is refused"
expect_in "$err" "its 2 words are too few to be read in 100 parts"
[ ! -e "$model" ] || fail "text too short leaves no model"
train --text "$work/text.txt" --batch-size 2 --tbptt 1000000
expect 0 "windows longer than the text are as long as it is"
expect_lines "$out" 4

# A run that goes on although there is nothing to go on from.
train --resume
expect 0 "--resume without a checkpoint starts anew"
expect_in "$err" "model.safetensors.checkpoint: no such checkpoint" "starting anew"
rm "$model"
train --resume
expect 0 "the same without an output"
grep -q "starting anew" "$err" && fail "there is nothing to say of where nothing is written over"

# A run that is interrupted once the encoder learns: a row of the third epoch is out.
long="--epochs 400 --freeze-encoder 2"
interrupt() { # FLAGS...
    : >"$out"
    # shellcheck disable=SC2086
    "$program" train "$data" --val "$data" --images "$work/images" -o "$model" $sizes $long "$@" >"$out" \
        2>"$err" </dev/null &
    job=$!
    await "$out" "learns"
    kill -INT "$job"
    status=0
    wait "$job" || status=$?
}
interrupt
expect 130 "Ctrl-C ends the run once the encoder learns"
checkpoint=$model.checkpoint
cp "$checkpoint" "$work/good"

# shellcheck disable=SC2086
train --resume $long --hidden 8
expect 2 "another size than the checkpoint's is refused"
expect_in "$err" "--hidden 8: contradicts" "$checkpoint" "hidden size is 16"
# shellcheck disable=SC2086
train --resume $long --cell gru
expect 2 "another cell than the checkpoint's is refused"
# shellcheck disable=SC2086
train --resume $long --image-input every
expect 2 "another image input than the checkpoint's is refused"
expect_in "$err" "--image-input every: contradicts" "$checkpoint" "image input is first"
# shellcheck disable=SC2086
run train "$data" --val "$data" --images "$work/images" -o "$model" --resume --init "$work/start.safetensors"
expect 2 "a captioner to start from is refused where the run began with a random one"
expect_in "$err" "--init was not there when that run began and is $work/start.safetensors now"
cmp -s "$checkpoint" "$work/good" || fail "a refused run leaves the checkpoint as it was"

# Places where no run can be; the length of the header stays.
misplace() { # PATTERN REPLACEMENT MESSAGE
    sed "s/$1/$2/" "$work/good" >"$checkpoint"
    cmp -s "$checkpoint" "$work/good" && fail "the place is found in the checkpoint: $1"
    # shellcheck disable=SC2086
    train --resume $long
    expect 1 "a place that cannot be is refused: $2"
    expect_in "$err" "$checkpoint: no checkpoint of a run: $3"
}
misplace "epoch \([0-9]*\) step" "epoch \10step" "its history does not end at its place"
misplace "step \([0-9]*\) updates" "step \19updates" "its place in the data cannot be read"
cp "$work/good" "$checkpoint"

# The features were those of an encoder that has learned since: a run that goes on leaves them be.
cp "$model.features" "$work/features"
rm "$model"
interrupt --resume
expect 130 "the run that goes on can be interrupted again"
expect_in "$err" "going on after step" "model.safetensors is gone"
grep -q "features of" "$err" && fail "no features are computed once the encoder learns"
cmp -s "$model.features" "$work/features" || fail "the features' file is as it was"
"$program" info "$model" >/dev/null || fail "an output that was gone is written anew"

# A run on a captioner: it goes on with that and no other, whether its name is given again or not.
tiny_model "$work/start.safetensors"
tune() { # FLAGS...
    : >"$out"
    "$program" train "$data" --val "$data" --images "$work/images" -o "$work/tuned" --epochs 400 --batch-size 20 \
        --freeze-encoder 2 "$@" >"$out" 2>"$err" </dev/null &
    job=$!
    await "$out" "learns"
    kill -INT "$job" 2>/dev/null
    status=0
    wait "$job" || status=$?
}
tune --init "$work/start.safetensors" --vocab keep
expect 130 "a run on a captioner is interrupted"
refused_start() { # WAS FLAGS...: the last two are another start
    was=$1
    shift
    run train "$data" --val "$data" --images "$work/images" -o "$work/tuned" --epochs 400 --batch-size 20 \
        --freeze-encoder 2 --resume "$@"
    expect 2 "another start is refused: $1"
    expect_in "$err" "$work/tuned.checkpoint: " "${1#--} was $was when that run began and is $2 now: a run is resumed as it was begun"
}
refused_start "$work/start.safetensors" --init "$work/model.safetensors"
refused_start keep --vocab extend
refused_start "not there" --mean-with "$work/model.safetensors"
refused_start 0.0003 --lr 0.1
tune --resume --init "$work/start.safetensors" --vocab keep
expect 130 "the same start goes on"
expect_in "$err" "going on after step"
tune --resume
expect 130 "so does one that is not named again"
expect_in "$err" "going on after step"

if ! command -v mpirun >/dev/null; then
    skip "no mpirun here: processes that set out differently are not tested"
    finish
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
differently() { # WHAT FLAGS...: of the second process
    what=$1
    shift
    status=0
    # shellcheck disable=SC2086
    timeout 60 mpirun -q --oversubscribe \
        -n 1 "$program" train "$data" --images "$work/images" -o "$work/mpi" $sizes --epochs 1 : \
        -n 1 "$program" train "$data" --images "$work/images" -o "$work/mpi" $sizes --epochs 1 "$@" \
        >"$out" 2>"$err" </dev/null || status=$?
    [ "$status" -ne 0 ] && [ "$status" -ne 124 ] || fail "processes with $what are refused: exit status $status"
    expect_in "$err" "process 1 does not set out as the first one does"
}
differently "other options" --lr 0.1
differently "other photos" --split-seed 7
differently "another use of the image" --image-input every

finish
