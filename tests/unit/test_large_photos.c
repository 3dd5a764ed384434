/* A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size: that must not be seen, neither in the
 * pixels nor in the captions. The same pixels in a format that knows no fractions show what the
 * whole size would have given. */
#include "image_files.h"

#include <dirent.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "base/random.h"
#include "caption.h"
#include "image/photo.h"
#include "open_session.h"
#include "temporary_file.h"

enum { SIDE = 224, VALUES = SIDE * SIDE * 3, MOST_PHOTOS = 64 };

/* AddressSanitizer makes a large photo take five times as long, and finds in a few what it finds in
 * all: every fourth one is captioned. */
enum { EVERY = SANITIZER_ADDRESS ? 4 : 1 };

#ifdef CAPTION_WITH_TURBOJPEG
static const double largest_difference = 2; /* of 255 levels, on average */

/* Names of the shared photos in their original size; skips, loudly, where they are absent. */
struct originals {
    char *folder;
    char *names[MOST_PHOTOS];
    size_t count;
};

static struct originals originals_list(void) {
    struct originals originals = {.folder = shared_file("data/photos_original")};
    DIR *folder = opendir(originals.folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".jpg")) continue;
        assert_true(originals.count < MOST_PHOTOS);
        originals.names[originals.count++] = strdup(entry->d_name);
    }
    closedir(folder);
    assert_true(originals.count > 0);
    return originals;
}

static void originals_free(struct originals *originals) {
    for (size_t i = 0; i < originals->count; i++) free(originals->names[i]);
    free(originals->folder);
}

static struct bytes original(const struct originals *originals, size_t index) {
    char *path = file_join(originals->folder, originals->names[index], NULL);
    struct file_bytes file;
    caption_error error = {0};
    if (!file_read(path, (size_t)1 << 28, &file, &error)) fail_msg("%s", error.message);
    free(path);
    struct bytes bytes = {0};
    bytes_add(&bytes, file.data, file.size);
    file_bytes_free(&file);
    return bytes;
}

static struct image squashed(const struct image *image, size_t side) {
    struct image out;
    assert_true(image_new(&out, side, side, NULL));
    assert_true(image_resize(image, image->photo, side, side, out.pixels, NULL));
    return out;
}

/* Mean difference that decoding at 1 / divisor makes to the smallest square that it is used for. */
static double difference_of(const struct bytes *jpeg, const struct image *photo, size_t divisor) {
    const struct image whole = *photo;
    struct image reduced;
    const size_t shorter = whole.width < whole.height ? whole.width : whole.height;
    const size_t reduced_side = (shorter + divisor - 1) / divisor;
    assert_true(image_decode_reduced(jpeg->data, jpeg->size, reduced_side, &reduced, NULL));
    assert_int_equal(reduced.width, (whole.width + divisor - 1) / divisor);
    assert_int_equal(reduced.height, (whole.height + divisor - 1) / divisor);
    const size_t side = reduced_side / 2;
    struct image expected = squashed(&whole, side), found = squashed(&reduced, side);
    const double difference = image_difference(&expected, &found);
    image_free(&expected);
    image_free(&found);
    image_free(&reduced);
    return difference;
}

/* Photos as sharp as they come: every pixel is one of the camera's, or nearly so. */
static void sharp_photos_change_little_at_every_fraction(void **state) {
    (void)state;
    struct originals originals = originals_list();
    double sum[4] = {0}, worst[4] = {0};
    for (size_t i = 0; i < originals.count; i++) {
        struct bytes jpeg = original(&originals, i);
        struct image whole = decoded(&jpeg);
        for (size_t power = 1; power <= 3; power++) {
            const double difference = difference_of(&jpeg, &whole, (size_t)1 << power);
            sum[power] += difference;
            worst[power] = fmax(worst[power], difference);
        }
        image_free(&whole);
        bytes_free(&jpeg);
    }
    for (size_t power = 1; power <= 3; power++) {
        print_message("at 1/%zu: %.2f of 255 on average, %.2f in the worst of %zu photos\n",
                      (size_t)1 << power, sum[power] / (double)originals.count, worst[power],
                      originals.count);
        assert_true(worst[power] < largest_difference);
    }
    originals_free(&originals);
}

