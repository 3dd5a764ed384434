/* A model whose numbers stay in its file has those of a read one, in whatever type and at whatever
 * address they lie there. */
#include "model_fixture.h"

#include <endian.h>

static const enum safetensors_type types[] = {SAFETENSORS_F32, SAFETENSORS_F16, SAFETENSORS_BF16};
enum { TYPES = sizeof types / sizeof *types };

static struct model opened(bool (*open)(struct model *, const char *, caption_error *),
                           const char *path) {
    struct model model;
    caption_error error = {0};
    if (!open(&model, path, &error)) fail_msg("%s", error.message);
    return model;
}

static size_t find(const struct model *model, const char *name) {
    size_t index;
    assert_true(parameters_find(&model->parameters, name, &index));
    return index;
}

/* Every tensor of both, bit for bit. */
static void assert_same_numbers(const struct model *a, const struct model *b) {
    const struct weights x = model_weights(a), y = model_weights(b);
    struct arena arena = {0};
    assert_int_equal(a->parameters.tensor_count, b->parameters.tensor_count);
    for (size_t i = 0; i < a->parameters.tensor_count; i++) {
        const size_t count = a->parameters.tensors[i].count;
        float *numbers[2] = {calloc(count, sizeof(float)), calloc(count, sizeof(float))};
        caption_error error = {0};
        if (!weights_read(&x, i, numbers[0], &error)) fail_msg("%s", error.message);
        if (!weights_read(&y, i, numbers[1], &error)) fail_msg("%s", error.message);
        assert_memory_equal(numbers[0], numbers[1], count * sizeof(float));
        struct weights_view view;
        assert_true(weights_view(&x, i, &arena, &view, NULL));
        assert_true(weights_view(&y, i, &arena, &view, NULL));
        free(numbers[0]);
        free(numbers[1]);
    }
    arena_free(&arena);
}

static void an_opened_model_has_the_numbers_of_a_read_one(void **state) {
    (void)state;
    struct model model = small_model();
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model read = opened(model_read, path), lazy = opened(model_open, path);
        assert_same_numbers(&read, &lazy);
        if (types[t] == SAFETENSORS_F32) assert_same_numbers(&model, &lazy);
        model_free(&read);
        model_free(&lazy);
        temporary_file_free(path);
    }
    model_free(&model);
}

/* At least one of them is a convolution that lies in memory in another order than in the file. */
static void numbers_are_read_in_memory_s_order(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model lazy = opened(model_open, path);
    const struct weights weights = model_weights(&lazy);
    struct arena arena = {0};
    size_t reordered = 0;
    for (size_t i = 0; i < lazy.parameters.tensor_count; i++) {
        const struct parameter *tensor = &lazy.parameters.tensors[i];
        float *numbers = calloc(tensor->count, sizeof *numbers);
        assert_true(weights_read(&weights, i, numbers, NULL));
        const real *block = parameters_at(&model.parameters, model.parameters.values, i);
        assert_memory_equal(numbers, block, tensor->count * sizeof *numbers);
        struct weights_view in_file;
        assert_true(weights_view(&weights, i, &arena, &in_file, NULL));
        reordered += memcmp(numbers, in_file.data, tensor->count * sizeof *numbers) != 0;
        free(numbers);
    }
    assert_true(reordered > 0);
    arena_free(&arena);
    model_free(&lazy);
    model_free(&model);
    temporary_file_free(path);
}

static void a_view_lies_in_the_block_or_is_the_file_s_bytes(void **state) {
    (void)state;
    struct model model = small_model();
    const struct weights block = model_weights(&model);
    struct arena arena = {0};
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model lazy = opened(model_open, path);
        assert_null(lazy.parameters.values);
        const struct weights weights = model_weights(&lazy);
        const size_t index = find(&lazy, "decoder.embedding.weight");
        struct weights_view view;
        assert_true(weights_view(&weights, index, &arena, &view, NULL));
        assert_int_equal(view.type, types[t]);
        assert_int_equal(view.count, lazy.parameters.tensors[index].count);
        const struct safetensors_tensor *tensor =
            safetensors_find(&lazy.file, "decoder.embedding.weight");
        struct file_bytes bytes;
        assert_true(file_read(path, 1 << 24, &bytes, NULL));
        assert_memory_equal(view.data, bytes.data + tensor->offset, tensor->bytes);
        file_bytes_free(&bytes);

        assert_true(weights_view(&block, index, &arena, &view, NULL));
        assert_int_equal(view.type, SAFETENSORS_F32);
        assert_int_equal(view.count, model.parameters.tensors[index].count);
        assert_ptr_equal(view.data,
                         model.parameters.values + model.parameters.tensors[index].offset);
        model_free(&lazy);
        temporary_file_free(path);
    }
    arena_free(&arena);
    model_free(&model);
}

/* A header that is longer by `spaces` moves every number by as many bytes. */
static void lengthen_header(const char *path, size_t spaces) {
    struct file_bytes bytes;
    assert_true(file_read(path, 1 << 24, &bytes, NULL));
    uint64_t length;
    memcpy(&length, bytes.data, sizeof length);
    const size_t header = le64toh(length), size = bytes.size + spaces;
    uint8_t *longer = malloc(size);
    length = htole64(header + spaces);
    memcpy(longer, &length, sizeof length);
    memcpy(longer + 8, bytes.data + 8, header);
    memset(longer + 8 + header, ' ', spaces);
    memcpy(longer + 8 + header + spaces, bytes.data + 8 + header, bytes.size - 8 - header);
    temporary_file_write(path, longer, size);
    free(longer);
    file_bytes_free(&bytes);
}

