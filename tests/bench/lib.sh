# shellcheck shell=sh disable=SC2034
# What the scripts that measure beside PyTorch share; sourced in the top folder, with $runs set to the
# first argument or its default: name=SCRIPT; . tests/bench/lib.sh

case $runs in
'' | *[!0-9]* | 0*)
    echo "$name: expected a number of runs, at least 1, but found '$runs'" >&2
    exit 2
    ;;
esac
python=/usr/bin/python3 # Debian's, whose PyTorch is the peer

read -r load _ </proc/loadavg
if awk -v load="$load" 'BEGIN { exit load < 0.5 }'; then
    echo "$name: THIS MACHINE IS BUSY (load average $load): the ratios will flatter one side" >&2
fi
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
processor=${processor:-$(uname -m)}

# build TARGET...: with the packages that this and the peer need; $torch is the peer's version, empty
# where it is not to be had.
build() {
    sh samples/packages.sh libcmocka-dev time
    sh samples/packages.sh python3-torch || true
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCAPTION_TESTS=ON >&2
    cmake --build build -j "$(nproc)" --target "$@" >&2
    torch=$("$python" -c 'import torch; print(torch.__version__)' 2>/dev/null) || torch=
    [ -n "$torch" ] || echo "$name: NO PYTHON3-TORCH ON THIS MACHINE: its columns stay empty" >&2
}

median() { # FILE
    sort -n "$1" | awk '{ value[NR] = $1 }
        END { if (NR) printf "%.2f", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}
