/* Every format but JPEG, and what is no photo. */
#include "image_files.h"

/* Its bytes are gone afterwards: what was seen stays. */
static void one_look_at_a_file_has_its_size_its_memory_and_its_pixels(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7), out;
    struct bytes png = png_new(image.pixels, 13, 7, 3);
    const struct image_file file = image_file_inspect("a.png", png.data, png.size);
    assert_true(image_file_has_size(&file));
    assert_int_equal(file.header.width, 13);
    assert_int_equal(file.header.height, 7);
    assert_true(image_file_decode(&file, SIZE_MAX, false, &out, NULL));
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    memset(png.data, 0, png.size);
    assert_int_equal(image_file_memory(&file, SIZE_MAX), 12 * 13 * 7);
    caption_error error = {0};
    assert_false(image_file_decode(&file, SIZE_MAX, false, &out, &error));
    assert_int_equal(strncmp(error.message, "a.png: PNG ", 11), 0);
    bytes_free(&png);
    image_free(&image);

    const struct image_file none = image_file_inspect("b.png", (const uint8_t *)"hello", 5);
    assert_false(image_file_has_size(&none));
    assert_int_equal(image_file_memory(&none, SIZE_MAX), 0);
    assert_false(image_file_decode(&none, SIZE_MAX, false, &out, &error));
    assert_int_equal(strncmp(error.message, "b.png: is not a photo", 21), 0);
}

static void a_png_of_any_channels_is_decoded(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);

    const uint8_t grey[4] = {0, 60, 128, 255};
    file = png_new(grey, 2, 2, 1);
    out = decoded(&file);
    assert_pixel(&out, 1, 0, 60, 60, 60, 0);
    assert_pixel(&out, 0, 1, 128, 128, 128, 0);
    image_free(&out);
    bytes_free(&file);
}

static void transparency_is_laid_over_white(void **state) {
    (void)state;
    const uint8_t rgba[12] = {200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 102};
    struct bytes file = png_new(rgba, 3, 1, 4);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 200, 100, 0, 0);
    assert_pixel(&out, 1, 0, 255, 255, 255, 0);
    assert_pixel(&out, 2, 0, 233, 193, 153, 0); /* 255 - 0.4 (255 - value) */
    image_free(&out);
    bytes_free(&file);

    const uint8_t grey_alpha[4] = {50, 255, 50, 51};
    file = png_new(grey_alpha, 2, 1, 2);
    out = decoded(&file);
    assert_pixel(&out, 0, 0, 50, 50, 50, 0);
    assert_pixel(&out, 1, 0, 214, 214, 214, 0);
    image_free(&out);
    bytes_free(&file);
}

static void a_png_with_a_palette_is_decoded(void **state) {
    (void)state;
    struct bytes file = png_begin(3, 1, 4, 3), rows = {0};
    png_add_chunk(&file, "PLTE", "\x0a\x14\x1e\xff\x00\x00\x00\x00\xff", 9);
    png_add_chunk(&file, "tRNS", "\xff\xff\x00", 3);
    bytes_add(&rows, "\x00\x01\x20", 3); /* numbers 0, 1, 2 of four bits each */
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 10, 20, 30, 0);
    assert_pixel(&out, 1, 0, 255, 0, 0, 0);
    assert_pixel(&out, 2, 0, 255, 255, 255, 0); /* transparent blue */
    image_free(&out);
    bytes_free(&rows);
    bytes_free(&file);
}

static void a_png_of_16_bits_keeps_the_upper_8(void **state) {
    (void)state;
    struct bytes file = png_begin(2, 1, 16, 2), rows = {0};
    bytes_add(&rows, "\0\x80\x7f\x10\x01\xff\xfe\x00\x00\x40\x40\x20\x99", 13);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 0x80, 0x10, 0xff, 0);
    assert_pixel(&out, 1, 0, 0x00, 0x40, 0x20, 0);
    image_free(&out);
    bytes_free(&rows);
    bytes_free(&file);
}

static void a_bmp_is_decoded(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7); /* 39 bytes a row: padded */
    struct bytes file = bmp_new(&image);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
}

static void a_bmp_whose_rows_run_downwards_is_decoded(void **state) {
    (void)state;
    struct image image = gradient_new(4, 6);
    struct bytes file = bmp_new(&image);
    memcpy(file.data + 22, "\xfa\xff\xff\xff", 4); /* height -6 */
    struct image out = decoded(&file);
    for (size_t y = 0; y < 6; y++)
        assert_memory_equal(out.pixels + y * 12, image.pixels + (5 - y) * 12, 12);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
}

