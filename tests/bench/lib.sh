# shellcheck shell=sh disable=SC2034
# What the sections of run.sh share: building, the peers, medians and rows of the table. Sourced in the
# top folder by run.sh, with $runs and $work set.

python=/usr/bin/python3 # Debian's, whose PyTorch and OpenCV are the peers

# build TARGET...: what is missing is installed; $torch is the peer's version, empty without one.
build() {
    sh samples/packages.sh libcmocka-dev time
    sh samples/packages.sh python3-torch python3-opencv || true
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCAPTION_TESTS=ON >&2
    cmake --build build -j "$(nproc)" --target "$@" >&2
    torch=$("$python" -c 'import torch; print(torch.__version__)' 2>/dev/null) || torch=
    [ -n "$torch" ] || echo "run.sh: NO PYTHON3-TORCH ON THIS MACHINE: its columns stay empty" >&2
    opencv=$("$python" -c 'import cv2; print(cv2.__version__)' 2>/dev/null) || opencv=
    [ -n "$opencv" ] || echo "run.sh: NO PYTHON3-OPENCV ON THIS MACHINE: its columns stay empty" >&2
}

median() { # FILE: of its lines' first words
    sort -n "$1" 2>/dev/null | awk '{ value[NR] = $1 }
        END { if (NR) printf "%.4g", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

# A peer's lines are "FIGURE SETTING..."; the setting that most runs found best.
setting() { # FILE
    cut -d ' ' -f 2- "$1" 2>/dev/null | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p'
}

# take KEY COMMAND...: adds what the command prints to a figure's file.
take() {
    file=$work/$1
    shift
    "$@" >>"$file" || {
        echo "run.sh: failed: $*" >&2
        exit 1
    }
}

# take_torch KEY THREADS SCRIPT ARGUMENT...: the same of a PyTorch peer, where there is one.
take_torch() {
    [ -n "$torch" ] || return 0
    key=$1 threads=$2
    shift 2
    OMP_NUM_THREADS=$threads PYTHONPATH=tests/bench take "$key" "$python" "tests/bench/$@"
}

heading() { # TITLE UNIT
    printf '\n### %s\n\n| %s | ours | peer | ratio | the peer |\n|---|---:|---:|---:|---|\n' "$1" "$2"
}

# row NAME OURS PEER less|more [WHAT]: medians of two files of figures, of which less or more is better;
# the ratio is above 1 where ours is ahead. WHAT names the peer before its setting.
row() {
    awk -v name="$1" -v ours="$(median "$work/$2")" -v peer="$(median "$work/$3")" -v better="$4" \
        -v what="${5:-}" -v setting="$(setting "$work/$3")" 'BEGIN {
            if (ours == "") exit
            if (what != "" && setting != "") what = what ", "
            if (peer == "") printf "| %s | %s | | | |\n", name, ours
            else printf "| %s | %s | %s | %.2f | %s%s |\n", name, ours, peer,
                        better == "less" ? peer / ours : ours / peer, what, setting
        }'
}

# The better of some peers' files, by median, as a new file: best KEY less|more FILE...
best() {
    key=$1 order=$([ "$2" = less ] && echo -g || echo -gr)
    shift 2
    for candidate in "$@"; do
        figure=$(median "$work/$candidate")
        [ -z "$figure" ] || echo "$figure $candidate"
    done | sort "$order" | head -n 1 | cut -d ' ' -f 2 >"$work/best"
    [ ! -s "$work/best" ] || cp "$work/$(cat "$work/best")" "$work/$key"
}
