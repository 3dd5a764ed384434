"""Clients of serve.sh: ADDRESS FOLDER CAPTIONS FOLDER-RATE REQUESTS PROCESS."""
import http.client
import json
import os
import statistics
import sys
import threading
import time

address, folder, captions, rate, requests, process = sys.argv[1:]
host, port = address.split(":")
with open(captions) as file:
    expected = dict(line.rstrip("\n").split("\t") for line in file)
photos = [(path, open(path, "rb").read()) for path in expected]


def client(take, latencies):
    connection = http.client.HTTPConnection(host, int(port))
    while (i := take()) is not None:
        path, body = photos[i % len(photos)]
        started = time.monotonic()
        connection.request("POST", "/caption", body)
        answer = json.loads(connection.getresponse().read())
        latencies.append(time.monotonic() - started)
        if answer.get("caption") != expected[path]:
            sys.exit(f"{path}: {answer}, expected {expected[path]}")


def run(clients, count):
    """Requests a second, and the latencies, sorted."""
    numbers, lock, latencies = iter(range(count)), threading.Lock(), []

    def take():
        with lock:
            return next(numbers, None)

    threads = [threading.Thread(target=client, args=(take, latencies)) for _ in range(clients)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.monotonic() - started), sorted(latencies)


def memory():
    with open(f"/proc/{process}/status") as file:
        fields = dict(line.split(":") for line in file)
    return int(fields["VmRSS"].split()[0]) / 1000


run(8, 50)
print(f"Folder run: {float(rate):.1f} photos/s.\n")
print("| clients | requests/s | of the folder run | median | 99th percentile | memory |")
print("|---:|---:|---:|---:|---:|---:|")
for clients in (1, 2, 8, 32):
    speed, latencies = run(clients, len(photos))
    print(f"| {clients} | {speed:.1f} | {speed / float(rate):.2f} | {1e3 * statistics.median(latencies):.1f} ms "
          f"| {1e3 * latencies[int(len(latencies) * 0.99)]:.1f} ms | {memory():.0f} MB |", flush=True)
before, files = memory(), len(os.listdir(f"/proc/{process}/fd"))
run(8, int(requests))
print(f"\nAfter {requests} more requests: {memory():.0f} MB (before {before:.0f}), "
      f"{len(os.listdir(f'/proc/{process}/fd'))} descriptors (before {files}).")
