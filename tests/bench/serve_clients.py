"""Clients of serve.sh: ADDRESS CAPTION FOLDER THREADS REQUESTS PROCESS ROUNDS. They take their time from the same
processors as the server, so they do no more than they must: a request is bytes that were made before, an answer is
looked through for the caption. The folder run and the clients take turns: in each round all of them are measured."""
import os
import queue
import socket
import re
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/python"))
import caption  # noqa: E402, the package of this source tree

address, program, folder, workers, requests, process, rounds = sys.argv[1:]
host, port = address.split(":")
CLIENTS = (1, 2, 8, 32)


def of_folder():
    """The captions of the folder, path and text, and photos a second."""
    done = subprocess.run([program, "-t", workers, "-v", folder], capture_output=True, text=True, check=True)
    rate = re.findall(r"([0-9.]+) photos/s", done.stderr)[-1]
    return [line.split("\t") for line in done.stdout.splitlines()], float(rate)


expected = of_folder()[0]
photos = [(path, open(path, "rb").read(), text) for path, text in expected]
questions = [
    (b"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
     b'"caption":"%s"' % text.encode())
    for _, body, text in photos
]


def client(numbers, latencies):
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while (i := numbers.get()) is not None:
        question, text = questions[i % len(questions)]
        started = time.monotonic()
        connection.sendall(question)
        answer = connection.recv(65536)
        while not answer.endswith(b"\n"):
            answer += connection.recv(65536)
        latencies.append(time.monotonic() - started)
        if text not in answer:
            print(f"{photos[i % len(photos)][0]}: {answer}, expected {text}", file=sys.stderr)
            os._exit(1)
    connection.close()


def run(clients, count):
    """Requests a second, and the latencies, sorted."""
    numbers, latencies = queue.SimpleQueue(), []
    for i in [*range(count), *[None] * clients]:
        numbers.put(i)
    threads = [threading.Thread(target=client, args=(numbers, latencies)) for _ in range(clients)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.monotonic() - started), sorted(latencies)


def of_session(threads):
    """The median time of a photo alone, in milliseconds, in a session that is asked photo by photo."""
    with caption.Captioner(threads=threads) as captioner:
        times = []
        for i in range(-5, len(photos)):
            _, body, text = photos[i]
            started = time.monotonic()
            said = captioner.caption(body)
            if i >= 0:
                times.append(time.monotonic() - started)
            if said != text:
                sys.exit(f"{said}, expected {text}")
    return 1e3 * statistics.median(times)


def memory():
    with open(f"/proc/{process}/status") as file:
        fields = dict(line.split(":") for line in file)
    return int(fields["VmRSS"].split()[0]) / 1000


run(8, 50)
folders, alone = [], {int(workers): [], 1: []}
speeds, latencies = {clients: [] for clients in CLIENTS}, {clients: [] for clients in CLIENTS}
for _ in range(int(rounds)):
    folders.append(of_folder()[1])
    for clients in CLIENTS:
        speed, times = run(clients, len(photos))
        speeds[clients].append(speed)
        latencies[clients] += times
    for threads in alone:
        alone[threads].append(of_session(threads))
own = {threads: statistics.median(times) for threads, times in alone.items()}
print("Folder run: " + "; ".join(f"{rate:.1f}" for rate in folders) + " photos/s. A photo alone in a session, median: "
      + ", ".join(f"{time:.1f} ms on {threads} thread(s)" for threads, time in own.items()) + ".\n")
print("| clients | requests/s | of the folder run, each round | median | 99th percentile | memory |")
print("|---:|---:|---:|---:|---:|---:|")
for clients in CLIENTS:
    shares = [speed / rate for speed, rate in zip(speeds[clients], folders)]
    times = sorted(latencies[clients])
    print(f"| {clients} | {statistics.median(speeds[clients]):.1f} | {statistics.median(shares):.2f} "
          f"({', '.join(f'{share:.2f}' for share in shares)}) | {1e3 * statistics.median(times):.1f} ms "
          f"| {1e3 * times[int(len(times) * 0.99)]:.1f} ms | {memory():.0f} MB |")
print(f"\nOne client's median is {1e3 * statistics.median(latencies[1]) / own[int(workers)]:.2f} of the photo's own time "
      f"in a session of {workers} threads.")
before, files = memory(), len(os.listdir(f"/proc/{process}/fd"))
if int(requests):
    run(8, int(requests))
    print(f"After {requests} more requests: {memory():.0f} MB (before {before:.0f}), "
          f"{len(os.listdir(f'/proc/{process}/fd'))} descriptors (before {files}).")
