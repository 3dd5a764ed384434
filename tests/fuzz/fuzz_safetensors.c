/* Safetensors files, and what takes them for an encoder of others. */
#include "format/safetensors.h"
#include "fuzz.h"
#include "model/encoder.h"

enum { MOST_NUMBERS = 100000 };

static void read_tensor(const struct safetensors *file, const struct safetensors_tensor *tensor) {
    FUZZ_MUST(safetensors_find(file, tensor->name) == tensor);
    FUZZ_MUST(tensor->offset <= file->parts.size);
    FUZZ_MUST(tensor->bytes <= file->parts.size - tensor->offset);
    safetensors_shape_text(tensor->shape, tensor->dimensions);
    if (tensor->count > MOST_NUMBERS) return;
    float *numbers = malloc((tensor->count + 1) * sizeof *numbers);
    uint8_t *bytes = malloc(tensor->bytes + 1);
    FUZZ_MUST(numbers && bytes);
    caption_error error = {0};
    const bool ok = safetensors_floats(file, tensor, numbers, &error);
    FUZZ_MUST(ok == safetensors_as_is(file, tensor, bytes, NULL));
    if (!ok) fuzz_check_error(&error);
    free(numbers);
    free(bytes);
}

static void import(const char *path) {
    struct encoder_import encoder;
    caption_error error = {0};
    if (encoder_import_open(&encoder, path, NULL, &error))
        encoder_import_close(&encoder);
    else
        fuzz_check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct safetensors file;
    caption_error error = {0};
    const char *path = fuzz_file(0, bytes, size);
    if (!safetensors_open(&file, path, &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    for (size_t i = 0; i < file.tensor_count; i++) read_tensor(&file, &file.tensors[i]);
    safetensors_metadata(&file, "format");
    safetensors_close(&file);
    import(path);
    return 0;
}
