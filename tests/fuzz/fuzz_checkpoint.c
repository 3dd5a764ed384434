/* Checkpoints: the model, then all else of a run with its settings. */
#include "header.h"
#include "train/checkpoint.h"

enum { PHOTOS = 7, MOST_NUMBERS = 200000 };

/* What was read is written, and the model in it read again. */
static void write_again(struct trainer *trainer) {
    const char *path = fuzz_output();
    char *own = trainer->checkpoint;
    struct model model;
    caption_error error = {0};
    trainer->checkpoint = strdup(path);
    FUZZ_MUST(trainer->checkpoint && checkpoint_write(trainer, &error));
    FUZZ_MUST(checkpoint_recognise(path) && checkpoint_read_model(&model, path, &error));
    FUZZ_MUST(model.parameters.count == trainer->model.parameters.count);
    FUZZ_MUST(checkpoint_remove(path, &error) && !checkpoint_exists(path));
    model_free(&model);
    free(trainer->checkpoint);
    trainer->checkpoint = own;
}

static void read_rest(struct trainer *trainer) {
    caption_error error = {0};
    FUZZ_MUST(update_init(&trainer->update, &trainer->model.parameters, 0.9F, &error));
    if (checkpoint_read(trainer, &error)) {
        write_again(trainer);
        char *history = history_format(&trainer->history, &error);
        FUZZ_MUST(history != NULL);
        free(history);
    } else {
        fuzz_check_error(&error);
    }
    update_free(&trainer->update);
    history_free(&trainer->history);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static char settings[] = "{}";
    char *path = strdup(header_file(bytes, size));
    const struct train_options options = {
        .set_count = 1, .epochs = 4, .batch_size = 2, .micro_batch = 1};
    struct epoch_share share = {0, PHOTOS, 1};
    struct trainer trainer = {.options = &options,
                              .checkpoint = path,
                              .settings = settings,
                              .train_count = PHOTOS,
                              .shares = &share};
    caption_error error = {0};
    if (checkpoint_read_model(&trainer.model, path, &error)) {
        if (trainer.model.parameters.count <= MOST_NUMBERS) read_rest(&trainer);
        model_free(&trainer.model);
    } else {
        fuzz_check_error(&error);
    }
    free(path);
    return 0;
}
