#!/bin/sh
# A run that is killed goes on where it was: SIGKILL at random moments, twenty times, then the very
# bytes of a run that nobody disturbed. Ctrl-C saves and says how to go on. A full disk, a folder that
# cannot be written to and a checkpoint cut short are clear errors that leave the last good one whole.
. "$(dirname "$0")/lib.sh"

shapes "$work"
for i in 1 2 3 4 5 6 7 8; do
    echo "a red tower on a green wall"
    echo "a blue wall and a red-green tower on grey"
    echo "grey on grey, a zebra"
done >"$work/text.txt"

# The same command line each time: it is part of the model, but for --resume, which the run that nobody disturbs
# goes without. Four phases, with micro-batches that no number of threads divides evenly. The process tells its
# number, so that it can be killed.
train() { # FOLDER FLAGS...
    folder=$work/$1
    shift
    # shellcheck disable=SC2016,SC2086
    (cd "$folder" && exec $as_user sh -c 'echo $$ >../pid && exec "$@"' sh "$work/caption" train dataset.json \
        -o model.safetensors $resume --images images --val dataset.json \
        --text text.txt --text-epochs 15 --encoder ../start.safetensors --encoder-arch tiny \
        --image-size 32 --hidden 32 --embed 32 --min-count 1 --batch-size 10 --micro-batch 3 --epochs 50 \
        --freeze-encoder 25 --self-critical 10 --dropout 0.3 --image-dropout 0.2 --drop-path 0.3 \
        --weight-decay 0.01 --average 0.9 --tbptt 4 \
        --checkpoint-minutes 0 --threads 2 "$@") >"$out" 2>"$err" </dev/null
}

# begin FOLDER FLAGS...: the same in the background. What the run before left must not be taken for its own.
begin() {
    : >"$work/pid"
    : >"$err"
    train "$@" &
}

as_user=
resume=--resume
cp "$program" "$work/caption"
touch "$work/pid"
chmod 666 "$work/pid"
chmod 755 "$work"
run train "$work/dataset.json" --val "$work/dataset.json" --images "$work/images" -o "$work/start.safetensors" \
    --encoder-arch tiny --image-size 32 --hidden 16 --embed 16 --min-count 1 --epochs 2 --freeze-encoder 0
expect 0 "an encoder to start from"

folder() { # NAME
    mkdir "$work/$1"
    ln -s ../images ../dataset.json ../text.txt "$work/$1"
}

# A run that nobody disturbs; sets the milliseconds it takes.
run_quietly() { # FLAGS...
    folder quiet
    begun=$(date +%s%N)
    status=0
    resume=
    train quiet "$@" || status=$?
    resume=--resume
    milliseconds=$((($(date +%s%N) - begun) / 1000000))
    expect 0 "a run that nobody disturbs"
    cp "$out" "$work/quiet.txt"
    [ ! -e "$work/quiet/model.safetensors.checkpoint" ] || fail "the checkpoint is removed at the end"
}

same_model() { # WHAT
    if cmp -s "$work/quiet/model.safetensors" "$work/killed/model.safetensors"; then
        ok "$1: its model is that of the quiet run, byte for byte"
    else
        fail "$1: its model is that of the quiet run"
    fi
}

