/* JPEG XL: four quarters of one colour each, made by libjxl's cjxl 0.7: lossy and bare; in boxes,
 * of a JPEG that is stored turned; lossless, its fourth quarter transparent; an animation whose
 * second frame is the negative. And two of 4032 x 3024 pixels of one colour, large.jxl as lossy
 * photos are stored and modular.jxl as lossless ones are. */
#include "golden_files.h"

static void a_file_that_is_cut_short_is_truncated(void **state) {
    (void)state;
    assert_part_refused("turned.jxl", 384, "truncated JPEG XL");
#ifdef CAPTION_WITH_JXL
    assert_part_refused("quarters.jxl", 4, "truncated JPEG XL: it ends after 4 bytes");
#endif
}

static void assert_size(const char *bytes, size_t length, size_t width, size_t height) {
    const struct image_file photo = image_file_inspect(NULL, (const uint8_t *)bytes, length);
    assert_int_equal(photo.header.width, width);
    assert_int_equal(photo.header.height, height);
}

static void its_size_is_known_without_a_decoder(void **state) {
    (void)state;
    struct bytes file = golden_file("quarters.jxl");
    assert_size((const char *)file.data, file.size, 64, 48);
    bytes_free(&file);
    file = golden_file("turned.jxl"); /* as it is stored */
    assert_size((const char *)file.data, file.size, 48, 64);
    bytes_free(&file);
    /* 0 | 01 | 2999 in 13 bits | 011: 4 to 3 */
    assert_size("\xff\x0a\xba\x5d\x03\0", 6, 4000, 3000);
}

static void a_huge_size_is_refused_before_it_is_decoded(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "\xff\x0a\xfe\xff\xff\xff\x03\0\0\0\0\0", 12); /* 2^30 square */
    assert_refused(&file, CAPTION_ERROR_LIMIT, "at most 200000000 pixels");
    bytes_free(&file);
}

#ifdef CAPTION_WITH_JXL

static void jpeg_xl_is_decoded(void **state) {
    (void)state;
    assert_quarters("quarters.jxl");
}

static void it_stands_as_its_codestream_says_and_exif_turns_it_no_further(void **state) {
    (void)state;
    assert_quarters("turned.jxl");
}

static void the_first_frame_of_an_animation_is_the_photo(void **state) {
    (void)state;
    assert_quarters("animated.jxl");
}

/* A file of boxes, as yet without a codestream. */
static struct bytes boxes_new(void) {
    struct bytes file = {0};
    bytes_add(&file,
              "\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14"
              "ftypjxl \0\0\0\0jxl ",
              32);
    return file;
}

/* A piece of the codestream; the last one's number has its highest bit set. */
static void add_piece(struct bytes *file, const uint8_t *bytes, size_t size, unsigned number,
                      bool last) {
    const size_t whole = size + 12;
    bytes_add(file, "\0\0", 2);
    bytes_add_one(file, (unsigned)(whole >> 8));
    bytes_add_one(file, (unsigned)(whole & 255));
    bytes_add(file, "jxlp", 4);
    bytes_add_one(file, last ? 0x80 : 0);
    bytes_add(file, "\0\0", 2);
    bytes_add_one(file, number);
    bytes_add(file, bytes, size);
}

/* The box of the whole codestream says 16 x 16, the piece before it holds the photo. */
static void boxes_that_contradict_each_other_are_refused(void **state) {
    (void)state;
    struct bytes stream = golden_file("quarters.jxl"), file = boxes_new();
    add_piece(&file, stream.data, stream.size, 0, false);
    bytes_add(&file,
              "\0\0\0\x0e"
              "jxlc\xff\x0a\x43\0\0\0",
              14); /* 1 | 00001 | 001: 1 to 1 */
    assert_refused(&file, CAPTION_ERROR_FORMAT, "contradicts itself about its size");
    bytes_free(&file);
    bytes_free(&stream);
}