/* Rings, ever finer, over a gradient; the same picture at any size. */
static struct image rings_new(size_t width, size_t height) {
    struct image image = gradient_new(width, height);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const double u = (double)x / (double)width, v = (double)y / (double)width;
            const double wave = 100 * sin(200 * (u * u + v * v));
            for (size_t c = 0; c < 3; c++) {
                uint8_t *value = image.pixels + (y * width + x) * 3 + c;
                *value = (uint8_t)fmin(fmax(*value + wave, 0), 255);
            }
        }
    return image;
}

static void load(const struct bytes *file, float *input) {
    static const struct preprocessing levels = {SIDE, {0, 0, 0}, {1, 1, 1}};
    caption_error error = {0};
    const struct image_file photo = image_file_inspect("a photo", file->data, file->size);
    if (!photo_load_memory(&photo, &levels, NULL, input, &error)) fail_msg("%s", error.message);
}

/* Between the encoder's inputs that two files make. */
static double difference_between(const struct bytes *a, const struct bytes *b) {
    static float x[VALUES], y[VALUES];
    load(a, x);
    load(b, y);
    double sum = 0;
    for (size_t i = 0; i < VALUES; i++) sum += fabs((double)x[i] - (double)y[i]);
    return sum / VALUES;
}

/* The JPEG's pixels in a format that knows no fractions. */
static struct bytes whole_of(const struct bytes *jpeg) {
    struct image whole = decoded(jpeg);
    struct bytes file = ppm_new(&whole);
    image_free(&whole);
    return file;
}

static void rings_of_any_size_change_little(void **state) {
    (void)state;
    static const size_t widths[] = {1201, 1203, 2401, 3001, 4801, 4999};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct image image = rings_new(widths[i], widths[i] * 3 / 4 + 1);
        struct bytes jpeg = jpeg_new(&image, JPEG_BASELINE), whole = whole_of(&jpeg);
        const double difference = difference_between(&jpeg, &whole);
        print_message("%zu pixels: %.2f of 255\n", widths[i], difference);
        assert_true(difference > 0); /* it was decoded at a fraction */
        assert_true(difference < largest_difference);
        bytes_free(&whole);
        bytes_free(&jpeg);
        image_free(&image);
    }
}