static void a_ppm_is_decoded(void **state) {
    (void)state;
    struct image image = gradient_new(5, 3);
    struct bytes file = ppm_new(&image);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
}

static void a_pgm_is_scaled_by_its_largest_value(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "P5 3 1 15\n\x00\x05\x0f", 13);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 0, 0, 0, 0);
    assert_pixel(&out, 1, 0, 85, 85, 85, 0);
    assert_pixel(&out, 2, 0, 255, 255, 255, 0);
    image_free(&out);
    bytes_free(&file);

    bytes_add(&file, "P5 2 1 65535\n\x80\x00\xff\xff", 17);
    out = decoded(&file);
    assert_pixel(&out, 0, 0, 128, 128, 128, 0);
    assert_pixel(&out, 1, 0, 255, 255, 255, 0);
    image_free(&out);
    bytes_free(&file);

    bytes_add(&file, "P5 1 1 70000\n\x80\x00", 15);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "largest value");
    bytes_free(&file);
}

/* Two rows of three pixels of grey. */
static void assert_greys(const char *text, size_t size, const int greys[6]) {
    struct bytes file = {0};
    bytes_add(&file, text, size);
    struct image out = decoded(&file);
    assert_int_equal(out.width, 3);
    assert_int_equal(out.height, 2);
    for (size_t i = 0; i < 6; i++)
        assert_pixel(&out, i % 3, i / 3, greys[i], greys[i], greys[i], 0);
    image_free(&out);
    bytes_free(&file);
}

static void pnm_of_bits_and_of_text_is_decoded(void **state) {
    (void)state;
    const int bits[6] = {255, 0, 255, 0, 0, 255}, greys[6] = {0, 51, 102, 153, 204, 255};
    assert_greys("P4\n3 2\n\x40\xc0", 9, bits);
    assert_greys("P1 # comment\n3 2\n0 1 0\n110", 26, bits);
    assert_greys("P2\n3 2 # comment\n10\n0 2 4\n6 8 10\n", 33, greys);
    assert_greys("P3 3 2 5 0 0 0 1 1 1 2 2 2\n3 3 3 4 4 4 5 5 5", 44, greys);
}

static void pam_is_decoded(void **state) {
    (void)state;
    const int bits[6] = {255, 0, 255, 0, 0, 255}, greys[6] = {0, 255, 204, 255, 255, 0};
    assert_greys("P7\nWIDTH 3\nHEIGHT 2\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n"
                 "\1\0\1\0\0\1",
                 73, bits);
    assert_greys("P7\n# comment\nHEIGHT 2\nWIDTH 3\nMAXVAL 5\nDEPTH 2\nENDHDR\n"
                 "\0\5\5\5\0\1\0\0\5\5\0\5",
                 66, greys);
    assert_greys("P7 WIDTH 3\nHEIGHT 2\nDEPTH 4\nMAXVAL 5\nENDHDR\n"
                 "\0\0\0\5\5\5\5\5\0\0\0\1\0\0\0\0\5\5\5\5\0\0\0\5",
                 68, greys);
    struct bytes file = {0};
    bytes_add(&file, "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 7\nMAXVAL 5\nENDHDR\n1234567", 51);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "PAM whose depth is not a number of 1..4");
    bytes_free(&file);
}

static void pnm_of_text_that_ends_early_is_an_error(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "P2 3 2 255 100 100 100 100 10", 29);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "PNM ends after row 1 of 2");
    bytes_free(&file);
}

static void pnm_of_text_with_numbers_that_are_too_large_is_an_error(void **state) {
    (void)state;
    static const char *const texts[] = {"P2 3 2 100 1 2 3 4 5 101", "P2 3 1 255 99999999999 1 2 3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes file = {0};
        bytes_add(&file, texts[i], strlen(texts[i]));
        assert_refused(&file, CAPTION_ERROR_FORMAT, "something else than numbers up to");
        bytes_free(&file);
    }
}

static struct bytes gif_of_two_frames(void) {
    enum { width = 20, height = 11 };
    uint8_t numbers[width * height];
    struct bytes file = gif_begin(width, height);
    for (size_t i = 0; i < sizeof numbers; i++) numbers[i] = (uint8_t)(i % 128);
    gif_add_frame(&file, width, height, numbers);
    memset(numbers, 99, sizeof numbers);
    gif_add_frame(&file, width, height, numbers);
    bytes_add(&file, ";", 1);
    return file;
}

