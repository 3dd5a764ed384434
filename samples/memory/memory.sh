#!/bin/sh
# The lecture's sentence: "gestern habe ich mit meinem nachbarn im garten fussball gespielt". Networks
# of three cells learn to write such sentences word by word (many to many), with back-propagation
# through time cut after t_p steps; then the last word of new sentences is asked for, gap by gap.
#
#     sh samples/memory/memory.sh [FOLDER (memory)]
#
# FOLDER/page.html shows who remembers, and how far; the table goes to standard output. What was
# trained before stays. In the environment, PROGRAMS is the folder of the programs (build); CELLS, CUTS,
# EPOCHS, TRAIN, TEST and SHORTEST are the networks, t_p, the passes over the sentences, the number of
# sentences to learn from and of each gap to test, and the shortest gap that is learned from:
#
#     SHORTEST=20 sh samples/memory/memory.sh memory-long
#
# has no short sentences to teach what the long ones need.
set -eu

programs=${PROGRAMS:-$(dirname "$0")/../../build}
folder=${1:-memory}
hidden=64 embed=32 batch=1
"$programs/memory_sentences" "$folder" --train "${TRAIN:-3000}" --test "${TEST:-50}" \
    --shortest "${SHORTEST:-2}"
: >"$folder/accuracy.tsv"
: >"$folder/runs.tsv"

# learn CELL T_P: the sentences teach everything. `caption train` also wants photos: it gets a blank one,
# which it learns its words from and, with rates of 0, nothing else.
learn() {
    name=$folder/$1-$2
    [ ! -e "$name.safetensors" ] || return 0
    "$programs/caption" train "$folder/words.jsonl" -o "$name.new" --force --threads 1 --text "$folder/train.txt" \
        --text-epochs "${EPOCHS:-64}" --tbptt "$2" --cell "$1" --encoder-arch "stem_c8 head_c8" --image-size 32 \
        --hidden $hidden --embed $embed --min-count 1 --batch-size $batch --micro-batch $batch --lr 0.002 \
        --average 0 --dropout 0 --label-smoothing 0 --epochs 1 --joint-lr 0 --encoder-lr 0 \
        --crop 0 --color 0 >"$name.tsv" 2>"$name.log"
    times >"$name.times"
    mv "$name.new" "$name.safetensors"
}

# measure CELL T_P: a line for the run, with the processor time of its training, user and system (the
# second line of `times`, 1m2.5s 0m0.1s), and a line for each gap. Right is a last word that no other is
# more probable than; of a sentence of n words n - 3 are the gap.
measure() {
    name=$folder/$1-$2
    words=$(($("$programs/caption" info --vocabulary "$name.safetensors" | wc -l) + 4))
    sed -n 2p "$name.times" | tr ms '  ' | awk -v run="$1 $2 $hidden $embed $words $((5 * batch))" \
        '{ print run, 60 * ($1 + $3) + $2 + $4 }' >>"$folder/runs.tsv"
    "$programs/caption" suggest -m "$name.safetensors" --precision f32 --score "$folder/test.txt" |
        awk -F '\t' -v run="$1 $2" '
            $2 == "." { all[words - 3]++; right[words - 3] += last; words = 0; next }
            { words++; last = $4 == 1 }
            END { for (gap in all) print run, gap, right[gap], all[gap] }' | sort -k 3n >>"$folder/accuracy.tsv"
}

cells=${CELLS:-rnn gru lstm}
for t_p in ${CUTS:-4 8 16 32 64}; do
    for cell in $cells; do learn "$cell" "$t_p" & done
    wait
    for cell in $cells; do
        [ -e "$folder/$cell-$t_p.safetensors" ] || {
            cat "$folder/$cell-$t_p.log" >&2
            exit 1
        }
        measure "$cell" "$t_p"
    done
    echo "memory.sh: t_p $t_p: done" >&2
done
"$programs/memory_page" "$folder/accuracy.tsv" "$folder/runs.tsv" 2>&1 >"$folder/page.html"
