# shellcheck shell=sh disable=SC2034
# Helpers of the end-to-end tests, which are sourced: . "$(dirname "$0")/lib.sh"
# The program is the test's first argument. `run` runs it and keeps what it said in $out and $err
# and its exit status in $status; the others compare.

program=${1:?the program to test is the first argument}
source_tree=${CAPTION_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
shared=${CAPTION_SHARED:-$source_tree/../shared}
weights=$source_tree/weights/caption.safetensors
photos=$source_tree/samples/photos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out.txt
err=$work/err.txt
failures=0
export LC_ALL=C

ok() {
    echo "ok: $*"
}

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

skip() {
    echo "skip: $(basename "$0"): $*"
}

# Ends the test.
finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
    exit 0
}

run() {
    status=0
    "$program" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

# as_other_user COMMAND...: as a user who may not read everything; false where there is none. The test's
# folder is opened for that user.
as_other_user() {
    chmod 755 "$work"
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
    fi
}

# Whether as_other_user can run the program, and what it runs may not do all.
has_other_user() {
    mkdir -p "$work/private"
    chmod 000 "$work/private"
    as_other_user "$program" --version >"$out" 2>"$err" && ! as_other_user ls "$work/private" >"$out" 2>&1
}

# run_as_other_user ARGUMENTS...: as `run`.
run_as_other_user() {
    status=0
    as_other_user "$program" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

# has_faults: whether with_fault works.
has_faults() {
    strace -o "$work/trace" true 2>"$err"
}

# with_fault FILE CALLS ERROR ARGUMENTS...: as `run`, but the system calls on the file fail.
with_fault() {
    on=$1 call=$2 reason=$3
    shift 3
    status=0
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" -P "$on" -e "trace=$call" \
        -e "inject=$call:error=$reason" "$program" -t 1 "$@" >"$out" 2>"$err" </dev/null || status=$?
}

explain() {
    echo "  exit status $status"
    sed 's/^/  stdout: /' "$out" | head -n 5
    sed 's/^/  stderr: /' "$err" | head -n 5
}

# expect STATUS WHAT: the exit status of the last run. 139, 134 and the like are crashes.
expect() {
    if [ "$status" -eq "$1" ]; then
        ok "$2"
    else
        fail "$2: exit status $1 expected"
        explain
    fi
}

# expect_in FILE TEXT...: every text is in the file (out or err of the last run).
expect_in() {
    file=$1
    shift
    for text; do
        grep -qF -- "$text" "$file" && continue
        fail "'$text' expected in $(basename "$file")"
        explain
    done
}

# expect_lines FILE COUNT
expect_lines() {
    lines=$(wc -l <"$1")
    [ "$lines" -eq "$2" ] && return
    fail "$2 lines expected in $(basename "$1"), found $lines"
    explain
}

# square FILE SIZE RED GREEN BLUE: a photo (PPM) of a square of that colour on light grey.
square() {
    awk -v n="$2" -v r="$3" -v g="$4" -v b="$5" 'BEGIN {
        printf "P6\n%d %d\n255\n", n, n
        for (y = 0; y < n; y++)
            for (x = 0; x < n; x++) {
                inside = x > n / 4 && x < 3 * n / 4 && y > n / 4 && y < 3 * n / 4
                if (inside) printf "%c%c%c", r, g, b
                else printf "%c%c%c", 220, 220, 220
            }
    }' >"$1"
}

# shapes FOLDER: a data set in Karpathy's format, FOLDER/dataset.json and FOLDER/images: 30 photos of a
# red, green or blue tower or wall, of different sizes at different places on light grey, with two
# captions each.
shapes() {
    mkdir -p "$1/images"
    awk -v folder="$1/images" -v list="$1/dataset.json" '
    function paint(file, wide, red, green, blue, along, across, thick,    x, y, u, inside) {
        printf "P6\n32 32\n255\n" >file
        for (y = 0; y < 32; y++)
            for (x = 0; x < 32; x++) {
                u = wide ? y : x
                inside = u >= across && u < across + thick && (wide ? x : y) >= along
                if (inside) printf "%c%c%c", red, green, blue >file
                else printf "%c%c%c", 220, 220, 220 >file
            }
        close(file)
    }
    BEGIN {
        split("red green blue", color); split("tower wall", shape)
        printf "{\"images\": [" >list
        for (i = 0; i < 30; i++) {
            c = i % 3 + 1; s = int(i / 3) % 2 + 1; place = int(i / 6)
            name = sprintf("%02d.ppm", i)
            paint(folder "/" name, s == 2, c == 1 ? 220 : 20, c == 2 ? 180 : 20, c == 3 ? 220 : 20,
                  place, 4 + place * 4, 6 + place % 3)
            printf "%s{\"filename\": \"%s\", \"imgid\": %d, \"split\": \"train\", \"sentences\": [", \
                i ? ", " : "", name, i >list
            printf "{\"tokens\": [\"a\", \"%s\", \"%s\"]}, ", color[c], shape[s] >list
            printf "{\"tokens\": [\"a\", \"%s\", \"%s\", \"on\", \"grey\"]}]}", color[c], shape[s] >list
        }
        printf "]}\n" >list
    }'
}

# tensors MODEL: what follows the header of a model file. The header keeps the command line.
tensors() {
    tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"
}

# metadata MODEL: that of a model file, as JSON.
metadata() {
    tail -c +9 "$1" | head -c "$(od -An -tu8 -N8 "$1" | tr -d ' ')" | jq -c .__metadata__
}

# with_metadata MODEL NEW KEY TEXT: the model with that in its metadata under the key.
with_metadata() {
    size=$(od -An -tu8 -N8 "$1" | tr -d ' ')
    tail -c +9 "$1" | head -c "$size" |
        jq -jc --arg key "$3" --arg text "$4" '.__metadata__[$key] = $text' >"$work/header"
    while [ $(($(wc -c <"$work/header") % 8)) -ne 0 ]; do printf ' ' >>"$work/header"; done
    size=$(wc -c <"$work/header")
    {
        for shift in 0 8 16 24 32 40 48 56; do
            printf "\\$(printf %03o $((size >> shift & 255)))"
        done
        cat "$work/header"
        tensors "$1"
    } >"$2"
}

# tiny_model FILE: a captioner that takes a millisecond a photo and says different things of different
# ones: made from `shapes`.
tiny_model() {
    shapes "$work/shapes"
    "$program" train "$work/shapes/dataset.json" --images "$work/shapes/images" -o "$1" --val "$work/shapes/dataset.json" \
        --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 --hidden 16 --embed 16 \
        --min-count 1 --epochs 2 --crop 0 --color 0 >"$out" 2>"$err" && return
    status=$?
    fail "a tiny model is learned"
    explain
    finish
}

# use_tiny_model: $model is one, and what the program uses where no other is named.
use_tiny_model() {
    model=$work/model.safetensors
    tiny_model "$model"
    export CAPTION_MODEL="$model"
}

# await FILE TEXT: a run in the background has written that; a minute at most.
await() {
    turns=0
    until grep -qs "$2" "$1" || [ "$turns" -eq 3000 ]; do
        sleep 0.02
        turns=$((turns + 1))
    done
}
