#include "base/ranks.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

struct ranks {
    size_t rank, count;
    void *module; /* NULL: a single process */
    const struct ranks_transport *transport;
};

/* Open MPI's mpirun sets the number of processes in the environment. */
static long started_together(void) {
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    return size ? strtol(size, NULL, 10) : 1;
}

/* Storage of a path that module_path works out. */
struct module_place {
    char text[4096];
};

/* The first that is there of that in the prefix in which the program lies, that in the prefix for
 * which it was built, and that of the build; where there is none, the second, which a message
 * names. NULL: built without. */
static const char *module_path(struct module_place *place) {
#ifdef CAPTION_MPI_BUILT
    if (file_beside_program(CAPTION_MPI_FROM_PROGRAM, place->text, sizeof place->text) &&
        access(place->text, R_OK) == 0)
        return place->text;
    const bool only_built =
        access(CAPTION_MPI_INSTALLED, R_OK) != 0 && access(CAPTION_MPI_BUILT, R_OK) == 0;
    return only_built ? CAPTION_MPI_BUILT : CAPTION_MPI_INSTALLED;
#else
    (void)place;
    return NULL;
#endif
}

static bool load(struct ranks *ranks, caption_error *error) {
    struct module_place place;
    const char *path = module_path(&place);
    if (!path) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "started by mpirun, but built without MPI: install Open MPI's development "
                         "files (libopenmpi-dev) and build again");
    }
    /* Open MPI's own plug-ins look its symbols up globally. */
    ranks->module = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (ranks->module) ranks->transport = dlsym(ranks->module, RANKS_TRANSPORT);
    if (ranks->transport) return true;
    return error_set(error, CAPTION_ERROR_IO, "started by mpirun, but its module does not load: %s",
                     dlerror());
}

static bool join(struct ranks *ranks, caption_error *error) {
    if (started_together() <= 1) return true;
    if (!load(ranks, error)) return false;
    int rank, count;
    if (!ranks->transport->join(&rank, &count) || rank < 0 || count < 1) {
        return error_set(error, CAPTION_ERROR_IO, "MPI did not start");
    }
    ranks->rank = (size_t)rank;
    ranks->count = (size_t)count;
    return true;
}

struct ranks *ranks_join(caption_error *error) {
    struct ranks *ranks = memory_zeroed(1, sizeof *ranks, "ranks", error);
    if (!ranks) return NULL;
    ranks->count = 1;
    if (join(ranks, error)) return ranks;
    ranks_leave(ranks, true);
    return NULL;
}

/* The module stays loaded: MPI cannot be unloaded. */
void ranks_leave(struct ranks *ranks, bool failed) {
    if (!ranks) return;
    if (ranks->transport && !failed) ranks->transport->leave();
    free(ranks);
}

size_t ranks_rank(const struct ranks *ranks) {
    return ranks->rank;
}

size_t ranks_count(const struct ranks *ranks) {
    return ranks->count;
}

static int piece_of(size_t left) {
    return left < RANKS_PIECE ? (int)left : RANKS_PIECE;
}

static bool transport_error(const char *doing, size_t rank, caption_error *error) {
    return error_set(error, CAPTION_ERROR_IO, "MPI: cannot %s rank %zu", doing, rank);
}

bool ranks_broadcast(struct ranks *ranks, size_t from, void *bytes, size_t size,
                     caption_error *error) {
    if (ranks->count == 1) return true;
    uint8_t *next = bytes;
    for (int piece; size > 0; next += piece, size -= (size_t)piece) {
        piece = piece_of(size);
        if (!ranks->transport->broadcast((int)from, next, piece)) {
            return transport_error("share what comes from", from, error);
        }
    }
    return true;
}

/* What goes in one piece only. */
static bool fits_piece(size_t size, caption_error *error) {
    return size <= RANKS_PIECE ||
           error_set(error, CAPTION_ERROR_ARGUMENT,
                     "MPI: expected at most %d bytes at once, found %zu", RANKS_PIECE, size);
}

bool ranks_start_send(struct ranks *ranks, size_t to, size_t slot, const void *bytes, size_t size,
                      caption_error *error) {
    if (!fits_piece(size, error)) return false;
    return ranks->transport->start_send((int)to, (int)slot, bytes, (int)size) ||
           transport_error("send to", to, error);
}

bool ranks_start_receive(struct ranks *ranks, size_t from, size_t slot, void *bytes, size_t size,
                         caption_error *error) {
    if (!fits_piece(size, error)) return false;
    return ranks->transport->start_receive((int)from, (int)slot, bytes, (int)size) ||
           transport_error("receive from", from, error);
}

bool ranks_test(struct ranks *ranks, size_t slot, bool *done, caption_error *error) {
    return ranks->transport->test((int)slot, done) ||
           error_set(error, CAPTION_ERROR_IO, "MPI: a transfer to or from another rank failed");
}