static void the_first_frame_of_a_gif_is_decoded(void **state) {
    (void)state;
    struct bytes file = gif_of_two_frames();
    struct image out = decoded(&file);
    assert_int_equal(out.width, 20);
    assert_int_equal(out.height, 11);
    for (size_t i = 0; i < 220; i++)
        assert_pixel(&out, i % 20, i / 20, (int)(2 * (i % 128)), (int)(255 - i % 128),
                     (int)(i % 128), 0);
    image_free(&out);
    bytes_free(&file);
}

static void the_transparent_colour_of_a_gif_is_white(void **state) {
    (void)state;
    struct bytes file = gif_begin(2, 1);
    bytes_add(&file, "\x21\xf9\x04\x01\0\0\x05\0", 8); /* colour 5 */
    gif_add_frame(&file, 2, 1, (const uint8_t[]){5, 6});
    bytes_add(&file, ";", 1);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 255, 255, 255, 0);
    assert_pixel(&out, 1, 0, 12, 249, 6, 0);
    image_free(&out);
    bytes_free(&file);
}

static void a_webp_is_decoded(void **state) {
    (void)state;
#ifdef CAPTION_WITH_WEBP
    struct image image = gradient_new(37, 21);
    struct bytes file = webp_new(image.pixels, 37, 21, 3, true);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);

    file = webp_new(image.pixels, 37, 21, 3, false);
    out = decoded(&file);
    assert_true(image_difference(&image, &out) < 4);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);

    uint8_t rgba[16 * 16 * 4];
    for (size_t i = 0; i < 256; i++)
        memcpy(rgba + i * 4, i < 128 ? "\xc8\x64\0\x66" : "\1\2\3\0", 4);
    for (int lossless = 0; lossless < 2; lossless++) {
        file = webp_new(rgba, 16, 16, 4, lossless != 0);
        out = decoded(&file);
        assert_pixel(&out, 3, 2, 233, 193, 153, lossless ? 0 : 4);
        assert_pixel(&out, 3, 13, 255, 255, 255, 0);
        image_free(&out);
        bytes_free(&file);
    }
#else
    struct bytes file = {0};
    bytes_add(&file, "RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\0\0\0\0\0\0\0\0\0", 30);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "libwebp was absent");
    bytes_free(&file);
#endif
}

#ifdef CAPTION_WITH_WEBP

static void add_chunk(struct bytes *file, const char *type, const void *data, size_t size) {
    bytes_add(file, type, 4);
    bytes_add_little(file, size, 4);
    bytes_add(file, data, size);
    if (size % 2) bytes_add_one(file, 0);
}

/* An animation of 24 x 16 whose two frames are `file` at (left, top); takes the file. */
static struct bytes animated(struct bytes *file, size_t width, size_t height, unsigned left,
                             unsigned top) {
    struct bytes animation = {0}, frame = {0};
    bytes_add(&animation, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0\x17\0\0\x0f\0\0", 30);
    add_chunk(&animation, "ANIM", "\x11\x22\x33\xff\0\0", 6);
    bytes_add_little(&frame, left / 2, 3);
    bytes_add_little(&frame, top / 2, 3);
    bytes_add_little(&frame, width - 1, 3);
    bytes_add_little(&frame, height - 1, 3);
    bytes_add(&frame, "\x64\0\0\0", 4);
    const size_t chunks = memcmp(file->data + 12, "VP8X", 4) == 0 ? 30 : 12;
    bytes_add(&frame, file->data + chunks, file->size - chunks);
    for (int i = 0; i < 2; i++) add_chunk(&animation, "ANMF", frame.data, frame.size);
    for (size_t i = 0; i < 4; i++)
        animation.data[4 + i] = (uint8_t)((animation.size - 8) >> (8 * i));
    bytes_free(&frame);
    bytes_free(file);
    return animation;
}

static void the_first_frame_of_an_animated_webp_is_decoded(void **state) {
    (void)state;
    struct image image = gradient_new(24, 16);
    struct bytes file = webp_new(image.pixels, 24, 16, 3, true);
    file = animated(&file, 24, 16, 0, 0);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
}

/* Alpha of a lossy frame is a chunk of its own. */
static void around_a_small_frame_of_a_webp_is_white(void **state) {
    (void)state;
    uint8_t rgba[16 * 8 * 4];
    for (size_t i = 0; i < 128; i++)
        memcpy(rgba + i * 4, i < 64 ? "\xc8\x64\0\x66" : "\xc8\x64\0\xff", 4);
    for (int lossless = 0; lossless < 2; lossless++) {
        struct bytes file = webp_new(rgba, 16, 8, 4, lossless != 0);
        file = animated(&file, 16, 8, 6, 4);
        struct image out = decoded(&file);
        assert_int_equal(out.width, 24);
        assert_int_equal(out.height, 16);
        assert_pixel(&out, 5, 4, 255, 255, 255, 0);
        assert_pixel(&out, 6, 3, 255, 255, 255, 0);
        assert_pixel(&out, 22, 11, 255, 255, 255, 0);
        assert_pixel(&out, 10, 12, 255, 255, 255, 0);
        assert_pixel(&out, 14, 5, 233, 193, 153, lossless ? 0 : 4);
        assert_pixel(&out, 14, 11, 200, 100, 0, lossless ? 0 : 6);
        image_free(&out);
        bytes_free(&file);
    }
}

static void a_frame_that_sticks_out_of_its_webp_is_an_error(void **state) {
    (void)state;
    struct image image = gradient_new(24, 16);
    struct bytes file = webp_new(image.pixels, 24, 16, 3, true);
    file = animated(&file, 24, 16, 2, 0);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "WebP contradicts itself about its size");
    bytes_free(&file);
    image_free(&image);
}

