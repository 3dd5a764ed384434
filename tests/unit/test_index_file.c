/* Index files: what is written is read again; whatever is broken is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "format/float16.h"
#include "search/index_file.h"

enum { WIDTH = 6, PHOTOS = 4, HEADER = 48, PHOTO = 24, NAMES = HEADER + PHOTOS * PHOTO };

static const char *const names[PHOTOS] = {"/far/away.jpg", "a\nb.jpg", "cats/1.jpg", "dog.jpg"};

struct fixture {
    char path[64];
    uint8_t vectors[PHOTOS][2 * WIDTH];
    struct index_row rows[PHOTOS];
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->path, "/tmp/caption-index-XXXXXX");
    const int descriptor = mkstemp(f->path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (size_t i = 0; i < PHOTOS; i++) {
        float vector[WIDTH] = {0};
        size_t bad;
        vector[i] = 1;
        assert_true(float16_from_floats(vector, WIDTH, f->vectors[i], &bad));
        f->rows[i] =
            (struct index_row){{names[i], 100 + i, UINT64_C(1) << 63 | i, 7 * i}, f->vectors[i], 0};
    }
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    unlink(f->path);
    free(f);
    return 0;
}

static struct index_content content_of(const struct fixture *f) {
    return (struct index_content){
        .model = 0x123456789abcdefU, .width = WIDTH, .count = PHOTOS, .rows = f->rows};
}

static void write_index(const struct fixture *f) {
    caption_error error = {0};
    const struct index_content content = content_of(f);
    if (!index_file_write(f->path, &content, &error)) fail_msg("%s", error.message);
}

static void open_index(struct index_file *index, const char *path) {
    caption_error error = {0};
    if (!index_file_open(index, path, &error)) fail_msg("%s", error.message);
}

/* The bytes of the index; freed by the caller. */
static struct file_bytes bytes_of(const struct fixture *f) {
    struct file_bytes bytes;
    write_index(f);
    assert_true(file_read(f->path, 1 << 20, &bytes, NULL));
    return bytes;
}

static void put(uint8_t *at, uint64_t number, size_t size) {
    for (size_t i = 0; i < size; i++) at[i] = (uint8_t)(number >> 8 * i);
}

/* As if whoever broke the photos or names had computed their hash. */
static void mend_hash(struct file_bytes *bytes, size_t names_end) {
    put(bytes->data + 40, hash_bytes(HASH_START, bytes->data + HEADER, names_end - HEADER), 8);
}

static void assert_refused(const char *path, const void *bytes, size_t size, const char *reason) {
    caption_error error = {0};
    struct index_file index;
    assert_true(file_write(path, bytes, size, NULL));
    if (index_file_open(&index, path, &error)) fail_msg("opened, expected: %s", reason);
    if (!strstr(error.message, reason)) fail_msg("'%s' expected in: %s", reason, error.message);
    assert_non_null(strstr(error.message, path));
}

static void test_what_is_written_is_read(void **state) {
    const struct fixture *f = *state;
    struct index_file index;
    uint8_t vectors[PHOTOS][2 * WIDTH];
    write_index(f);
    assert_true(index_file_recognise(f->path));
    open_index(&index, f->path);
    assert_int_equal(index.count, PHOTOS);
    assert_int_equal(index.width, WIDTH);
    for (size_t i = 0; i < PHOTOS; i++) {
        assert_string_equal(index.photos[i].name, names[i]);
        assert_true(index.photos[i].size == f->rows[i].photo.size);
        assert_true(index.photos[i].time == f->rows[i].photo.time);
        assert_true(index.photos[i].content == f->rows[i].photo.content);
        assert_ptr_equal(index_file_find(&index, names[i]), &index.photos[i]);
    }
    assert_null(index_file_find(&index, "dog"));
    assert_true(index_file_vectors(&index, 0, PHOTOS, vectors[0], NULL));
    assert_memory_equal(vectors, f->vectors, sizeof vectors);
    assert_true(index_file_vectors(&index, 2, 1, vectors[0], NULL));
    assert_memory_equal(vectors[0], f->vectors[2], sizeof vectors[0]);
    index_file_close(&index);
}

static void test_an_index_of_no_photos_is_one(void **state) {
    const struct fixture *f = *state;
    struct index_file index;
    struct index_content content = content_of(f);
    content.count = 0;
    assert_true(index_file_write(f->path, &content, NULL));
    open_index(&index, f->path);
    assert_int_equal(index.count, 0);
    assert_null(index_file_find(&index, "dog.jpg"));
    index_file_close(&index);
}

