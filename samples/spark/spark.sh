#!/bin/sh
# spark.sh [PHOTOS [COUNT]]: Spark itself on this machine, with two workers of one core each (local-cluster
# mode): photos as paths through pipe(), as bytes through mapInPandas, and as tar shards, captions as Parquet. An
# executor is killed in the middle. The rows are those of one process, to the byte. One worker is compared with two. See
# samples/cluster.sh; $PARTS chooses among "workers shards pipe bytes".
. "$(dirname "$0")/../cluster.sh"

command -v java >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || install_packages default-jre-headless python3-venv procps
python=${VENV:-$work/venv}/bin/python3
if ! "$python" -c 'import pyspark, pyarrow, pandas' 2>/dev/null; then
    python3 -m venv "${python%/bin/python3}" && "$python" -m pip install -q pyspark pyarrow pandas ||
        skip "PyPI has no pyspark for this machine"
fi
make_photos
run_single

# rows FOLDER: Parquet as lines of JSON as caption writes them.
rows() {
    "$python" - "$1" <<'END'
import json, pandas, sys
for row in pandas.read_parquet(sys.argv[1]).to_dict("records"):
    print(json.dumps({key: value for key, value in row.items() if value == value and value is not None},
                     ensure_ascii=False, separators=(",", ":")))
END
}

# The Python of Spark's workers is the one with pandas; SPARK_HOME is that of PyPI's package.
SPARK_HOME=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export PYSPARK_PYTHON="$python" SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_WORKER_DIR="$work/worker"
say "Spark $("$python" -c 'import pyspark; print(pyspark.__version__)'), two workers of one core"

# spark_run MODE WORKERS FOLDER [KILLED]: Parquet in $work/MODE.parquet, its rows compared; the seconds without Spark's
# start in $work/MODE.out.
spark_run() {
    mode=$1
    from=$3/photos
    [ "$mode" = shards ] && from=$3/shards
    rm -rf "$work/killed" "$work/$mode.parquet"
    (cd "$work" && WORKERS=$2 timed "$python" "$here/captions.py" "$mode" "$program" "$from" "$work/$mode.parquet" \
        ${4:+"$4"}) >"$work/$mode.out" 2>"$work/$mode.log" || { tail -n 20 "$work/$mode.log" >&2; fail "$mode"; }
    rows "$work/$mode.parquet" >"$work/$mode.rows"
    same_numbers "$work/$mode.rows" "$(ls "$3/photos" | wc -l)"
}
workers_run() { # WORKERS FOLDER
    spark_run shards "$1" "$2"
}

for part in ${PARTS:-workers shards pipe bytes}; do
    begun=$(seconds)
    if [ "$part" = workers ]; then
        by_turns workers_run
        continue
    fi
    spark_run "$part" 2 "$work" "$work/killed"
    say "$part: $(since "$begun"); $(tail -n 1 "$work/$part.out") s of it without Spark's start"
    [ -f "$work/killed" ] || fail "$part: no executor was killed: more photos would give time for it"
    say "$part: an executor was killed when $(cat "$work/killed")"
    say "$part: every photo once, and the rows of the single run to the byte: $(wc -l <"$work/$part.rows")"
done