static void a_webp_of_a_few_bytes_cannot_cost_gigabytes(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\xff\xff\xbf\x0b\0\0\0\0\0\0\0\0\0", 34);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "16384 x 12032 pixels in a file of 34 bytes");
    bytes_free(&file);
}

#endif

/* Every beginning of the file, of up to `whole` - 1 bytes. */
static void assert_every_truncation_is_refused(struct bytes *file, size_t whole, const char *part) {
    for (size_t size = 18; size < whole; size++)
        assert_refused(&(struct bytes){.data = file->data, .size = size}, CAPTION_ERROR_FORMAT,
                       part);
    for (size_t size = 1; size < 18; size++)
        assert_refused(&(struct bytes){.data = file->data, .size = size}, CAPTION_ERROR_FORMAT, "");
    bytes_free(file);
}

static void every_truncation_is_an_error_that_says_so(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
#ifdef CAPTION_WITH_PNG
    const size_t end_chunk = 12; /* not missed */
#else
    const size_t end_chunk = 0;
#endif
    assert_every_truncation_is_refused(&file, file.size - end_chunk,
                                       "truncated PNG: it ends after");
    file = bmp_new(&image);
    assert_every_truncation_is_refused(&file, file.size, "truncated BMP: it ends after");
    file = ppm_new(&image);
    assert_every_truncation_is_refused(&file, file.size, "");
    file = gif_of_two_frames();
    size_t first_frame = 13 + 3 * 128 + 11 + 220 + 3 * 2 + 3;
    assert_every_truncation_is_refused(&file, first_frame, "truncated GIF: it ends after");
#ifdef CAPTION_WITH_WEBP
    file = webp_new(image.pixels, 13, 7, 3, false);
    assert_every_truncation_is_refused(&file, file.size, "truncated WebP: it ends after");
    file = webp_new(image.pixels, 13, 7, 3, true);
    assert_every_truncation_is_refused(&file, file.size, "truncated WebP: it ends after");
#endif
    image_free(&image);
}

static void a_gif_cut_behind_its_first_frame_is_whole_enough(void **state) {
    (void)state;
    struct bytes file = gif_of_two_frames();
    file.size = 13 + 3 * 128 + 11 + 220 + 3 * 2 + 3;
    struct image out = decoded(&file);
    image_free(&out);
    bytes_free(&file);
}

static void a_truncated_ppm_is_an_error_that_says_so(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = ppm_new(&image);
    file.size -= 1;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated PNM: it ends after");
    bytes_free(&file);
    image_free(&image);
}

static void a_header_of_65535_x_65535_is_refused_with_its_size(void **state) {
    (void)state;
    const char *message = "65535 x 65535 pixels, at most 200000000";
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
    memcpy(file.data + 16, "\0\0\xff\xff\0\0\xff\xff", 8);
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    bytes_free(&file);

    file = bmp_new(&image);
    memcpy(file.data + 18, "\xff\xff\0\0\xff\xff\0\0", 8);
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    memcpy(file.data + 18, "\xff\xff\0\0\1\0\xff\xff", 8); /* height -65535 */
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    bytes_free(&file);

    file = gif_of_two_frames();
    memcpy(file.data + 6, "\xff\xff\xff\xff", 4);
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    bytes_free(&file);

    bytes_add(&file, "P6 65535 65535 255\n", 19);
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    bytes_free(&file);

    bytes_add(&file, "RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\xff\0\xfe\xff\0", 30);
    assert_refused(&file, CAPTION_ERROR_LIMIT, message);
    bytes_free(&file);
    image_free(&image);
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = bmp_new(&image);
    memcpy(file.data + 18, "\xff\xff\xff\xff\0\0\0\x80", 8);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "4294967295 x 2147483648 pixels");
    bytes_free(&file);
    bytes_add(&file, "P6 999999999 999999999 255\n", 27);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "999999999 x 999999999 pixels");
    bytes_free(&file);
    bytes_add(&file, "P6 99999999999999999999999999 1 255\n", 36);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "PNM");
    bytes_free(&file);
    assert_false(image_new(&image, SIZE_MAX, SIZE_MAX, NULL));
    image_free(&image);
}

