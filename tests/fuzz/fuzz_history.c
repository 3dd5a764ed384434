/* The history in a checkpoint: what is read is written and read again the same. The first byte says
 * whether the run has a sample and how many parts. */
#include "fuzz.h"
#include "train/history.h"

static void add_parts(struct train_history *history, size_t count) {
    history->parts = (struct dataset_parts){
        .items = calloc(count + 1, sizeof *history->parts.items), .count = count};
    FUZZ_MUST(history->parts.items != NULL);
}

/* What a report shows of each epoch. */
static void check_epochs(const struct train_history *history) {
    const struct train_epoch *best = history_best(history);
    FUZZ_MUST(!best || best->best);
    const size_t parts = history_parts(history);
    for (size_t i = 0; i < history->epoch_count; i++) {
        struct train_epoch epoch = history->epochs[i];
        FUZZ_MUST(train_phase_name(epoch.phase) != NULL);
        if (parts > 0) history_sum_up(history_part_scores(history, i, 0), parts, &epoch);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) return 0;
    struct train_history history = {.sample_count = bytes[0] & 1}, again = history;
    add_parts(&history, bytes[0] & 2);
    add_parts(&again, bytes[0] & 2);
    char *text = fuzz_text(bytes + 1, size - 1);
    caption_error error = {0};
    if (history_parse(&history, text, "history", &error)) {
        char *written = history_format(&history, &error);
        FUZZ_MUST(written && history_parse(&again, written, "again", &error));
        FUZZ_MUST(history.epoch_count == again.epoch_count);
        FUZZ_MUST(history.point_count == again.point_count);
        free(written);
        check_epochs(&history);
    } else {
        fuzz_check_error(&error);
    }
    history_free(&history);
    history_free(&again);
    free(text);
    return 0;
}