static void test_vectors_of_the_old_index_are_kept(void **state) {
    struct fixture *f = *state;
    struct index_file old, index;
    uint8_t vector[2 * WIDTH];
    write_index(f);
    open_index(&old, f->path);
    const struct index_row rows[] = {{{"b.jpg", 1, 2, 3}, NULL, 3},
                                     {{"c.jpg", 1, 2, 3}, f->vectors[1], 0}};
    const struct index_content content = {
        .model = 1, .width = WIDTH, .count = 2, .rows = rows, .old = &old};
    assert_true(index_file_write(f->path, &content, NULL)); /* over the one that is open */
    open_index(&index, f->path);
    assert_true(index_file_vectors(&index, 0, 1, vector, NULL));
    assert_memory_equal(vector, f->vectors[3], sizeof vector);
    assert_true(index_file_vectors(&index, 1, 1, vector, NULL));
    assert_memory_equal(vector, f->vectors[1], sizeof vector);
    index_file_close(&index);
    index_file_close(&old);
}

static void test_another_model_is_refused_and_told_how_to_go_on(void **state) {
    const struct fixture *f = *state;
    struct index_file index;
    caption_error error = {0};
    write_index(f);
    open_index(&index, f->path);
    assert_true(index_file_check_model(&index, 0x123456789abcdefU, WIDTH, &error));
    assert_false(index_file_check_model(&index, 0x123456789abcdefU, WIDTH + 1, &error));
    assert_non_null(strstr(error.message, "not as wide as the model's"));
    assert_false(index_file_check_model(&index, 1, WIDTH, &error));
    assert_non_null(strstr(error.message, "0123456789abcdef"));
    assert_non_null(strstr(error.message, "caption index --force"));
    index_file_close(&index);
}

static void test_every_shorter_or_longer_file_is_refused(void **state) {
    const struct fixture *f = *state;
    struct file_bytes bytes = bytes_of(f);
    for (size_t size = 0; size < bytes.size; size++) assert_refused(f->path, bytes.data, size, ":");
    assert_refused(f->path, bytes.data, bytes.size + 1, "its size does not fit");
    file_bytes_free(&bytes);
}

static void test_every_changed_byte_before_the_vectors_is_seen(void **state) {
    const struct fixture *f = *state;
    struct file_bytes bytes = bytes_of(f);
    struct index_file index;
    open_index(&index, f->path);
    const size_t end = index.vectors;
    index_file_close(&index);
    for (size_t i = 0; i < end; i++) {
        if (i >= 16 && i < 24) continue; /* the model */
        bytes.data[i] ^= 0x41;
        assert_refused(f->path, bytes.data, bytes.size, ":");
        bytes.data[i] ^= 0x41;
    }
    file_bytes_free(&bytes);
}

static void test_sizes_and_counts_out_of_range_are_refused(void **state) {
    static const struct {
        size_t offset, size;
        uint64_t number;
        const char *reason;
    } cases[] = {
        {8, 4, 2, "version 2"},
        {12, 4, 0, "width"},
        {12, 4, INDEX_FILE_MAX_WIDTH + 1, "width"},
        {12, 4, UINT32_MAX, "width"},
        {24, 8, UINT64_MAX, "too many photos"},
        {24, 8, UINT64_MAX / PHOTO, "too many photos"},
        {24, 8, INDEX_FILE_MAX_PHOTOS + 1, "too many photos"},
        {24, 8, INDEX_FILE_MAX_PHOTOS, "its size"},
        {24, 8, 0, "names are too long"},
        {32, 8, UINT64_MAX, "names are too long"},
        {32, 8, 0, "its size"},
    };
    const struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file_bytes bytes = bytes_of(f);
        put(bytes.data + cases[i].offset, cases[i].number, cases[i].size);
        assert_refused(f->path, bytes.data, bytes.size, cases[i].reason);
        file_bytes_free(&bytes);
    }
    assert_refused(f->path, "{\"photos\": []}", 14, "expected an index of photos");
}

static void test_names_that_are_no_plain_paths_are_refused(void **state) {
    static const char *const cases[] = {"",     "/",     ".",     "..",  "../dog.jpg", "a/../b",
                                        "a//b", "a/",    "./a",   "a/.", "/a/./b",     "//a",
                                        "/..",  "/a/..", "a/./b", "a/.."};
    const struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct index_row row = f->rows[0];
        row.photo.name = cases[i];
        const struct index_content content = {.model = 1, .width = WIDTH, .count = 1, .rows = &row};
        struct file_bytes bytes;
        assert_true(index_file_write(f->path, &content, NULL));
        assert_true(file_read(f->path, 1 << 20, &bytes, NULL));
        assert_refused(f->path, bytes.data, bytes.size, "not the path of a photo");
        file_bytes_free(&bytes);
    }
}

