# shellcheck shell=sh disable=SC2034
# What the scripts of samples/slurm, samples/spark and samples/parallel share; they source it.
#
#     NAME.sh [PHOTOS [COUNT]]     COUNT photos (2,000), copies under names of their own of those in PHOTOS
#                                  (samples/photos)
#
# The program is $CAPTION or build/caption, the work folder $WORK or a new one, which is kept. Times are wall
# times: on a machine that does something else they say little.
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

# Copies, and the same in ten tar shards.
make_photos() {
    [ -x "$program" ] || fail "no program at $program: build it, or set CAPTION"
    [ -d "$photos" ] && return
    find "$source_photos" -maxdepth 1 -type f \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) | sort >"$work/sources"
    [ -s "$work/sources" ] || fail "no photos in $source_photos"
    mkdir -p "$photos" "$work/shards"
    awk -v n="$count" -v to="$photos" '{ file[NR] = $0 }
        END { for (i = 0; i < n; i++) {
            f = file[i % NR + 1]; sub(/^.*\./, ".", f)
            printf "%s\t%s/%06d%s\n", file[i % NR + 1], to, i, f } }' "$work/sources" |
        while IFS='	' read -r from to; do cp "$from" "$to"; done
    ls "$photos" | awk -v n="$count" -v to="$work/shards" '{ print > sprintf("%s/%d.list", to, (NR - 1) * 10 / n) }'
    for list in "$work"/shards/*.list; do
        tar --mtime=@0 --owner=0 --group=0 -cf "${list%.list}.tar" -C "$photos" -T "$list"
        rm "$list"
    done
}

# The rows of a run of one process on one core, kept in $work/single for the next script, and its seconds.
run_single() {
    [ "$work/single" -nt "$program" ] && [ "$work/single" -nt "$CAPTION_MODEL" ] && return
    begun=$(seconds)
    "$program" -q -t 1 --jsonl "$photos" >"$work/single.new" || fail "the single run"
    took "$begun" >"$work/single.seconds"
    mv "$work/single.new" "$work/single"
    say "one process, one thread: $(since "$begun")"
}

# took BEGUN: the seconds alone
took() {
    awk -v begun="$1" -v now="$(seconds)" 'BEGIN { printf "%.2f\n", now - begun }'
}

# compare_workers WHAT ONE TWO: what two workers bring, and what the engine adds to one process, of the seconds that one
# worker and two took.
compare_workers() {
    say "$1: one worker $2 s, two $3 s: $(awk -v one="$2" -v two="$3" -v single="$(cat "$work/single.seconds")" \
        -v n="$count" 'BEGIN { printf "%.2f times as fast; to the %.1f s of one process, one worker adds %.2f ms a photo",
            one / two, single, 1000 * (one - single) / n }')"
}

# by_number FILE: rows with paths and keys called by the photo's number, sorted.
by_number() {
    sed 's|"path":"\([^"]*/\)\{0,1\}\([0-9]*\)[^"]*"|"path":"\2"|' "$1" | sort
}

# same_numbers FILE: whether these rows, called by the photos' numbers, are those of the single run.
same_numbers() {
    by_number "$work/single" >"$work/single.numbers"
    by_number "$1" | cmp - "$work/single.numbers" || fail "$1 differs from the single run"
}

# same_as_single FILE: whether these rows, sorted, are those of the single run.
same_as_single() {
    sort "$work/single" | cmp - "$1" || fail "$1 differs from the single run"
}
