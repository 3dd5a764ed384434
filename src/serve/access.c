#include "serve/access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LONGEST_NAME = 255 }; /* of a host (RFC 1035) */

static bool is_one_of(const struct access_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], "*") == 0 || strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool is_port(const char *text) {
    return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

/* "name:80" and "[::1]:80" without the port and the brackets. */
static bool split_host(const char *host, char name[LONGEST_NAME + 1]) {
    const bool brackets = host[0] == '[';
    const char *start = host + brackets;
    const size_t length = strcspn(start, brackets ? "]" : ":");
    const char *rest = start + length;
    if (brackets && *rest++ != ']') return false;
    if (length == 0 || length > LONGEST_NAME || !is_port(rest)) return false;
    memcpy(name, start, length);
    name[length] = '\0';
    return true;
}

static bool is_address(const char *name) {
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

static bool ends_with(const char *name, const char *end) {
    const size_t length = strlen(name), ending = strlen(end);
    return length >= ending && strcasecmp(name + length - ending, end) == 0;
}

bool access_host(const struct access_rules *rules, const char *host) {
    char name[LONGEST_NAME + 1], machine[LONGEST_NAME + 1] = "";
    if (!host) return true; /* HTTP/1.0: no browser */
    if (!split_host(host, name)) return false;
    if (is_address(name) || strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost"))
        return true;
    gethostname(machine, LONGEST_NAME);
    return strcasecmp(name, machine) == 0 || strcasecmp(name, rules->own) == 0 ||
           is_one_of(&rules->hosts, name);
}

/* Whether the page is the server's own: "http://" and the Host header. */
static bool is_own(const char *origin, const char *host) {
    const char *start = strstr(origin, "://");
    return start && host && strcasecmp(start + 3, host) == 0;
}

bool access_origin(const struct access_rules *rules, const char *origin, const char *host) {
    return !origin || is_own(origin, host) || access_is_shared(rules, origin);
}

bool access_is_shared(const struct access_rules *rules, const char *origin) {
    return origin && is_one_of(&rules->origins, origin);
}

bool access_token(const struct access_rules *rules, const char *authorization) {
    static const char scheme[] = "Bearer ";
    if (!rules->token) return true;
    if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0) return false;
    const char *given = authorization + strlen(scheme);
    const size_t length = strlen(given), right = strlen(rules->token);
    unsigned char differs = length != right;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(given[i] ^ rules->token[right > 0 ? i % right : 0]);
    return differs == 0;
}
