#include "temporary_file.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "format/safetensors.h"

/* Builds a file out of a header and `data_size` bytes 0, 1, 2, ... behind it. */
static size_t build(uint8_t *out, const char *header, size_t data_size) {
    const uint64_t length = strlen(header);
    for (size_t i = 0; i < 8; i++) out[i] = (uint8_t)(length >> 8 * i);
    memcpy(out + 8, header, length);
    for (size_t i = 0; i < data_size; i++) out[8 + length + i] = (uint8_t)i;
    return 8 + length + data_size;
}

static bool open_bytes(struct safetensors *file, const void *bytes, size_t size,
                       caption_error *error) {
    char *temporary = temporary_file_new();
    temporary_file_write(temporary, bytes, size);
    const bool ok = safetensors_open(file, temporary, error);
    temporary_file_free(temporary);
    return ok;
}

static void assert_bytes_refused(const void *bytes, size_t size, const char *message) {
    struct safetensors file;
    caption_error error = {0};
    assert_false(open_bytes(&file, bytes, size, &error));
    assert_int_not_equal(error.status, CAPTION_OK);
    const char *found = strstr(error.message, "caption-test-"); /* the path */
    assert_non_null(found);
    assert_string_equal(strstr(found, ": ") + 2, message);
}

static void assert_refused(const char *header, size_t data_size, const char *message) {
    static uint8_t bytes[4096];
    assert_bytes_refused(bytes, build(bytes, header, data_size), message);
}

#define TENSOR(name, type, shape, offsets)                                                         \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static uint8_t byte_at(const struct safetensors *file, size_t offset) {
    uint8_t byte = 0;
    assert_true(file_parts_read(&file->parts, file->path, offset, 1, &byte, NULL));
    return byte;
}

static void a_good_file_is_read(void **state) {
    (void)state;
    static uint8_t bytes[1024];
    const size_t size = build(
        bytes,
        "{" TENSOR("b", "U8", "[3]", "[8,11]") "," TENSOR(
            "a", "F32", "[1,2]", "[0,8]") ",\"__metadata__\":{\"format\":\"pt\"}"
                                          "," TENSOR("empty", "F16", "[0,4]", "[11,11]") "," TENSOR(
                                              "scalar", "U8", "[]", "[11,12]") "}"
                                                                               " "
                                                                               " ",
        12);
    struct safetensors file;
    caption_error error = {0};
    if (!open_bytes(&file, bytes, size, &error)) fail_msg("%s", error.message);
    assert_int_equal(file.tensor_count, 4);
    const struct safetensors_tensor *a = safetensors_find(&file, "a");
    assert_non_null(a);
    assert_int_equal(a->type, SAFETENSORS_F32);
    assert_int_equal(a->dimensions, 2);
    assert_int_equal(a->shape[1], 2);
    assert_int_equal(a->count, 2);
    assert_int_equal(byte_at(&file, a->offset + 7), 7);
    const struct safetensors_tensor *b = safetensors_find(&file, "b");
    assert_int_equal(b->type, SAFETENSORS_OTHER);
    assert_string_equal(b->type_name, "U8");
    assert_int_equal(byte_at(&file, b->offset), 8);
    assert_int_equal(safetensors_find(&file, "scalar")->count, 1);
    assert_int_equal(safetensors_find(&file, "empty")->count, 0);
    assert_null(safetensors_find(&file, "c"));
    assert_null(safetensors_find(&file, "__metadata__"));
    assert_string_equal(safetensors_metadata(&file, "format"), "pt");
    assert_null(safetensors_metadata(&file, "version"));
    float number[3];
    assert_false(safetensors_floats(&file, b, number, &error));
    assert_non_null(
        strstr(error.message, "tensor \"b\": dtype: expected F32, F16 or BF16, found U8"));
    safetensors_close(&file);
}