static void test_names_that_are_too_long_or_out_of_order_are_refused(void **state) {
    struct fixture *f = *state;
    char *name = malloc(PATH_MAX + 1);
    assert_non_null(name);
    memset(name, 'a', PATH_MAX);
    name[PATH_MAX] = 0;
    f->rows[1].photo.name = name;
    struct file_bytes bytes = bytes_of(f);
    assert_refused(f->path, bytes.data, bytes.size, "not the path of a photo");
    file_bytes_free(&bytes);
    free(name);
    f->rows[1].photo.name = "zebra.jpg";
    bytes = bytes_of(f);
    assert_refused(f->path, bytes.data, bytes.size, "not in order");
    file_bytes_free(&bytes);
    f->rows[1].photo.name = names[0];
    bytes = bytes_of(f);
    assert_refused(f->path, bytes.data, bytes.size, "not in order");
    file_bytes_free(&bytes);
}

static void test_names_that_do_not_end_where_they_should_are_refused(void **state) {
    const struct fixture *f = *state;
    struct file_bytes bytes = bytes_of(f);
    size_t end = NAMES;
    for (size_t i = 0; i < PHOTOS; i++) end += strlen(names[i]) + 1;
    bytes.data[end - 1] = 'x';
    mend_hash(&bytes, end);
    assert_refused(f->path, bytes.data, bytes.size, "a name has no end");
    bytes.data[end - 1] = 0;
    bytes.data[end - 3] = 0; /* "dog.j", and a byte that belongs to none */
    mend_hash(&bytes, end);
    assert_refused(f->path, bytes.data, bytes.size, "more than its names");
    file_bytes_free(&bytes);
}

static void test_a_photo_is_found_from_the_folder_of_the_index(void **state) {
    (void)state;
    static const struct {
        const char *index, *name, *place;
    } cases[] = {{"photos.index", "a/b.jpg", "a/b.jpg"},
                 {"lib/photos.index", "a/b.jpg", "lib/a/b.jpg"},
                 {"/photos.index", "b.jpg", "/b.jpg"},
                 {"lib/photos.index", "/far/b.jpg", "/far/b.jpg"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *place = index_file_place(cases[i].index, cases[i].name, NULL);
        assert_string_equal(place, cases[i].place);
        free(place);
    }
}

static struct model new_model(void) {
    caption_error error = {0};
    struct vocabulary vocabulary;
    struct model model = {0};
    const struct model_design design = {.encoder = "stem_c8 ds_r1_k3_s1_e1_c8 head_c16",
                                        .size = 32,
                                        .cell = "gru",
                                        .embedding = 12,
                                        .hidden = 16,
                                        .tags = "dog\n",
                                        .search_size = 8,
                                        .search_hidden = 10};
    if (!vocabulary_init(&vocabulary, &error) || !vocabulary_count(&vocabulary, "dog", 1, &error) ||
        !model_new(&model, &design, &vocabulary, &error))
        fail_msg("%s", error.message);
    return model;
}

static uint64_t number_of(const struct model *model) {
    caption_error error = {0};
    uint64_t number;
    if (!index_file_model(model, &number, &error)) fail_msg("%s", error.message);
    return number;
}

/* Changes the first number of a tensor and back again. */
static bool depends_on(struct model *model, size_t tensor) {
    const uint64_t before = number_of(model);
    real *value = parameters_at(&model->parameters, model->parameters.values, tensor);
    *value += 1;
    const bool changed = number_of(model) != before;
    *value -= 1;
    assert_true(number_of(model) == before);
    return changed;
}

static void test_a_model_is_named_by_what_its_vectors_depend_on(void **state) {
    (void)state;
    struct model model = new_model();
    const uint64_t before = number_of(&model);
    for (size_t i = 0; i < model.parameters.tensor_count; i++) {
        const char *name = model.parameters.tensors[i].name;
        if (strncmp(name, "encoder.", 8) == 0 || strncmp(name, "search.", 7) == 0)
            assert_true(depends_on(&model, i));
    }
    assert_true(depends_on(&model, model.decoder.image_shift));
    assert_true(depends_on(&model, model.decoder.image_scale));
    assert_true(depends_on(&model, model.decoder.tag_weight));
    assert_true(depends_on(&model, model.decoder.tag_bias));
    assert_false(depends_on(&model, model.decoder.output_weight));
    assert_false(depends_on(&model, model.decoder.embed));
    model.preprocessing.mean[1] += 1;
    assert_true(number_of(&model) != before);
    model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_index_of_no_photos_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vectors_of_the_old_index_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_model_is_refused_and_told_how_to_go_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_shorter_or_longer_file_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_changed_byte_before_the_vectors_is_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sizes_and_counts_out_of_range_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_are_no_plain_paths_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_are_too_long_or_out_of_order_are_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_do_not_end_where_they_should_are_refused,
                                        set_up, tear_down),
        cmocka_unit_test(test_a_model_is_named_by_what_its_vectors_depend_on),
        cmocka_unit_test(test_a_photo_is_found_from_the_folder_of_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
