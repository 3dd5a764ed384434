/* Who may ask. A browser sends any page's requests to a server on the same machine, so the names
 * that the server is called by are checked (DNS rebinding), and where a page comes from. */
#ifndef CAPTION_SERVE_ACCESS_H
#define CAPTION_SERVE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Names, as the command line gave them; nothing is copied. */
struct access_names {
    const char *const *items; /* [count] */
    size_t count;
};

struct access_rules {
    const char *own;             /* name or address that the server listens on */
    struct access_names hosts;   /* further names of the server; "*": any */
    struct access_names origins; /* pages of other servers that may ask; "*": any */
    const char *token;           /* NULL: none is needed */
};

/* Whether a Host header (NULL: there is none) names this server: an IP address, localhost, the
 * machine's own name, `own` or one of `hosts`, with any port. A name that a page's owner can point
 * to 127.0.0.1 is none of these. */
bool access_host(const struct access_rules *rules, const char *host);

/* Whether a page from `origin` (the Origin header; NULL: no page) may ask `host`. */
bool access_origin(const struct access_rules *rules, const char *origin, const char *host);

/* Whether pages of that origin may read answers: it is one of `origins`. */
bool access_is_shared(const struct access_rules *rules, const char *origin);

/* Whether an Authorization header (NULL: none) is "Bearer TOKEN". Takes as long for a token that
 * is nearly right as for any other. */
bool access_token(const struct access_rules *rules, const char *authorization);

#endif
