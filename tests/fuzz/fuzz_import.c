/* Encoders of other programs. The input is a file's header. */
#include "header.h"
#include "model/encoder.h"

enum { MOST_NUMBERS = 300000, MOST_LAYERS = 60 };

static void read_weights(const struct encoder_import *import, struct parameters *parameters) {
    struct encoder encoder;
    caption_error error = {0};
    const size_t side = 32;
    if (!encoder_init(&encoder, import->architecture, side, false, parameters, &error)) {
        fuzz_check_error(&error);
        return;
    }
    if (encoder.layer_count <= MOST_LAYERS && parameters->count <= MOST_NUMBERS) {
        FUZZ_MUST(parameters_allocate(parameters, &error));
        if (!encoder_import_read(import, &encoder, parameters, &error)) fuzz_check_error(&error);
    }
    encoder_free(&encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct encoder_import import;
    struct parameters parameters = {0};
    caption_error error = {0};
    const char *path = header_file(bytes, size);
    if (!encoder_import_open(&import, path, NULL, &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    FUZZ_MUST(import.architecture != NULL);
    read_weights(&import, &parameters);
    parameters_free(&parameters);
    encoder_import_close(&import);
    return 0;
}
