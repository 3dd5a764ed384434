/* Processes that work on one thing together, each with a number of its own, its rank: through MPI
 * when mpirun started the program, else this one alone. MPI is no part of the library: it lies in a
 * module that is loaded only then, so that nobody waits for it who does not use it. */
#ifndef CAPTION_BASE_RANKS_H
#define CAPTION_BASE_RANKS_H

#include <stdint.h>

#include "base/error.h"

struct ranks;

/* Joins the others, or stands alone. An error when mpirun started several processes but there is no
 * module. Freed with ranks_leave. */
struct ranks *ranks_join(caption_error *error);

/* Takes leave. A process that failed leaves without a word to the others: mpirun ends them. */
void ranks_leave(struct ranks *ranks, bool failed);

size_t ranks_rank(const struct ranks *ranks);
size_t ranks_count(const struct ranks *ranks);

/* `size` bytes to or from one other rank, or from one rank to all. Each waits for its counterpart.
 */
bool ranks_send(struct ranks *ranks, size_t to, const void *bytes, size_t size,
                caption_error *error);
bool ranks_receive(struct ranks *ranks, size_t from, void *bytes, size_t size,
                   caption_error *error);
bool ranks_broadcast(struct ranks *ranks, size_t from, void *bytes, size_t size,
                     caption_error *error);

/* What the module provides, in the symbol named RANKS_TRANSPORT. Functions return false on failure;
 * sizes are at most RANKS_PIECE. */
enum { RANKS_PIECE = 1 << 28 };
#define RANKS_TRANSPORT "caption_ranks_transport"

struct ranks_transport {
    bool (*join)(int *rank, int *count);
    void (*leave)(void);
    bool (*send)(int to, const void *bytes, int size);
    bool (*receive)(int from, void *bytes, int size);
    bool (*broadcast)(int from, void *bytes, int size);
};

#endif
