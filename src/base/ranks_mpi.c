/* The MPI module, see ranks.h. */
#include <mpi.h>

#include "base/ranks.h"

enum { TAG = 0 };

static bool join(int *rank, int *count) {
    return MPI_Init(NULL, NULL) == MPI_SUCCESS &&
           MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) == MPI_SUCCESS &&
           MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS &&
           MPI_Comm_size(MPI_COMM_WORLD, count) == MPI_SUCCESS;
}

static void leave(void) {
    MPI_Finalize();
}

static bool send(int to, const void *bytes, int size) {
    return MPI_Send(bytes, size, MPI_BYTE, to, TAG, MPI_COMM_WORLD) == MPI_SUCCESS;
}

static bool receive(int from, void *bytes, int size) {
    return MPI_Recv(bytes, size, MPI_BYTE, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE) ==
           MPI_SUCCESS;
}

static bool broadcast(int from, void *bytes, int size) {
    return MPI_Bcast(bytes, size, MPI_BYTE, from, MPI_COMM_WORLD) == MPI_SUCCESS;
}

extern const struct ranks_transport caption_ranks_transport;
__attribute__((visibility("default"))) const struct ranks_transport caption_ranks_transport = {
    .join = join, .leave = leave, .send = send, .receive = receive, .broadcast = broadcast};
