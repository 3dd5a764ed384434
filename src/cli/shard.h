/* --shard I/N: one of N parts of the input. Which part a photo belongs to depends on nothing but
 * its path below the folder that was named, so that all machines divide alike, wherever they have
 * mounted it and whatever else has appeared in it since. */
#ifndef CAPTION_CLI_SHARD_H
#define CAPTION_CLI_SHARD_H

#include "base/error.h"

struct shard {
    size_t index, count; /* 1..count */
    const char *source;  /* who said so, for messages */
};

/* Reads "I/N", 1/N to N/N, or "auto": the variables that Slurm gives the tasks of a job array
 * (SLURM_ARRAY_TASK_ID, _COUNT, _MIN), else those that Open MPI gives its processes
 * (OMPI_COMM_WORLD_RANK, _SIZE). NULL is 1/1. */
bool shard_parse(const char *text, struct shard *shard, caption_error *error);

bool shard_holds(const struct shard *shard, const char *path_below);

#endif
