/* The MPI module, see ranks.h. A slot's number is its tag. */
#include <mpi.h>

#include "base/ranks.h"

static MPI_Request requests[RANKS_SLOTS];

static bool join(int *rank, int *count) {
    int threads; /* which may call MPI: any, one at a time */
    return MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &threads) == MPI_SUCCESS &&
           threads >= MPI_THREAD_SERIALIZED &&
           MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) == MPI_SUCCESS &&
           MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS &&
           MPI_Comm_size(MPI_COMM_WORLD, count) == MPI_SUCCESS;
}

static void leave(void) {
    MPI_Finalize();
}

static bool broadcast(int from, void *bytes, int size) {
    return MPI_Bcast(bytes, size, MPI_BYTE, from, MPI_COMM_WORLD) == MPI_SUCCESS;
}

static bool start_send(int to, int slot, const void *bytes, int size) {
    return MPI_Isend(bytes, size, MPI_BYTE, to, slot, MPI_COMM_WORLD, &requests[slot]) ==
           MPI_SUCCESS;
}

static bool start_receive(int from, int slot, void *bytes, int size) {
    return MPI_Irecv(bytes, size, MPI_BYTE, from, slot, MPI_COMM_WORLD, &requests[slot]) ==
           MPI_SUCCESS;
}

static bool test(int slot, bool *done) {
    int complete = 0;
    if (MPI_Test(&requests[slot], &complete, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    *done = complete != 0;
    return true;
}

extern const struct ranks_transport caption_ranks_transport;
__attribute__((visibility("default")))
const struct ranks_transport caption_ranks_transport = {.join = join,
                                                        .leave = leave,
                                                        .broadcast = broadcast,
                                                        .start_send = start_send,
                                                        .start_receive = start_receive,
                                                        .test = test};
