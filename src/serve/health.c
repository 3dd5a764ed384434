#include "serve/health.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(const struct addrinfo *addresses, size_t seconds) {
    const struct timeval limit = {.tv_sec = (time_t)seconds};
    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        const int descriptor =
            socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
        if (descriptor < 0) continue;
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0) return descriptor;
        const int problem = errno;
        close(descriptor);
        errno = problem;
    }
    return -1;
}

/* The first line of the answer says all. */
static bool answers(int descriptor) {
    static const char request[] = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char answer[12]; /* "HTTP/1.1 200" */
    if (send(descriptor, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        return false;
    if (recv(descriptor, answer, sizeof answer, MSG_WAITALL) != sizeof answer) return false;
    return memcmp(answer, "HTTP/1.", 7) == 0 && memcmp(answer + 8, " 200", 4) == 0;
}

bool health_ask(const char *host, size_t port, size_t seconds, caption_error *error) {
    char number[32];
    snprintf(number, sizeof number, "%zu", port);
    if (strcmp(host, "0.0.0.0") == 0) host = "127.0.0.1";
    if (strcmp(host, "::") == 0) host = "::1";
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    const int problem = getaddrinfo(host, number, &hints, &addresses);
    if (problem != 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "--host: '%s': %s", host,
                         gai_strerror(problem));
    const int descriptor = connect_to(addresses, seconds);
    freeaddrinfo(addresses);
    if (descriptor < 0)
        return error_set(error, CAPTION_ERROR_SYSTEM, "no server at %s, port %s: %s", host, number,
                         strerror(errno));
    const bool well = answers(descriptor);
    close(descriptor);
    return well ||
           error_set(error, CAPTION_ERROR_SYSTEM,
                     "the server at %s, port %s does not answer /healthz with 200", host, number);
}
