# shellcheck shell=sh disable=SC2034
# What the scripts of samples/slurm, samples/spark and samples/parallel share; they source it.
#
#     NAME.sh [PHOTOS [COUNT]]     COUNT photos (2,000), copies under names of their own of those in PHOTOS
#                                  (samples/photos)
#
# The program is $CAPTION or build/caption, the work folder $WORK or a new one, which is kept. Times are wall
# times: on a machine that does something else they say little. The part "workers" compares one process, one worker
# of one core, and two, $TURNS times by turns (2), each with a fourth of the photos and with all: what grows with the
# photos is apart from the start of the engine so. Each of these runs is given to the command $BEFORE.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
program=$(realpath "${CAPTION:-$tree/build/caption}")
source_photos=${1:-$tree/samples/photos}
count=${2:-2000}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
photos=$work/photos
name=$(basename "$here")
export LC_ALL=C CAPTION_MODEL="${CAPTION_MODEL:-$tree/weights/caption.safetensors}"

say() {
    echo "$name: $*"
}

# Ends the script where something is not to be had; nothing was shown then.
skip() {
    echo "$name: SKIPPED: $*" >&2
    exit 77
}

fail() {
    echo "$name: FAILED: $*" >&2
    exit 1
}

seconds() {
    date +%s.%N
}

# since BEGUN: seconds, and those of a photo
since() {
    awk -v begun="$1" -v now="$(seconds)" -v n="$count" 'BEGIN {
        printf "%.1f s, %.1f ms a photo, %.1f photos/s", now - begun, 1000 * (now - begun) / n, n / (now - begun) }'
}

# install_packages PACKAGE...: of Debian.
install_packages() {
    sh "$tree/samples/packages.sh" "$@" || skip "cannot install $*"
}

# copies NUMBER FOLDER: copies in FOLDER/photos, and the same in ten tar shards in FOLDER/shards.
copies() {
    mkdir -p "$2/photos" "$2/shards"
    awk -v n="$1" -v to="$2/photos" '{ file[NR] = $0 }
        END { for (i = 0; i < n; i++) {
            f = file[i % NR + 1]; sub(/^.*\./, ".", f)
            printf "%s\t%s/%06d%s\n", file[i % NR + 1], to, i, f } }' "$work/sources" |
        while IFS='	' read -r from to; do cp "$from" "$to"; done
    ls "$2/photos" | awk -v n="$1" -v to="$2/shards" '{ print > sprintf("%s/%d.list", to, (NR - 1) * 10 / n) }'
    for list in "$2"/shards/*.list; do
        tar --mtime=@0 --owner=0 --group=0 -cf "${list%.list}.tar" -C "$2/photos" -T "$list"
        rm "$list"
    done
}

# All photos in $work, and a fourth of them, the first ones, in $work/few.
make_photos() {
    [ -x "$program" ] || fail "no program at $program: build it, or set CAPTION"
    few=$((count / 4))
    [ -d "$work/few" ] && return
    find "$source_photos" -maxdepth 1 -type f \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) | sort >"$work/sources"
    [ -s "$work/sources" ] || fail "no photos in $source_photos"
    [ -d "$photos" ] || copies "$count" "$work"
    copies "$few" "$work/few"
}

# The rows of a run of one process on one core, kept in $work/single for the next script, and its seconds.
run_single() {
    [ "$work/single" -nt "$program" ] && [ "$work/single" -nt "$CAPTION_MODEL" ] && return
    begun=$(seconds)
    "$program" -q -t 1 --jsonl "$photos" >"$work/single.new" || fail "the single run"
    mv "$work/single.new" "$work/single"
    say "one process, one thread: $(since "$begun")"
}

# took BEGUN: the seconds alone
took() {
    awk -v begun="$1" -v now="$(seconds)" 'BEGIN { printf "%.2f\n", now - begun }'
}

# timed COMMAND...: its wall seconds go into $work/seconds.
timed() {
    # shellcheck disable=SC2016
    ${BEFORE:-} sh -c 'file=$1; shift; begun=$(date +%s.%N); "$@" || exit
        date +%s.%N | awk -v begun="$begun" "{ printf \"%.3f\\n\", \$1 - begun }" >"$file"' sh "$work/seconds" "$@"
}

# by_turns RUN: compares one process with the engine. RUN WORKERS FOLDER captions what is in FOLDER ($work or
# $work/few) with so many workers, and leaves its seconds in $work/seconds.
by_turns() {
    for turn in $(seq "${TURNS:-2}"); do
        for folder in "$work/few" "$work"; do
            timed "$program" -q -t 1 --jsonl "$folder/photos" >"$work/process"
            process=$(cat "$work/seconds")
            "$1" 1 "$folder"
            alone=$(cat "$work/seconds")
            "$1" 2 "$folder"
            echo "$process $alone $(cat "$work/seconds")"
        done >"$work/turn" || fail "turn $turn"
        say "turn $turn: $(awk -v few="$few" -v n="$count" '
            NR == 1 { process = $1; one = $2; two = $3; next }
            { each = ($2 - one - $1 + process) / (n - few)
              printf "%d photos: a process %.2f s, one worker %.2f s, two %.2f s; ", few, process, one, two
              printf "%d: %.2f s, %.2f s, %.2f s. Two workers are %.2f times as fast, ", n, $1, $2, $3, $2 / $3
              printf "%.2f times without their start; ", ($2 - one) / ($3 - two)
              printf "one adds %.1f s, and %.2f ms a photo", one - process - few * each, 1000 * each }' "$work/turn")"
    done
}

# by_number FILE: rows with paths and keys called by the photo's number, sorted.
by_number() {
    sed 's|"path":"\([^"]*/\)\{0,1\}\([0-9]*\)[^"]*"|"path":"\2"|' "$1" | sort
}

# same_numbers FILE [NUMBER]: whether these rows, called by the photos' numbers, are those of the single run; or of so
# many of its photos, the first ones.
same_numbers() {
    by_number "$work/single" | head -n "${2:-$count}" >"$work/single.numbers"
    by_number "$1" | cmp - "$work/single.numbers" || fail "$1 differs from the single run"
}

# same_as_single FILE: whether these rows, sorted, are those of the single run.
same_as_single() {
    sort "$work/single" | cmp - "$1" || fail "$1 differs from the single run"
}
