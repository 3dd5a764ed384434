/* Asks a server on this machine whether it is well: what a container runs now and then. */
#ifndef CAPTION_SERVE_HEALTH_H
#define CAPTION_SERVE_HEALTH_H

#include <stddef.h>

#include "base/error.h"

/* Whether /healthz of a server that listens on `host` and `port` answers 200 within `seconds`; of
 * one that listens on every address, the local one is asked. */
bool health_ask(const char *host, size_t port, size_t seconds, caption_error *error);

#endif