static void a_size_of_nothing_is_refused(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
    memcpy(file.data + 16, "\0\0\0\0", 4);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "0 x 7 pixels");
    bytes_free(&file);
    image_free(&image);
}

static void what_is_no_photo_is_told_by_its_beginning(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } cases[] = {
        {"", 0, "is empty"},
        {"Dear photo,\nhow are you?", 24,
         "is not a photo: it begins with the text \"Dear photo, how"},
        {"x", 1, "is not a photo: it begins with the text \"x\""},
        {"BMW is no bitmap, and this is text", 34, "begins with the text \"BMW"},
        {"\1\2\xff\0", 4, "is not a photo: it begins with the bytes 01 02 ff 00"},
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0",
         16, "truncated HEIC: it ends after 16 bytes"},
        {"II*\0\x08\0\0\0", 8, "truncated TIFF: it ends after 8 bytes"},
        {"%PDF-1.7\n", 9, "is not a photo: it is a PDF document"},
        {"\n<!doctype HTML>", 16, "is not a photo: it is a web page (HTML)"},
        {"version https://git-lfs.github.com/spec/v1\noid ", 47,
         "is not a photo: it is a Git LFS pointer"},
        {"P3 is text that begins like a PPM", 33, "begins with the text \"P3 is"},
        {"\0\0\0\x18"
         "ftypcrx \0\0\0\1",
         16, "truncated camera raw: it ends after 16 bytes, before its preview"},
        {"FUJIFILMCCD-RAW ", 16, "truncated camera raw"},
        {"IIU\0\x18\0\0\0", 8, "truncated camera raw"},
        {"\xff\x4f\xff\x51\0\x2f", 6, "is a JPEG 2000 photo"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = {0};
        bytes_add(&file, cases[i].bytes, cases[i].size);
        assert_refused(&file, CAPTION_ERROR_FORMAT, cases[i].message);
        bytes_free(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_look_at_a_file_has_its_size_its_memory_and_its_pixels),
        cmocka_unit_test(a_png_of_any_channels_is_decoded),
        cmocka_unit_test(transparency_is_laid_over_white),
        cmocka_unit_test(a_png_with_a_palette_is_decoded),
        cmocka_unit_test(a_png_of_16_bits_keeps_the_upper_8),
        cmocka_unit_test(a_bmp_is_decoded),
        cmocka_unit_test(a_bmp_whose_rows_run_downwards_is_decoded),
        cmocka_unit_test(a_ppm_is_decoded),
        cmocka_unit_test(a_pgm_is_scaled_by_its_largest_value),
        cmocka_unit_test(pnm_of_bits_and_of_text_is_decoded),
        cmocka_unit_test(pam_is_decoded),
        cmocka_unit_test(pnm_of_text_that_ends_early_is_an_error),
        cmocka_unit_test(pnm_of_text_with_numbers_that_are_too_large_is_an_error),
        cmocka_unit_test(the_first_frame_of_a_gif_is_decoded),
        cmocka_unit_test(the_transparent_colour_of_a_gif_is_white),
        cmocka_unit_test(a_webp_is_decoded),
#ifdef CAPTION_WITH_WEBP
        cmocka_unit_test(the_first_frame_of_an_animated_webp_is_decoded),
        cmocka_unit_test(around_a_small_frame_of_a_webp_is_white),
        cmocka_unit_test(a_frame_that_sticks_out_of_its_webp_is_an_error),
        cmocka_unit_test(a_webp_of_a_few_bytes_cannot_cost_gigabytes),
#endif
        cmocka_unit_test(every_truncation_is_an_error_that_says_so),
        cmocka_unit_test(a_gif_cut_behind_its_first_frame_is_whole_enough),
        cmocka_unit_test(a_truncated_ppm_is_an_error_that_says_so),
        cmocka_unit_test(a_header_of_65535_x_65535_is_refused_with_its_size),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(a_size_of_nothing_is_refused),
        cmocka_unit_test(what_is_no_photo_is_told_by_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
