# shellcheck shell=sh disable=SC2034
# What the sections of run.sh share: building, the peers, medians and rows of the table. Sourced in the
# top folder by run.sh, with $runs and $work set.

python=/usr/bin/python3      # Debian's, whose OpenCV is a peer
peers=build/peers            # a virtual environment: OpenVINO, ONNX Runtime, PyTorch
peers_python=$peers/bin/python
torch_python=$peers_python   # Debian's, where PyTorch cannot be had from PyPI

version() { # PYTHON MODULE: empty without one. OpenCV of Debian has no metadata; to import PyTorch takes seconds.
    "$1" -c "from importlib.metadata import version; print(version('$2'))" 2>/dev/null ||
        "$1" -c "import $2; print($2.__version__)" 2>/dev/null || true
}

missing_peer() { # NAME
    echo "run.sh: NO $1 ON THIS MACHINE: its columns stay empty" >&2
}

# Peers from PyPI. PyTorch's own index has it without CUDA, in a tenth of the size.
engines_venv() {
    sh samples/packages.sh python3-venv python3-dev || true
    [ -x "$peers_python" ] || "$python" -m venv "$peers" || return 0
    [ -n "$(version "$peers_python" openvino)" ] && [ -n "$(version "$peers_python" onnxruntime)" ] &&
        [ -n "$(version "$peers_python" onnx)" ] ||
        "$peers_python" -m pip install -q openvino onnxruntime onnx >&2 || true
    [ -n "$(version "$peers_python" torch)" ] ||
        "$peers_python" -m pip install -q --retries 1 --index-url https://download.pytorch.org/whl/cpu torch >&2 ||
        "$peers_python" -m pip install -q torch >&2 || true
}

# build TARGET...: what is missing is installed, unless $install is empty; $torch, $opencv, $openvino and
# $onnxruntime are the peers' versions, empty without them.
build() {
    if [ -n "$install" ]; then
        sh samples/packages.sh libcmocka-dev time
        sh samples/packages.sh python3-opencv || true
        engines_venv
        cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCAPTION_TESTS=ON >&2
        cmake --build build -j "$(nproc)" --target "$@" >&2
    fi
    openvino=$(version "$peers_python" openvino)
    onnxruntime=$(version "$peers_python" onnxruntime)
    torch=$(version "$torch_python" torch)
    if [ -z "$torch" ]; then
        [ -z "$install" ] || sh samples/packages.sh python3-torch || true
        torch_python=$python torch=$(version "$python" torch)
    fi
    opencv=$(version "$python" cv2)
    [ -n "$openvino" ] || missing_peer OPENVINO
    [ -n "$onnxruntime" ] || missing_peer "ONNX RUNTIME"
    [ -n "$torch" ] || missing_peer PYTORCH
    [ -n "$opencv" ] || missing_peer PYTHON3-OPENCV
}

median() { # FILE: of its lines' first words
    sort -n "$1" 2>/dev/null | awk '{ value[NR] = $1 }
        END { if (NR) printf "%.4g", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

# A peer's lines are "FIGURE SETTING..."; the setting that most runs found best.
setting() { # FILE
    cut -s -d ' ' -f 2- "$1" 2>/dev/null | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p'
}

# take KEY COMMAND...: adds the line that the command prints, which begins with a figure, to a file. A
# function called here runs without the shell's -e: it has to return what failed.
take() {
    file=$work/$1
    shift
    line=$("$@") || line=
    case $line in
    [0-9]*) echo "$line" >>"$file" ;;
    *)
        echo "run.sh: no figure ('$line') from: $*" >&2
        exit 1
        ;;
    esac
}

# take_torch KEY THREADS SCRIPT ARGUMENT...: the same of a PyTorch peer, where there is one.
take_torch() {
    [ -n "$torch" ] || return 0
    key=$1 torch_threads=$2
    shift 2
    script=$1
    shift
    take "$key" env OMP_NUM_THREADS="$torch_threads" PYTHONPATH=tests/bench "$torch_python" "tests/bench/$script" "$@"
}

# take_engine KEY ENGINE PRECISION PHOTOS THREADS: the same of OpenVINO or ONNX Runtime.
take_engine() {
    case $2 in
    openvino) [ -n "$openvino" ] || return 0 ;;
    *) [ -n "$onnxruntime" ] || return 0 ;;
    esac
    key=$1
    shift
    take "$key" "$peers_python" tests/bench/engine_peer.py "$1" "$2" "$onnx" "$3" "$4"
}

# A copy of ONNX Runtime that sees no AVX, and the library that answers it: made once, on x86-64.
without_avx=$peers/without_avx
onnxruntime_without_avx() {
    [ -n "$onnxruntime" ] && [ "$(uname -m)" = x86_64 ] || return 0
    [ ! -e "$without_avx/$onnxruntime" ] || return 0
    rm -rf "$without_avx"
    mkdir "$without_avx"
    cc -O2 -shared -fPIC tests/bench/preload/no_avx.c -o "$without_avx/no_avx.so" &&
        "$peers_python" tests/bench/without_avx.py "$without_avx" >&2 &&
        : >"$without_avx/$onnxruntime" || missing_peer "ONNX RUNTIME WITHOUT AVX"
}

take_onnxruntime_without_avx() { # KEY PRECISION PHOTOS THREADS
    [ -n "$onnxruntime" ] && [ -e "$without_avx/$onnxruntime" ] || return 0
    key=$1
    shift
    take "$key" env PYTHONPATH="$without_avx" LD_PRELOAD="$PWD/$without_avx/no_avx.so" "$peers_python" \
        tests/bench/engine_peer.py onnxruntime "$1" "$onnx" "$2" "$3"
}

# take_torch with a malloc that keeps the memory of one pass for the next, in huge pages. As it is, glibc's
# gives large pieces back, and PyTorch may wait for new pages half of its time: 20 ms or 12 ms a photo.
take_torch_kept() {
    export MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_MMAP_THRESHOLD_=4294967296
    export MALLOC_TOP_PAD_=67108864 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
    take_torch "$@"
    unset MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_ MALLOC_TOP_PAD_ GLIBC_TUNABLES
    [ -z "$torch" ] || sed -i '/memory kept/!s/$/, memory kept/' "$work/$1"
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
    winner=$1 order=$([ "$2" = less ] && echo -g || echo -gr)
    shift 2
    for candidate in "$@"; do
        figure=$(median "$work/$candidate")
        [ -z "$figure" ] || echo "$figure $candidate"
    done | sort "$order" | head -n 1 | cut -d ' ' -f 2 >"$work/best"
    [ ! -s "$work/best" ] || cp "$work/$(cat "$work/best")" "$work/$winner"
}