# The same run killed TIMES times, each at a moment that is drawn anew: now and then while it starts,
# else so soon after its first step that a whole run has room for four times as many of them. One that ends all the
# same, on a machine that has become faster, is begun anew.
run_killed() { # TIMES FLAGS...
    times=$1
    shift
    folder killed
    kills=0
    going_on=0
    ended=0
    until [ "$kills" -eq "$times" ] || [ "$ended" -eq 5 ]; do
        begin killed "$@"
        await "$work/pid" .
        [ $((kills % 5)) -eq 0 ] || await "$err" '^going on\|will take about'
        sleep "$(awk -v seed="$kills" -v most="$milliseconds" -v times="$times" 'BEGIN {
            srand(seed)
            printf "%.3f", rand() * most / 2000 / times
        }')"
        if ! kill -KILL "$(cat "$work/pid")" 2>/dev/null; then
            wait
            ended=$((ended + 1))
            same_model "ended after $kills kills"
            rm -r "$work/killed"
            folder killed
            continue
        fi
        { wait; } 2>/dev/null
        kills=$((kills + 1))
        grep -q '(null)' "$err" && fail "a phase without a name: $(grep '(null)' "$err")"
        grep -q '^going on after step' "$err" && going_on=$((going_on + 1))
        [ -e "$work/killed/model.safetensors.checkpoint" ] || continue
        "$work/caption" info "$work/killed/model.safetensors.checkpoint" >/dev/null ||
            fail "a checkpoint is whole whenever the run is killed"
    done
    status=0
    train killed "$@" || status=$?
    expect 0 "the run killed $kills times ($going_on of them went on from a checkpoint) ends"
    [ "$kills" -eq "$times" ] ||
        fail "killed $kills times, $times wanted: the run is too short for this machine"
    [ "$going_on" -ge $((times / 2)) ] || fail "only $going_on runs of $kills went on from a checkpoint"
    same_model "killed $kills times"
    tail -n 1 "$work/quiet.txt" | cut -f 1-7 >"$work/quiet.row"
    tail -n 1 "$out" | cut -f 1-7 | cmp -s - "$work/quiet.row" || {
        fail "the last epoch of both runs brought the same"
        explain
    }
}

# Synthetic features of the text, rewarded too.
synthetic='--text-captions 3 --self-critical-synthetic 10'
# shellcheck disable=SC2086
run_quietly $synthetic
# shellcheck disable=SC2086
run_killed 10 $synthetic
rm -r "$work/quiet" "$work/killed"

run_quietly
run_killed 20

# From here on: one run that is interrupted, and what can happen to its checkpoint.
folder stopped
checkpoint=$work/stopped/model.safetensors.checkpoint
interrupt() { # SIGNAL
    begin stopped
    job=$!
    await "$err" 'will take about'
    sleep 0.2
    kill "-$1" "$(cat "$work/pid")"
    status=0
    wait "$job" || status=$?
}
interrupt INT
expect 130 "Ctrl-C ends the run"
expect_in "$err" "interrupted after step" "--resume" "model.safetensors.checkpoint"
[ -s "$checkpoint" ] || fail "Ctrl-C leaves a checkpoint"
interrupt TERM
expect 130 "SIGTERM ends the run"
expect_in "$err" "going on after step" "interrupted after step"
cp "$checkpoint" "$work/good"

run train "$work/stopped/dataset.json" -o "$work/stopped/model.safetensors" --images "$work/images"
expect 2 "without --resume a checkpoint is not run over"
expect_in "$err" "--resume" "remove it"
status=0
train stopped --lr 0.5 || status=$?
expect 2 "other settings are refused"
expect_in "$err" "lr was 0.001" "is 0.5 now"
cmp -s "$checkpoint" "$work/good" || fail "a refused run leaves the checkpoint as it was"

head -c 20000 "$work/good" >"$checkpoint"
status=0
train stopped || status=$?
expect 1 "a checkpoint cut short is refused"
expect_in "$err" "model.safetensors.checkpoint"
cp "$work/good" "$checkpoint"

# A disk that takes no more: no file may grow beyond 8 kB (writing on is an error, not a signal).
status=0
(
    trap '' XFSZ
    ulimit -f 16
    train stopped
) || status=$?
expect 1 "a full disk ends the run"
expect_in "$err" "model.safetensors.checkpoint: cannot write"
cmp -s "$checkpoint" "$work/good" || fail "a full disk leaves the last good checkpoint"
[ "$(find "$work/stopped" -name '*.checkpoint.*' | wc -l)" -eq 0 ] || fail "a full disk leaves no half file"

# Root may write anywhere; so let it be somebody else.
[ "$(id -u)" -ne 0 ] || as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod a-w "$work/stopped"
status=0
train stopped || status=$?
chmod u+w "$work/stopped"
as_user=
expect 1 "a read-only folder ends the run"
expect_in "$err" "cannot create a file beside it"
cmp -s "$checkpoint" "$work/good" || fail "a read-only folder leaves the last good checkpoint"

status=0
train stopped || status=$?
expect 0 "after all that the run ends well"
cmp -s "$work/quiet/model.safetensors" "$work/stopped/model.safetensors" ||
    fail "and its model is that of the quiet run"

finish