/* The photo at about 12 megapixels, with a sensor's noise, as a JPEG. */
static struct bytes enlarged(const struct bytes *photo, struct random *random) {
    enum { LONGER = 4000, SHORTER = 3000, NOISE = 8 };
    struct image small = decoded(photo), image;
    const bool wide = small.width >= small.height;
    assert_true(image_new(&image, wide ? LONGER : SHORTER, wide ? SHORTER : LONGER, NULL));
    assert_true(image_resize(&small, small.photo, image.width, image.height, image.pixels, NULL));
    for (size_t i = 0; i < image.width * image.height * 3; i += 8) {
        uint64_t noise = random_u64(random);
        for (size_t j = i; j < i + 8; j++, noise >>= 8) {
            const int value = image.pixels[j] + (int)(noise % (2 * NOISE + 1)) - NOISE;
            image.pixels[j] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
    struct bytes jpeg = jpeg_new(&image, JPEG_BASELINE);
    image_free(&image);
    image_free(&small);
    return jpeg;
}

static char *caption_of(caption_session *session, const struct bytes *photo) {
    caption_result result;
    caption_error error = {0};
    if (!caption_session_bytes(session, photo->data, photo->size, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.count, 1);
    char *text = strdup(result.captions[0].text);
    caption_results_free(&result, 1);
    return text;
}

static bool same_caption(caption_session *session, const struct bytes *a, const struct bytes *b) {
    char *texts[2] = {caption_of(session, a), caption_of(session, b)};
    const bool same = strcmp(texts[0], texts[1]) == 0;
    if (!same) print_message("\"%s\", of the whole size \"%s\"\n", texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    return same;
}

static void photos_of_12_megapixels_keep_their_captions(void **state) {
    (void)state;
    struct originals originals = originals_list();
    caption_error error = {0};
    caption_model *model = caption_model_open(NULL, &error);
    if (!model) fail_msg("%s", error.message);
    const caption_options options = caption_options_default();
    struct open_session opened = open_session(model, &options);
    struct random random = random_seeded(12, 0);
    size_t same = 0, seen = 0;
    double worst = 0;
    for (size_t i = 0; i < originals.count; i += EVERY, seen++) {
        struct bytes photo = original(&originals, i);
        struct bytes jpeg = enlarged(&photo, &random), whole = whole_of(&jpeg);
        worst = fmax(worst, difference_between(&jpeg, &whole));
        same += same_caption(opened.session, &jpeg, &whole);
        bytes_free(&whole);
        bytes_free(&jpeg);
        bytes_free(&photo);
    }
    print_message("%zu of %zu captions the same, pixels differ by %.2f of 255 at most\n", same,
                  seen, worst);
    assert_true(worst < largest_difference);
    assert_true(same * 10 >= seen * 9);
    close_session(&opened);
    caption_model_close(model);
    originals_free(&originals);
}

#ifndef __SANITIZE_ADDRESS__ /* which needs memory of its own */

/* Bytes of private, writable memory that the process has asked for. */
static size_t memory_in_use(void) {
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    size_t kilobytes = 0;
    for (char line[256]; fgets(line, sizeof line, status);) {
        if (sscanf(line, "VmData: %zu kB", &kilobytes) == 1) break;
    }
    fclose(status);
    assert_true(kilobytes > 0);
    return kilobytes * 1024;
}

static bool loads(const struct bytes *jpeg) {
    static const struct preprocessing levels = {SIDE, {0, 0, 0}, {1, 1, 1}};
    float input[VALUES];
    const struct image_file photo = image_file_inspect("a photo", jpeg->data, jpeg->size);
    return photo_load_memory(&photo, &levels, NULL, input, NULL);
}

static bool decodes_whole(const struct bytes *jpeg) {
    struct image image;
    if (!image_decode(jpeg->data, jpeg->size, &image, NULL)) return false;
    image_free(&image);
    return true;
}

/* Whether the work can be done, by another process, with so many bytes more than are in use. */
static bool done_within(size_t bytes, bool (*work)(const struct bytes *),
                        const struct bytes *jpeg) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const rlim_t most = memory_in_use() + bytes;
        const struct rlimit limit = {most, most};
        _exit(setrlimit(RLIMIT_DATA, &limit) == 0 && work(jpeg) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
}

/* It has 36 MB of pixels. */
static void a_photo_of_12_megapixels_is_never_held_whole(void **state) {
    (void)state;
    const size_t room = (size_t)16 << 20;
    struct image image = gradient_new(4000, 3000);
    struct bytes jpeg = jpeg_new(&image, JPEG_BASELINE);
    image_free(&image);
    assert_true(done_within(room, loads, &jpeg));
    assert_false(done_within(room, decodes_whole, &jpeg));
    bytes_free(&jpeg);
}

#endif
#endif

int main(void) {
#ifdef CAPTION_WITH_TURBOJPEG
    const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_ADDRESS__
        /* First: what other tests freed, the allocator may still hold, and give to this one. */
        cmocka_unit_test(a_photo_of_12_megapixels_is_never_held_whole),
#endif
        cmocka_unit_test(sharp_photos_change_little_at_every_fraction),
        cmocka_unit_test(rings_of_any_size_change_little),
        cmocka_unit_test(photos_of_12_megapixels_keep_their_captions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
#else
    fprintf(stderr, "SKIPPED: built without libjpeg-turbo, every JPEG is decoded whole\n");
    return 0;
#endif
}
