/* Processes that work together, each identified by its rank: through MPI if mpirun started the
 * program, else a single process. The MPI code is in a module that is loaded only under mpirun, so
 * that other runs do not pay for loading MPI. */
#ifndef CAPTION_BASE_RANKS_H
#define CAPTION_BASE_RANKS_H

#include <stdint.h>

#include "base/error.h"

struct ranks;

/* Joins the other processes, or starts a group of one. It is an error if mpirun started several
 * processes but the module is missing. Freed with ranks_leave. */
struct ranks *ranks_join(caption_error *error);

/* Leaves the group. A failed process does not notify the others: mpirun ends them. */
void ranks_leave(struct ranks *ranks, bool failed);

size_t ranks_rank(const struct ranks *ranks);
size_t ranks_count(const struct ranks *ranks);

/* Transfers `size` bytes from one rank to all. Blocks until the others call it. */
bool ranks_broadcast(struct ranks *ranks, size_t from, void *bytes, size_t size,
                     caption_error *error);

/* Transfers to or from one other rank, beside other work, of at most RANKS_PIECE bytes. A transfer
 * has a slot, by whose number the other side knows it, and its bytes are left alone until
 * ranks_test finds it done. One thread at a time may call any of the functions here; it need not be
 * the same one. */
enum { RANKS_SLOTS = 32 };
bool ranks_start_send(struct ranks *ranks, size_t to, size_t slot, const void *bytes, size_t size,
                      caption_error *error);
bool ranks_start_receive(struct ranks *ranks, size_t from, size_t slot, void *bytes, size_t size,
                         caption_error *error);
bool ranks_test(struct ranks *ranks, size_t slot, bool *done, caption_error *error);

/* The interface of the module, exported as the symbol RANKS_TRANSPORT. Functions return false on
 * failure; sizes are at most RANKS_PIECE. */
enum { RANKS_PIECE = 1 << 28 };
#define RANKS_TRANSPORT "caption_ranks_transport"

struct ranks_transport {
    bool (*join)(int *rank, int *count);
    void (*leave)(void);
    bool (*broadcast)(int from, void *bytes, int size);
    bool (*start_send)(int to, int slot, const void *bytes, int size);
    bool (*start_receive)(int from, int slot, void *bytes, int size);
    bool (*test)(int slot, bool *done);
};

#endif
