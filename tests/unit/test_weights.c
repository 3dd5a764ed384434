/* A mapped model has the numbers of a read one, in whatever type and at whatever address they lie.
 */
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
    assert_int_equal(a->parameters.tensor_count, b->parameters.tensor_count);
    for (size_t i = 0; i < a->parameters.tensor_count; i++) {
        const size_t count = a->parameters.tensors[i].count;
        float *numbers[2] = {calloc(count, sizeof(float)), calloc(count, sizeof(float))};
        caption_error error = {0};
        if (!weights_read(&x, i, numbers[0], &error)) fail_msg("%s", error.message);
        if (!weights_read(&y, i, numbers[1], &error)) fail_msg("%s", error.message);
        assert_memory_equal(numbers[0], numbers[1], count * sizeof(float));
        assert_true(weights_check(&x, i, NULL));
        assert_true(weights_check(&y, i, NULL));
        free(numbers[0]);
        free(numbers[1]);
    }
}

static void a_mapped_model_has_the_numbers_of_a_read_one(void **state) {
    (void)state;
    struct model model = small_model();
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model read = opened(model_read, path), mapped = opened(model_map, path);
        assert_same_numbers(&read, &mapped);
        if (types[t] == SAFETENSORS_F32) assert_same_numbers(&model, &mapped);
        model_free(&read);
        model_free(&mapped);
        temporary_file_free(path);
    }
    model_free(&model);
}

/* At least one of them is a convolution that lies in memory in another order than in the file. */
static void numbers_are_read_in_memory_s_order(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model mapped = opened(model_map, path);
    const struct weights weights = model_weights(&mapped);
    size_t reordered = 0;
    for (size_t i = 0; i < mapped.parameters.tensor_count; i++) {
        const struct parameter *tensor = &mapped.parameters.tensors[i];
        float *numbers = calloc(tensor->count, sizeof *numbers);
        assert_true(weights_read(&weights, i, numbers, NULL));
        const real *block = parameters_at(&model.parameters, model.parameters.values, i);
        assert_memory_equal(numbers, block, tensor->count * sizeof *numbers);
        const void *in_file = weights_view(&weights, i).data;
        reordered += memcmp(numbers, in_file, tensor->count * sizeof *numbers) != 0;
        free(numbers);
    }
    assert_true(reordered > 0);
    model_free(&mapped);
    model_free(&model);
    temporary_file_free(path);
}

static void a_view_lies_in_the_block_or_in_the_file(void **state) {
    (void)state;
    struct model model = small_model();
    const struct weights block = model_weights(&model);
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model mapped = opened(model_map, path);
        assert_null(mapped.parameters.values);
        const struct weights weights = model_weights(&mapped);
        const size_t index = find(&mapped, "decoder.embedding.weight");
        struct weights_view view = weights_view(&weights, index);
        assert_int_equal(view.type, types[t]);
        assert_int_equal(view.count, mapped.parameters.tensors[index].count);
        const uint8_t *data = view.data, *file = mapped.file.map.data;
        assert_true(data > file && data < file + mapped.file.map.size);

        view = weights_view(&block, index);
        assert_int_equal(view.type, SAFETENSORS_F32);
        assert_int_equal(view.count, model.parameters.tensors[index].count);
        assert_ptr_equal(view.data,
                         model.parameters.values + model.parameters.tensors[index].offset);
        model_free(&mapped);
        temporary_file_free(path);
    }
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

static void numbers_are_read_at_any_address(void **state) {
    (void)state;
    struct model model = small_model();
    for (size_t t = 0; t < TYPES; t++) {
        char *path = written(&model, types[t]);
        struct model read = opened(model_read, path);
        for (size_t spaces = 1; spaces < 4; spaces++) {
            lengthen_header(path, 1); /* once more each time */
            struct model mapped = opened(model_map, path);
            const struct weights weights = model_weights(&mapped);
            const uintptr_t address = (uintptr_t)weights_view(&weights, 0).data;
            assert_int_equal(address % 4, spaces);
            assert_same_numbers(&read, &mapped);
            model_free(&mapped);
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
    uint8_t *number = bytes.data + (tensor->data - file.map.data) + 5 * width;
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
        struct model mapped = opened(model_map, path);
        const struct weights weights = model_weights(&mapped);
        float numbers[1024];
        const size_t bad = find(&mapped, name), good = find(&mapped, "decoder.output.weight");
        caption_error error = {0};
        assert_false(weights_read(&weights, bad, numbers, &error));
        assert_infinite(&error, path, name);
        error = (caption_error){0};
        assert_false(weights_check(&weights, bad, &error));
        assert_infinite(&error, path, name);
        assert_true(weights_check(&weights, good, &error));
        assert_true(weights_read(&weights, good, numbers, &error));
        model_free(&mapped);
        temporary_file_free(path);
    }
    model_free(&model);
}

static void numbers_given_back_are_read_again(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model mapped = opened(model_map, path);
    const struct weights of_file = model_weights(&mapped), of_block = model_weights(&model);
    assert_same_numbers(&model, &mapped);
    weights_release(&of_file);
    weights_release(&of_block);
    assert_same_numbers(&model, &mapped);
    model_free(&mapped);
    model_free(&model);
    temporary_file_free(path);
}

static void a_mapped_model_outlives_its_name(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model mapped = opened(model_map, path);
    temporary_file_write(path, "another", 7); /* unlinks first, as a rename would */
    assert_same_numbers(&model, &mapped);
    assert_string_equal(mapped.vocabulary.words[VOCABULARY_SPECIALS], "a");
    assert_true(cJSON_Compare(mapped.provenance, model.provenance, true));
    assert_memory_equal(&mapped.preprocessing, &model.preprocessing, sizeof model.preprocessing);
    model_free(&mapped);
    assert_null(mapped.file.map.data);
    model_free(&model);
    temporary_file_free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapped_model_has_the_numbers_of_a_read_one),
        cmocka_unit_test(numbers_are_read_in_memory_s_order),
        cmocka_unit_test(a_view_lies_in_the_block_or_in_the_file),
        cmocka_unit_test(numbers_are_read_at_any_address),
        cmocka_unit_test(a_number_that_is_not_finite_is_told_where_it_is_read),
        cmocka_unit_test(numbers_given_back_are_read_again),
        cmocka_unit_test(a_mapped_model_outlives_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
