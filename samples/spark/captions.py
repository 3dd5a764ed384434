"""Captions by Spark: captions.py MODE CAPTION INPUT OUTPUT [KILLED]

MODE is one of
  pipe    INPUT is a folder: its photos' paths go to `caption --files-from -` by RDD.pipe, a process for each partition
  bytes   INPUT is a folder: its photos' bytes come from Spark's reader of binary files, and go to `caption --tar -` as a
          tar stream by DataFrame.mapInPandas; workers need no file system of their own
  shards  INPUT is a folder of tar archives: each is a partition, and `caption --tar` reads it where it lies

OUTPUT is a folder of Parquet files with the columns path, caption, logprob, confidence, error. KILLED, a file, is made
when an executor has been killed (SIGKILL) in the middle of the run. $WORKERS is the number of workers, of one core each
(2).
"""
import glob
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time

from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

SCHEMA = StructType(
    [StructField(name, StringType()) for name in ("path", "caption")]
    + [StructField(name, DoubleType()) for name in ("logprob", "confidence")]
    + [StructField("error", StringType())]
)
PARTITIONS = 8


def rows(lines):
    """Rows of Parquet from lines of JSON; a photo that cannot be read has an error."""
    for line in lines:
        row = json.loads(line)
        yield tuple(row.get(field.name) for field in SCHEMA)


def run(command, feed=None):
    """The rows that the program writes. Exit status 1 says that some rows are errors; any other ends the task."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stdout=subprocess.PIPE)
    if feed:
        threading.Thread(target=feed, args=(process.stdin,), daemon=True).start()
    yield from rows(process.stdout)
    if process.wait() not in (0, 1):
        raise RuntimeError(f"{command[0]}: exit status {process.returncode}")


def by_pipe(spark, caption, folder):
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    command = f"{caption} -q -t 1 --jsonl --files-from -"
    lines = spark.sparkContext.parallelize(paths, PARTITIONS).pipe(command, env=dict(os.environ), checkCode=True)
    return spark.createDataFrame(lines.mapPartitions(rows), SCHEMA)


def by_bytes(spark, caption, folder):
    import pandas

    def captions(frames):
        def feed(stream):
            with tarfile.open(fileobj=stream, mode="w|") as archive:
                for frame in frames:
                    for path, content in zip(frame["path"], frame["content"]):
                        member = tarfile.TarInfo(os.path.basename(path))
                        member.size = len(content)
                        archive.addfile(member, io.BytesIO(content))
            stream.close()

        found = list(run([caption, "-q", "-t", "1", "--jsonl", "--tar", "-"], feed))
        yield pandas.DataFrame(found, columns=SCHEMA.names)

    photos = spark.read.format("binaryFile").load(folder).select("path", "content")
    return photos.repartition(PARTITIONS).mapInPandas(captions, SCHEMA)


def by_shards(spark, caption, folder):
    shards = sorted(glob.glob(os.path.join(folder, "*.tar")))
    lines = spark.sparkContext.parallelize(shards, len(shards)).mapPartitions(
        lambda own: (row for shard in own for row in run([caption, "-q", "-t", "1", "--jsonl", "--tar", shard]))
    )
    return spark.createDataFrame(lines, SCHEMA)


def busy_executors(caption):
    """The executors of this run, which are below this process, that have a process with the program below them."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], stdout=subprocess.PIPE, text=True).stdout
    table = {int(pid): (int(parent), arguments) for pid, parent, arguments in
             (line.split(None, 2) for line in listed.splitlines())}
    found = []
    for pid, (_, arguments) in table.items():
        if not arguments.startswith(caption):
            continue
        above = []
        while pid in table:
            above.append(pid)
            pid = table[pid][0]
        if os.getpid() in above:
            found += [one for one in above if "CoarseGrainedExecutorBackend" in table[one][1]]
    return found


def kill_one(spark, caption, mark):
    """Kills an executor once a task is done and others are in the middle of their photos."""
    tracker = spark.sparkContext.statusTracker()
    while True:
        time.sleep(0.2)
        for stage in tracker.getActiveStageIds():
            info = tracker.getStageInfo(stage)
            busy = busy_executors(caption) if info and info.numTasks > 2 and info.numCompletedTasks >= 1 else []
            if busy:
                os.kill(busy[0], signal.SIGKILL)
                with open(mark, "w") as file:
                    file.write(f"{info.numCompletedTasks} of {info.numTasks} tasks were done\n")
                return


def main(mode, caption, source, output, killed=None):
    spark = (
        SparkSession.builder.master(f"local-cluster[{os.environ.get('WORKERS', '2')},1,1024]")
        .appName("caption")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.files.maxPartitionBytes", "4m")
        .config("spark.sql.files.openCostInBytes", "0")  # by their size, not each as 4 MB: a thousand tasks
        .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.parquet.compression.codec", "gzip")  # Java's own: the others bring native libraries
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executorEnv.CAPTION_MODEL", os.environ["CAPTION_MODEL"])
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1).count()  # the executors are there
    begun = time.time()
    how = {"pipe": by_pipe, "bytes": by_bytes, "shards": by_shards}[mode]
    table = how(spark, caption, source)
    if killed:
        threading.Thread(target=kill_one, args=(spark, caption, killed), daemon=True).start()
    table.write.mode("overwrite").parquet(output)
    print(f"{time.time() - begun:.1f}")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