static void what_is_no_safetensors_file_is_told(void **state) {
    (void)state;
    assert_bytes_refused("", 0, "is empty");
    assert_bytes_refused("{}", 2,
                         "not a safetensors file: it has 2 bytes, the length of the header alone "
                         "takes 8");
    assert_bytes_refused("a dog runs through the grass", 28,
                         "not a safetensors file, or one cut short: its first 8 bytes give a "
                         "header of 8462862278405136481 bytes, 20 follow");
    assert_bytes_refused("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10,
                         "not a safetensors file, or one cut short: its first 8 bytes give a "
                         "header of 18446744073709551615 bytes, 2 follow");
    assert_refused("", 0, "header: expected JSON, found nothing");
    assert_refused("{\"a\":", 0, "header: not valid JSON at byte 4 of 5");
    assert_refused("[]", 0, "header: expected an object, found an array");
    struct safetensors file;
    caption_error error = {0};
    assert_false(safetensors_open(&file, "/tmp", &error));
    assert_string_equal(error.message, "/tmp: is a directory, expected a file");
    assert_false(safetensors_open(&file, "no/such/file", &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
}

static void a_lying_entry_is_an_error_that_names_tensor_and_field(void **state) {
    (void)state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"{\"x\":3}", "tensor \"x\": expected an object, found a number"},
        {"{\"x\":{\"shape\":[1],\"data_offsets\":[0,8]}}", "tensor \"x\": dtype: missing"},
        {"{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "tensor \"x\": shape: missing"},
        {"{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", "tensor \"x\": data_offsets: missing"},
        {"{\"x\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}",
         "tensor \"x\": dtype: expected a string, found a number"},
        {"{" TENSOR("x", "F31", "[2]", "[0,8]") "}",
         "tensor \"x\": dtype: expected one of the format's (F32, F16, BF16, ...), found \"F31\""},
        {"{" TENSOR("x", "F32", "2", "[0,8]") "}",
         "tensor \"x\": shape: expected an array, found a number"},
        {"{" TENSOR("x", "F32", "[2,\"1\"]", "[0,8]") "}",
         "tensor \"x\": shape[1]: expected a whole number, found a string"},
        {"{" TENSOR("x", "F32", "[-2]", "[0,8]") "}",
         "tensor \"x\": shape[0]: expected a whole number from 0 to 2^53, found -2"},
        {"{" TENSOR("x", "F32", "[1.5]", "[0,8]") "}",
         "tensor \"x\": shape[0]: expected a whole number from 0 to 2^53, found 1.5"},
        {"{" TENSOR("x", "F32", "[1e999]", "[0,8]") "}",
         "tensor \"x\": shape[0]: expected a whole number from 0 to 2^53, found inf"},
        {"{" TENSOR("x", "F32", "[9007199254740994]", "[0,8]") "}",
         "tensor \"x\": shape[0]: expected a whole number from 0 to 2^53, found 9007199254740994"},
        {"{" TENSOR("x", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}",
         "tensor \"x\": shape: expected at most 8 dimensions"},
        {"{" TENSOR("x", "F32", "[4294967296,4294967296]", "[0,8]") "}",
         "tensor \"x\": shape: its product overflows"},
        {"{" TENSOR("x", "F32", "[4294967296,1073741824]", "[0,8]") "}",
         "tensor \"x\": shape: its size in bytes overflows"},
        {"{" TENSOR("x", "F32", "[10,11]", "[0,400]") "}",
         "tensor \"x\": data_offsets [0, 400] hold 400 bytes, shape [10, 11] of F32 needs 440"},
        {"{" TENSOR("x", "F32", "[2]", "[0,8,9]") "}",
         "tensor \"x\": data_offsets: expected an array of 2 numbers, found an array of another "
         "length"},
        {"{" TENSOR("x", "F32", "[2]", "\"0\"") "}",
         "tensor \"x\": data_offsets: expected an array of 2 numbers, found a string"},
        {"{" TENSOR("x", "F32", "[2]", "[0,null]") "}",
         "tensor \"x\": data_offsets[1]: expected a whole number, found null"},
        {"{" TENSOR("x", "F32", "[2]", "[8,0]") "}",
         "tensor \"x\": data_offsets [8, 0] end before they begin"},
        {"{" TENSOR("x", "F32", "[4]", "[0,16]") "}",
         "tensor \"x\": data_offsets [0, 16] lie outside the 8 bytes behind the header: the file "
         "is cut short or its header is wrong"},
        {"{" TENSOR("x", "U8", "[1]", "[9007199254740991,9007199254740992]") "}",
         "tensor \"x\": data_offsets [9007199254740991, 9007199254740992] lie outside the 8 bytes "
         "behind the header: the file is cut short or its header is wrong"},
        {"{" TENSOR("x", "U8", "[5]", "[0,5]") "," TENSOR("y", "U8", "[4]", "[4,8]") "}",
         "tensor \"y\": data_offsets begin at 4, the tensor before ends at 5: they overlap"},
        {"{" TENSOR("x", "U8", "[3]", "[0,3]") "," TENSOR("y", "U8", "[4]", "[4,8]") "}",
         "tensor \"y\": data_offsets begin at 4, the tensor before ends at 3: they leave a gap"},
        {"{" TENSOR("x", "U8", "[4]", "[4,8]") "}",
         "tensor \"x\": data_offsets begin at 4, the tensor before ends at 0: they leave a gap"},
        {"{" TENSOR("x", "U8", "[6]", "[0,6]") "}",
         "8 bytes behind the header, its tensors hold 6"},
        {"{}", "8 bytes behind the header, its tensors hold 0"},
        {"{" TENSOR("x", "U8", "[4]", "[0,4]") "," TENSOR("x", "U8", "[4]", "[4,8]") "}",
         "tensor \"x\": stands in the header twice"},
        {"{\"x\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"shape\":[9]}}",
         "tensor \"x\": expected dtype, shape and data_offsets once each, found more"},
        {"{\"__metadata__\":[]}", "__metadata__: expected an object, found an array"},
        {"{\"__metadata__\":{\"a\":\"b\",\"c\":1}}",
         "__metadata__: c: expected a string, found a number"},
        {"{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", "__metadata__: a: stands there twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", "__metadata__: stands in the header twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_refused(cases[i].header, 8, cases[i].message);
    }
}

static const float numbers[] = {0, -0.0F, 1, -2.5F, 0x1p-20F, 1024};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static struct safetensors_writer *new_writer(const char *path, bool swapped) {
    caption_error error = {0};
    struct safetensors_writer *writer = safetensors_writer_new(path, &error);
    assert_non_null(writer);
    static const char *const keys[] = {"format", "a \"quoted\"\nkey"};
    assert_true(safetensors_writer_metadata(writer, keys[swapped], "old", &error));
    assert_true(safetensors_writer_metadata(writer, keys[!swapped], "value", &error));
    assert_true(safetensors_writer_metadata(writer, keys[swapped], "value", &error));
    const size_t odd[] = {NUMBERS - 1}, matrix[] = {2, NUMBERS / 2};
    assert_true(safetensors_writer_tensor(
        writer, &(struct new_tensor){"half", SAFETENSORS_F16, odd, 1, numbers}, &error));
    assert_true(safetensors_writer_tensor(
        writer, &(struct new_tensor){"brain", SAFETENSORS_BF16, matrix, 2, numbers}, &error));
    assert_true(safetensors_writer_tensor(
        writer, &(struct new_tensor){"full", SAFETENSORS_F32, matrix, 2, numbers}, &error));
    return writer;
}

static void what_is_written_is_read_again(void **state) {
    (void)state;
    char *temporary = temporary_file_new();
    caption_error error = {0};
    struct safetensors_writer *writer = new_writer(temporary, false);
    if (!safetensors_writer_finish(writer, &error)) fail_msg("%s", error.message);
    struct safetensors file;
    if (!safetensors_open(&file, temporary, &error)) fail_msg("%s", error.message);
    assert_string_equal(safetensors_metadata(&file, "format"), "value");
    assert_string_equal(safetensors_metadata(&file, "a \"quoted\"\nkey"), "value");
    assert_int_equal(file.tensor_count, 3);
    static const char *const names[] = {"half", "brain", "full"};
    for (size_t i = 0; i < 3; i++) {
        const struct safetensors_tensor *tensor = safetensors_find(&file, names[i]);
        assert_non_null(tensor);
        float found[NUMBERS];
        assert_true(safetensors_floats(&file, tensor, found, &error));
        assert_memory_equal(found, numbers, tensor->count * sizeof *found);
        /* Aligned, although an odd number of 16-bit numbers was added first. */
        assert_int_equal(tensor->offset % (i == 2 ? 8 : 2), 0);
    }
    safetensors_close(&file);
    temporary_file_free(temporary);
}

static void the_same_content_gives_the_same_bytes_in_whatever_order_metadata_came(void **state) {
    (void)state;
    struct file_bytes written[2];
    for (size_t i = 0; i < 2; i++) {
        char *temporary = temporary_file_new();
        assert_true(safetensors_writer_finish(new_writer(temporary, i == 1), NULL));
        assert_true(file_read(temporary, 1 << 20, &written[i], NULL));
        temporary_file_free(temporary);
    }
    assert_int_equal(written[0].size, written[1].size);
    assert_memory_equal(written[0].data, written[1].data, written[0].size);
    assert_int_equal(written[0].data[0] % 8, 0); /* the header's length */
    file_bytes_free(&written[0]);
    file_bytes_free(&written[1]);
}

static void a_number_that_the_type_cannot_hold_is_not_written(void **state) {
    (void)state;
    char *temporary = temporary_file_new();
    temporary_file_write(temporary, "old", 3);
    caption_error error = {0};
    struct safetensors_writer *writer = safetensors_writer_new(temporary, &error);
    assert_non_null(writer);
    const size_t shape[] = {3};
    const float large[] = {1, 2, 70000}, broken[] = {1, NAN, 2};
    assert_false(safetensors_writer_tensor(
        writer, &(struct new_tensor){"x", SAFETENSORS_F16, shape, 1, large}, &error));
    assert_non_null(
        strstr(error.message, "tensor \"x\": number 2 is 70000, which F16 cannot hold"));
    assert_false(safetensors_writer_tensor(
        writer, &(struct new_tensor){"x", SAFETENSORS_F32, shape, 1, broken}, &error));
    assert_non_null(
        strstr(error.message, "tensor \"x\": number 1 is nan, expected numbers that are finite"));
    assert_true(safetensors_writer_tensor(
        writer, &(struct new_tensor){"x", SAFETENSORS_F32, shape, 1, large}, &error));
    assert_false(safetensors_writer_tensor(
        writer, &(struct new_tensor){"x", SAFETENSORS_F32, shape, 1, large}, &error));
    assert_non_null(strstr(error.message, "tensor \"x\": added twice"));
    safetensors_writer_free(writer);
    struct file_bytes old;
    assert_true(file_read(temporary, 100, &old, &error));
    assert_string_equal((const char *)old.data, "old"); /* untouched */
    file_bytes_free(&old);
    temporary_file_free(temporary);
    writer = safetensors_writer_new("no/such/folder/x.safetensors", &error);
    assert_false(safetensors_writer_finish(writer, &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
}

static void a_number_that_is_not_finite_is_not_read(void **state) {
    (void)state;
    static uint8_t bytes[1024];
    static const char header[] = "{" TENSOR("x", "F32", "[2]", "[0,8]") "}";
    const size_t size = build(bytes, header, 8);
    memcpy(bytes + size - 4, "\0\0\x80\x7f", 4);
    struct safetensors file;
    caption_error error = {0};
    assert_true(open_bytes(&file, bytes, size, &error));
    float found[2];
    assert_false(safetensors_floats(&file, safetensors_find(&file, "x"), found, &error));
    assert_non_null(strstr(error.message, "tensor \"x\": number 1 is inf, expected a finite one"));
    safetensors_close(&file);
}

/* They are read, and looked at, in blocks: the last number of one, the first of the next and the
 * last of all. */
static void a_number_that_is_not_finite_is_found_wherever_it_stands(void **state) {
    (void)state;
    enum { COUNT = 40000, BYTES = 2 * COUNT };
    static const size_t places[] = {0, 1023, 1024, 16383, 16384, COUNT - 1};
    static const char header[] = "{" TENSOR("x", "F16", "[40000]", "[0,80000]") "}";
    static uint8_t bytes[BYTES + 1024], found[BYTES];
    static float read[COUNT];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const size_t size = build(bytes, header, BYTES);
        uint8_t *data = bytes + size - BYTES;
        memset(data, 0x3c, BYTES);
        struct safetensors file;
        caption_error error = {0};
        assert_true(open_bytes(&file, bytes, size, &error));
        const struct safetensors_tensor *x = safetensors_find(&file, "x");
        assert_true(safetensors_floats(&file, x, read, &error));
        assert_true(safetensors_as_is(&file, x, found, &error));
        assert_memory_equal(found, data, BYTES);
        safetensors_close(&file);
        memcpy(data + 2 * places[i], "\0\xfc", 2);
        assert_true(open_bytes(&file, bytes, size, &error));
        x = safetensors_find(&file, "x");
        char message[80];
        snprintf(message, sizeof message, "tensor \"x\": number %zu is -inf, expected a finite one",
                 places[i]);
        assert_false(safetensors_floats(&file, x, read, &error));
        assert_message_has(&error, message);
        error = (caption_error){0};
        assert_false(safetensors_as_is(&file, x, found, &error));
        assert_message_has(&error, message);
        safetensors_close(&file);
    }
}

static void a_file_cut_anywhere_is_an_error(void **state) {
    (void)state;
    char *temporary = temporary_file_new();
    assert_true(safetensors_writer_finish(new_writer(temporary, false), NULL));
    struct file_bytes whole;
    assert_true(file_read(temporary, 1 << 20, &whole, NULL));
    temporary_file_free(temporary);
    for (size_t size = 0; size < whole.size; size++) {
        struct safetensors file;
        caption_error error = {0};
        assert_false(open_bytes(&file, whole.data, size, &error));
        assert_true(strlen(error.message) > 0);
    }
    file_bytes_free(&whole);
}

/* Flips, overwrites, inserts or removes a few bytes. */
static size_t mutate(uint8_t *bytes, size_t size, size_t capacity, struct random *random) {
    static const char tokens[] = "{}[]\":,-0123456789eE.\\u";
    for (size_t changes = 1 + random_below(random, 4); changes > 0; changes--) {
        const size_t place = random_below(random, size);
        const uint8_t token = (uint8_t)tokens[random_below(random, sizeof tokens - 1)];
        switch (random_below(random, 4)) {
        case 0:
            bytes[place] ^= (uint8_t)(1U << random_below(random, 8));
            break;
        case 1:
            bytes[place] = token;
            break;
        case 2:
            if (size == capacity) break;
            memmove(bytes + place + 1, bytes + place, size - place);
            bytes[place] = token;
            size++;
            break;
        default:
            if (size == 1) break;
            memmove(bytes + place, bytes + place + 1, size - place - 1);
            size--;
        }
    }
    return size;
}

/* Reads whatever an accepted file promises, all of which is there; the sanitizer watches. */
static void read_all(const struct safetensors *file) {
    for (size_t i = 0; i < file->tensor_count; i++) {
        const struct safetensors_tensor *tensor = &file->tensors[i];
        assert_ptr_equal(safetensors_find(file, tensor->name), tensor);
        assert_true(tensor->count <= file->parts.size);
        float *found = malloc(tensor->count * sizeof *found + 1);
        assert_non_null(found);
        caption_error error = {0};
        if (!safetensors_floats(file, tensor, found, &error)) {
            assert_int_equal(error.status, CAPTION_ERROR_FORMAT); /* not that the file ends */
        }
        free(found);
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void a_mutated_file_is_read_or_refused_but_never_more(void **state) {
    (void)state;
    char *temporary = temporary_file_new();
    assert_true(safetensors_writer_finish(new_writer(temporary, false), NULL));
    struct file_bytes whole;
    assert_true(file_read(temporary, 1 << 20, &whole, NULL));
    static uint8_t mutant[4096];
    struct random random = random_seeded(3, 0);
    const double start = seconds();
    size_t accepted = 0, refused = 0;
    while (refused < 20000 && seconds() - start < 2) {
        memcpy(mutant, whole.data, whole.size);
        const size_t size = mutate(mutant, whole.size, sizeof mutant, &random);
        temporary_file_write(temporary, mutant, size);
        struct safetensors file;
        caption_error error = {0};
        if (!safetensors_open(&file, temporary, &error)) {
            assert_true(strlen(error.message) > 0);
            refused++;
            continue;
        }
        read_all(&file);
        safetensors_close(&file);
        accepted++;
    }
    print_message("%zu mutants refused, %zu accepted\n", refused, accepted);
    assert_true(refused > 0);
    file_bytes_free(&whole);
    temporary_file_free(temporary);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read),
        cmocka_unit_test(what_is_no_safetensors_file_is_told),
        cmocka_unit_test(a_lying_entry_is_an_error_that_names_tensor_and_field),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_same_content_gives_the_same_bytes_in_whatever_order_metadata_came),
        cmocka_unit_test(a_number_that_the_type_cannot_hold_is_not_written),
        cmocka_unit_test(a_number_that_is_not_finite_is_not_read),
        cmocka_unit_test(a_number_that_is_not_finite_is_found_wherever_it_stands),
        cmocka_unit_test(a_file_cut_anywhere_is_an_error),
        cmocka_unit_test(a_mutated_file_is_read_or_refused_but_never_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