static void numbers_are_read_from_any_place_in_the_file(void **state) {
    (void)state;
    struct model model = small_model();
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model read = opened(model_read, path);
        for (size_t spaces = 1; spaces < 4; spaces++) {
            lengthen_header(path, 1); /* once more each time */
            struct model lazy = opened(model_open, path);
            const struct weights weights = model_weights(&lazy);
            const char *name = lazy.parameters.tensors[0].name;
            assert_int_equal(safetensors_find(weights.file, name)->offset % 4, spaces);
            assert_same_numbers(&read, &lazy);
            model_free(&lazy);
        }
        model_free(&read);
        temporary_file_free(path);
    }
    model_free(&model);
}

/* Overwrites number 5 of the tensor with one that is not finite. */
static void spoil(const char *path, const char *name) {
    struct file_bytes bytes;
    assert_true(file_read(path, 1 << 24, &bytes, NULL));
    struct safetensors file;
    assert_true(safetensors_open(&file, path, NULL));
    const struct safetensors_tensor *tensor = safetensors_find(&file, name);
    const size_t width = tensor->bytes / tensor->count;
    uint8_t *number = bytes.data + tensor->offset + 5 * width;
    memcpy(number + width - 2, tensor->type == SAFETENSORS_F16 ? "\0\x7c" : "\x80\x7f", 2);
    if (width == 4) memset(number, 0, 2);
    safetensors_close(&file);
    temporary_file_write(path, bytes.data, bytes.size);
    file_bytes_free(&bytes);
}

static void assert_infinite(const caption_error *error, const char *path, const char *name) {
    char message[512];
    snprintf(message, sizeof message, "%s: tensor \"%s\": number 5 is inf, expected a finite one",
             path, name);
    assert_int_equal(error->status, CAPTION_ERROR_FORMAT);
    assert_string_equal(error->message, message);
}

static void a_number_that_is_not_finite_is_told_where_it_is_read(void **state) {
    (void)state;
    static const char *const names[] = {"encoder.conv_stem.weight", "decoder.embedding.weight"};
    struct model model = small_model();
    for (size_t i = 0; i < 2 * TYPES; i++) {
        const char *name = names[i % 2];
        char *path = written(&model, types[i / 2]);
        spoil(path, name);
        struct model lazy = opened(model_open, path);
        const struct weights weights = model_weights(&lazy);
        float numbers[1024];
        const size_t bad = find(&lazy, name), good = find(&lazy, "decoder.output.weight");
        caption_error error = {0};
        assert_false(weights_read(&weights, bad, numbers, &error));
        assert_infinite(&error, path, name);
        error = (caption_error){0};
        struct arena arena = {0};
        struct weights_view view;
        assert_false(weights_view(&weights, bad, &arena, &view, &error));
        assert_infinite(&error, path, name);
        assert_true(weights_view(&weights, good, &arena, &view, &error));
        arena_free(&arena);
        assert_true(weights_read(&weights, good, numbers, &error));
        model_free(&lazy);
        temporary_file_free(path);
    }
    model_free(&model);
}

/* Another program may write to a file in place, which a mapping would not survive. */
static void numbers_that_are_no_longer_there_are_an_error(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F16);
    struct model lazy = opened(model_open, path);
    const struct weights weights = model_weights(&lazy);
    const struct safetensors_tensor *last =
        safetensors_find(&lazy.file, "decoder.embedding.weight");
    assert_int_equal(truncate(path, (off_t)(last->offset + last->bytes - 1)), 0);
    float numbers[1024];
    struct arena arena = {0};
    struct weights_view view;
    caption_error error = {0};
    const size_t index = find(&lazy, last->name);
    assert_false(weights_read(&weights, index, numbers, &error));
    assert_non_null(strstr(error.message, "cut short while it is read"));
    error = (caption_error){0};
    assert_false(weights_view(&weights, index, &arena, &view, &error));
    assert_non_null(strstr(error.message, "cut short while it is read"));
    arena_free(&arena);
    model_free(&lazy);
    model_free(&model);
    temporary_file_free(path);
}

static void an_opened_model_outlives_its_name(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model lazy = opened(model_open, path);
    temporary_file_write(path, "another", 7); /* unlinks first, as a rename would */
    assert_same_numbers(&model, &lazy);
    assert_string_equal(lazy.vocabulary.words[VOCABULARY_SPECIALS], "a");
    assert_true(cJSON_Compare(lazy.provenance, model.provenance, true));
    assert_memory_equal(&lazy.preprocessing, &model.preprocessing, sizeof model.preprocessing);
    model_free(&lazy);
    assert_false(lazy.file.parts.is_open);
    model_free(&model);
    temporary_file_free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opened_model_has_the_numbers_of_a_read_one),
        cmocka_unit_test(numbers_are_read_in_memory_s_order),
        cmocka_unit_test(a_view_lies_in_the_block_or_is_the_file_s_bytes),
        cmocka_unit_test(numbers_are_read_from_any_place_in_the_file),
        cmocka_unit_test(a_number_that_is_not_finite_is_told_where_it_is_read),
        cmocka_unit_test(numbers_that_are_no_longer_there_are_an_error),
        cmocka_unit_test(an_opened_model_outlives_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
