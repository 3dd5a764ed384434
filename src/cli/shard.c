#include "cli/shard.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static bool read_number(const char *text, char **end, size_t *number) {
    if (!text || !isdigit((unsigned char)*text)) return false;
    errno = 0;
    *number = strtoul(text, end, 10);
    return errno == 0;
}

static bool number_of(const char *variable, size_t *number) {
    char *end;
    return read_number(getenv(variable), &end, number) && *end == 0;
}

static bool from_slurm(struct shard *shard) {
    size_t task, least = 0;
    if (!number_of("SLURM_ARRAY_TASK_ID", &task) ||
        !number_of("SLURM_ARRAY_TASK_COUNT", &shard->count))
        return false;
    number_of("SLURM_ARRAY_TASK_MIN", &least);
    shard->index = task - least + 1;
    shard->source = "Slurm";
    return true;
}

static bool from_open_mpi(struct shard *shard) {
    size_t rank;
    if (!number_of("OMPI_COMM_WORLD_RANK", &rank) ||
        !number_of("OMPI_COMM_WORLD_SIZE", &shard->count))
        return false;
    shard->index = rank + 1;
    shard->source = "Open MPI";
    return true;
}

static bool from_text(const char *text, struct shard *shard) {
    char *end;
    shard->source = "--shard";
    return read_number(text, &end, &shard->index) && *end == '/' &&
           read_number(end + 1, &end, &shard->count) && *end == 0;
}

bool shard_parse(const char *text, struct shard *shard, caption_error *error) {
    *shard = (struct shard){.index = 1, .count = 1, .source = "default"};
    if (!text) return true;
    if (strcmp(text, "auto") == 0) {
        if (!from_slurm(shard) && !from_open_mpi(shard))
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "--shard: auto, but neither SLURM_ARRAY_TASK_ID and _COUNT nor "
                             "OMPI_COMM_WORLD_RANK and _SIZE are set");
    } else if (!from_text(text, shard)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--shard: '%s' is not I/N, as 2/8, nor auto", text);
    }
    if (shard->index >= 1 && shard->index <= shard->count) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--shard: %zu of %zu (%s); the first is 1 of %zu, the last %zu of %zu",
                     shard->index, shard->count, shard->source, shard->count, shard->count,
                     shard->count);
}

bool shard_holds(const struct shard *shard, const char *path_below) {
    const uint64_t hash = hash_string(HASH_START, path_below);
    return (hash ^ hash >> 32) % shard->count == shard->index - 1;
}