static void pieces_may_be_as_small_as_can_be(void **state) {
    (void)state;
    struct bytes stream = golden_file("quarters.jxl"), file = boxes_new();
    struct image expected = decoded(&stream);
    add_piece(&file, stream.data, 0, 0, false);
    add_piece(&file, stream.data, 1, 1, false);
    add_piece(&file, stream.data + 1, 3, 2, false);
    add_piece(&file, stream.data + 4, stream.size - 4, 3, true);
    struct image found = decoded(&file);
    assert_int_equal(found.width, expected.width);
    assert_int_equal(found.height, expected.height);
    assert_memory_equal(found.pixels, expected.pixels, found.width * found.height * 3);
    image_free(&found);
    image_free(&expected);
    bytes_free(&file);
    bytes_free(&stream);
}

static void assert_large(const struct bytes *file) {
    struct image out = decoded(file);
    assert_int_equal(out.width, 4032);
    assert_int_equal(out.height, 3024);
    assert_pixel(&out, 2000, 1000, 120, 130, 140, 2);
    image_free(&out);
}

/* Bare, in a box, and in pieces, the first of which has all in front of the frame; not where that
 * has some of what says how the frame is stored. */
static void a_lossy_photo_costs_what_it_takes_and_not_what_a_lossless_one_does(void **state) {
    (void)state;
    enum { begin = 8 }; /* of the frame */
    struct bytes large = golden_file("large.jxl"), modular = golden_file("modular.jxl");
    assert_large(&large);
    assert_refused(&modular, CAPTION_ERROR_LIMIT,
                   "4032 x 3024 pixels in a file of 4490 bytes: decoding them would take 329 MB of "
                   "memory, at most 200 MB are accepted for a file so small");
    const size_t firsts[] = {begin, begin + 1, large.size};
    for (size_t i = 0; i < 3; i++) {
        struct bytes pieces = boxes_new();
        const size_t first = firsts[i], rest = large.size - first;
        add_piece(&pieces, large.data, first, 0, rest == 0);
        if (rest > 0) add_piece(&pieces, large.data + first, rest, 1, true);
        if (i == 1)
            assert_refused(&pieces, CAPTION_ERROR_LIMIT, "would take 658 MB of memory");
        else
            assert_large(&pieces);
        bytes_free(&pieces);
    }
    bytes_free(&modular);
    bytes_free(&large);
}

/* Five layers in one frame, each of which libjxl keeps for those behind it: 64 bytes a pixel. */
static void layers_cost_more_than_one_frame(void **state) {
    (void)state;
    struct bytes file = golden_file("layers.jxl");
    assert_refused(&file, CAPTION_ERROR_LIMIT, "would take 337 MB of memory");
    bytes_free(&file);
}

static void what_is_transparent_is_white(void **state) {
    (void)state;
    struct bytes file = golden_file("transparent.jxl");
    struct image out = decoded(&file);
    assert_pixel(&out, 16, 12, 200, 30, 30, 1);
    assert_pixel(&out, 48, 36, 255, 255, 255, 0);
    image_free(&out);
    bytes_free(&file);
}

/* Behind the header nothing but the decoder knows what is missing. */
static void pixels_that_are_missing_are_an_error(void **state) {
    (void)state;
    assert_part_refused("quarters.jxl", 414, "before its last pixels");
}

static void damage_is_an_error(void **state) {
    (void)state;
    struct bytes file = golden_file("quarters.jxl");
    memset(file.data + 8, 0xff, 60);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "JPEG XL");
    bytes_free(&file);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_cut_short_is_truncated),
        cmocka_unit_test(its_size_is_known_without_a_decoder),
        cmocka_unit_test(a_huge_size_is_refused_before_it_is_decoded),
#ifdef CAPTION_WITH_JXL
        cmocka_unit_test(jpeg_xl_is_decoded),
        cmocka_unit_test(it_stands_as_its_codestream_says_and_exif_turns_it_no_further),
        cmocka_unit_test(the_first_frame_of_an_animation_is_the_photo),
        cmocka_unit_test(boxes_that_contradict_each_other_are_refused),
        cmocka_unit_test(pieces_may_be_as_small_as_can_be),
        cmocka_unit_test(a_lossy_photo_costs_what_it_takes_and_not_what_a_lossless_one_does),
        cmocka_unit_test(layers_cost_more_than_one_frame),
        cmocka_unit_test(what_is_transparent_is_white),
        cmocka_unit_test(pixels_that_are_missing_are_an_error),
        cmocka_unit_test(damage_is_an_error),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
