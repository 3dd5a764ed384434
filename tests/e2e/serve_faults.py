"""serve_faults.py HOST:PORT PHOTO CAPTION: clients that break every rule, and one among them that keeps
them all and must have its caption meanwhile."""
import http.client
import random
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

address, photo, caption = sys.argv[1:]
host, port = address.rsplit(":", 1)
with open(photo, "rb") as file:
    body = file.read()
SLOW = 1000


def connect():
    return socket.create_connection((host, int(port)), timeout=30)


def expect_caption(when):
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    started = time.monotonic()
    connection.request("POST", "/caption", body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200 or f'"caption":"{caption}"' not in text:
        sys.exit(f"{when}: status {answer.status}, {text}")
    return time.monotonic() - started


def head(length, more=b""):
    return b"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%b\r\n" % (length, more)


def send(*parts, wait=True):
    """What comes back, if anything does."""
    with connect() as s:
        try:
            for part in parts:
                s.sendall(part)
            if wait:
                s.shutdown(socket.SHUT_WR)
                return s.recv(65536)
        except OSError:
            pass
    return b""


def side_by_side(jobs):
    """What each gives; the first that fails ends the test."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [job.result() for job in [pool.submit(job) for job in jobs]]


def slow_clients():
    """A byte every half second: in the head, or in the body."""
    sockets = []
    for i in range(SLOW):
        s = connect()
        s.sendall(head(100000) if i % 2 else b"POST /caption HTTP/1.1\r\nX: ")
        sockets.append(s)
    slowest = 0
    for _ in range(3):
        for s in sockets:
            try:
                s.sendall(b"a")
            except OSError:
                pass
        slowest = max(slowest, expect_caption("beside slow clients"))
        time.sleep(0.4)
    # Those that take longer than the time limit (3 s) are closed.
    time.sleep(4)
    closed = 0
    for s in sockets:
        s.settimeout(0.01)
        try:
            while s.recv(4096):
                pass
            closed += 1
        except TimeoutError:
            pass
        except OSError:
            closed += 1
        s.close()
    if closed < SLOW:
        sys.exit(f"{SLOW - closed} slow clients keep their connection for good")
    return slowest


def cut_and_wrong():
    """Requests that are none: what each client sends."""
    half = len(body) // 2
    yield head(len(body)), body[:half]
    yield head(len(body) - 7), body  # what follows is no request
    yield head(len(body) + 7), body
    yield b"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", body
    yield b"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", body
    yield (b"POST /caption HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrubbish\r\n0\r\n\r\n",)
    yield (b"POST /caption HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",)
    yield (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),)
    yield (b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n",)
    yield (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000 + b"\r\n",)
    form = b"Content-Type: multipart/form-data; boundary=xyz\r\n"
    for content in (b"", b"--xyz", b"--xyz\r\n\r\n", b"--xyz\r\nContent-Disposition: form-data; name=\"a\"; filename=\"",
                    b"--xyz\r\nContent-Disposition: form-data; name=\"top\"\r\n\r\n" + b"9" * 5000 + b"\r\n--xyz--\r\n",
                    b"--xyz\r\nContent-Disposition: form-data; name=\"p\"; filename=\"\"\r\n\r\n\r\n--xyz--\r\n"):
        yield head(len(content), form), content
    rubbish = random.Random(1)
    for _ in range(50):
        yield (bytes(rubbish.randrange(256) for _ in range(rubbish.randrange(1, 400))),)


def large():
    with connect() as s:
        try:
            s.sendall(head(100 << 20))
            for _ in range(100):
                s.sendall(bytes(1 << 20))
            answer = s.recv(4096)
        except OSError:
            return
    if answer and b" 413 " not in answer.split(b"\r\n")[0]:
        sys.exit(f"100 MB: {answer[:200]}")


def pipelined():
    with connect() as s:
        for _ in range(5):
            s.sendall(head(len(body)) + body)
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = b""
        while part := s.recv(65536):
            text += part
    if text.count(b"HTTP/1.1 200") != 6 or text.count(caption.encode()) < 5:
        sys.exit(f"pipelined requests: {text[:2000]}")


def unclear():
    """Requests whose end a proxy may see elsewhere: refused at once, and nothing that follows is a request."""
    length, coding = b"Content-Length: %d\r\n" % len(body), b"Transfer-Encoding: chunked\r\n"
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    for headers, content, status in ((length + b"Content-Length: 5\r\n", body, b"400"), (length + coding, chunked, b"400"),
                                     (length + b"Host: other\r\n", body, b"400"),
                                     (b"Transfer-Encoding: gzip, chunked\r\n", chunked, b"501")):
        started = time.monotonic()
        with connect() as s:
            s.sendall(b"POST /caption HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n" + content +
                      b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n")
            text = b""
            try:
                while part := s.recv(65536):
                    text += part
            except OSError:  # bytes of the body that nobody reads
                pass
        if text and (not text.startswith(b"HTTP/1.1 " + status) or text.count(b"HTTP/1.1 ") != 1):
            sys.exit(f"{headers}: {text[:2000]}")
        if time.monotonic() - started > 2:
            sys.exit(f"{headers}: closed after {time.monotonic() - started:.1f} s")


def never_read():
    """Asks for the page again and again, and reads nothing."""
    s = connect()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(1)
    try:
        for _ in range(2000):
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
    except OSError:
        pass
    return s


def flood():
    """More requests at once than may wait: each has an answer, a caption or 503."""
    def one():
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.request("POST", "/caption", body)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.getheader("Retry-After")

    answers = side_by_side(100 * [one])
    if any(a != (200, None) and a != (503, "1") for a in answers):
        sys.exit(f"a flood: {answers}")


deaf = never_read()
send(head(len(body)), body[: len(body) // 2], wait=False)
broken = [lambda parts=parts: send(*parts) for parts in cut_and_wrong()]
slowest = side_by_side([slow_clients, large] + broken)[0]
expect_caption("after broken requests")
pipelined()
unclear()
flood()
deaf.close()
expect_caption("in the end")
print(f"faulty clients hold up nobody: {SLOW} slow ones, a caption in at most {slowest:.2f} s meanwhile")
