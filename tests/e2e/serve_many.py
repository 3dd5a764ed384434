"""serve_many.py HOST:PORT PHOTO PID REQUESTS: requests of every kind from eight clients at once, good ones and
bad ones. Memory and descriptors of the server must stay what they are once all its sessions are made: those of the
clients that are alone, by one client who asks for every kind, and those of each worker, by the first tenth. Memory may
grow by SERVE_GROWTH_KB (1,500)."""
import base64
import http.client
import itertools
import json
import os
import sys
import threading

address, photo, process, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
with open(photo, "rb") as file:
    body = file.read()
text = base64.b64encode(body).decode()
part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + text}}
form = b'--xyz\r\nContent-Disposition: form-data; name="p"; filename="p"\r\n\r\n' + body + b"\r\n--xyz--\r\n"


def chat(**more):
    return json.dumps({"messages": [{"role": "user", "content": [part]}], **more})


KINDS = [
    ("POST", "/caption", body, {}, 200),
    ("POST", "/caption?top=3&neutral=1", body, {}, 200),
    ("POST", "/caption", form, {"Content-Type": "multipart/form-data; boundary=xyz"}, 200),
    ("POST", "/caption", body[: len(body) // 2], {}, 400),
    ("POST", "/caption", b"no photo", {}, 400),
    ("POST", "/api/generate", json.dumps({"images": [text]}), {}, 200),
    ("POST", "/api/generate", json.dumps({"images": [text], "options": {"temperature": 1, "seed": 1}}), {}, 200),
    ("POST", "/api/chat", json.dumps({"messages": [{"content": "?", "images": [text]}], "stream": False}), {}, 200),
    ("POST", "/api/chat", '{"messages": [', {}, 400),
    ("POST", "/v1/chat/completions", chat(stream=True), {}, 200),
    ("POST", "/v1/chat/completions", chat(n=2), {}, 200),
    ("POST", "/v1/responses", json.dumps({"input": []}), {}, 400),
    ("POST", "/suggest?text=a%20red%20", body, {}, 200),
    ("POST", "/suggest?text=a%20r&top=9", None, {}, 200),
    ("POST", "/suggest?photo=0123456789abcdef0123456789abcdef", None, {}, 404),
    ("GET", "/", None, {"Accept": "text/html"}, 200),
    ("GET", "/metrics", None, {}, 200),
    ("GET", "/nothing", None, {}, 404),
]
numbers = itertools.count()  # of the requests, which the clients take in turn
problems = []


def memory():
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def descriptors():
    return len(os.listdir(f"/proc/{process}/fd"))


def ask(end):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    try:
        while (number := next(numbers)) < end and not problems:
            method, path, content, headers, expected = KINDS[number % len(KINDS)]
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != expected:
                problems.append(f"{path}: {answer.status}, {said[:200]}")
    except Exception as problem:  # a thread ends without a word otherwise
        problems.append(repr(problem))
    connection.close()


def run(begin, end, clients=8):
    global numbers
    numbers = itertools.count(begin)
    clients = [threading.Thread(target=ask, args=(end,)) for _ in range(clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if problems:
        sys.exit(problems[0])
    return memory(), descriptors()


first, allowed = max(count // 10, 500), int(os.environ.get("SERVE_GROWTH_KB", "1500"))
run(0, 3 * len(KINDS), clients=1)
early = run(0, first)
late = run(first, count)
print(f"memory {early[0]} kB after {first} requests, {late[0]} kB after {count}; descriptors {early[1]}, {late[1]}")
if late[0] > early[0] + allowed or late[1] > early[1] + 8:
    sys.exit(f"they grew by more than {allowed} kB or 8 descriptors")
