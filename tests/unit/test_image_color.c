/* Colour profiles in photos: what is not sRGB becomes sRGB, what is keeps its pixels. */
#include "tiff_files.h"

#if defined(CAPTION_WITH_LCMS) && defined(CAPTION_WITH_JPEG) && defined(CAPTION_WITH_PNG) &&       \
    defined(CAPTION_WITH_WEBP)
#define EVERY_LIBRARY

#include <math.h>

#include <lcms2.h>

enum space { SRGB, DISPLAY_P3, ADOBE_RGB };
enum { side = 16 };

static cmsToneCurve *srgb_curve(void) {
    return cmsBuildParametricToneCurve(
        NULL, 4, (const double[]){2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045});
}

static struct bytes saved(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    struct bytes bytes = {0};
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    uint8_t *data = malloc(size);
    assert_true(cmsSaveProfileToMem(profile, data, &size));
    bytes_add(&bytes, data, size);
    free(data);
    cmsCloseProfile(profile);
    return bytes;
}

static struct bytes profile_new(enum space space) {
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries[] = {{{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}},
                                         {{0.68, 0.32, 1}, {0.265, 0.69, 1}, {0.15, 0.06, 1}},
                                         {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}}};
    cmsToneCurve *curve = space == ADOBE_RGB ? cmsBuildGamma(NULL, 2.2) : srgb_curve();
    cmsHPROFILE profile =
        cmsCreateRGBProfile(&white, &primaries[space], (cmsToneCurve *[]){curve, curve, curve});
    struct bytes bytes = saved(profile);
    cmsFreeToneCurve(curve);
    return bytes;
}

/* All of one colour. */
static struct image plain_new(int red, int green, int blue) {
    struct image image;
    assert_true(image_new(&image, side, side, NULL));
    for (size_t i = 0; i < side * side; i++)
        memcpy(image.pixels + i * 3, (uint8_t[]){(uint8_t)red, (uint8_t)green, (uint8_t)blue}, 3);
    return image;
}

static void add_profile_to_png(struct bytes *file, const struct bytes *profile) {
    struct bytes chunk = {0}, content = {0};
    bytes_add(&content, "name\0", 6);
    png_add_stored(&content, profile->data, profile->size);
    png_add_chunk(&chunk, "iCCP", content.data, content.size);
    bytes_insert(file, 33, chunk.data, chunk.size);
    bytes_free(&content);
    bytes_free(&chunk);
}

/* In two segments, as one longer than 64 kB is stored. */
static void add_profile_to_jpeg(struct bytes *file, const struct bytes *profile) {
    for (unsigned part = 2; part >= 1; part--) {
        const size_t half = profile->size / 2, size = part == 1 ? half : profile->size - half;
        struct bytes segment = {0};
        bytes_add(&segment, "\xff\xe2", 2);
        bytes_add_big(&segment, size + 16, 2);
        bytes_add(&segment, "ICC_PROFILE", 12);
        bytes_add_one(&segment, part);
        bytes_add_one(&segment, 2);
        bytes_add(&segment, profile->data + (part == 1 ? 0 : half), size);
        bytes_insert(file, 2, segment.data, segment.size);
        bytes_free(&segment);
    }
}

static void add_profile_to_webp(struct bytes *file, const struct bytes *profile) {
    struct bytes chunks = {0};
    bytes_add(&chunks, "VP8X\x0a\0\0\0\x20\0\0\0\x0f\0\0\x0f\0\0", 18);
    bytes_add(&chunks, "ICCP", 4);
    bytes_add_little(&chunks, profile->size, 4);
    bytes_add(&chunks, profile->data, profile->size);
    if (profile->size % 2) bytes_add_one(&chunks, 0);
    bytes_insert(file, 12, chunks.data, chunks.size);
    for (size_t i = 0; i < 4; i++) file->data[4 + i] = (uint8_t)((file->size - 8) >> (8 * i));
    bytes_free(&chunks);
}

/* Of every format, with the profile. */
enum { formats = 3 };

static struct bytes file_new(int format, const struct image *image, const struct bytes *profile) {
    struct bytes file;
    if (format == 0) {
        file = png_new(image->pixels, side, side, 3);
        if (profile) add_profile_to_png(&file, profile);
    } else if (format == 1) {
        file = jpeg_new(image, JPEG_BASELINE);
        if (profile) add_profile_to_jpeg(&file, profile);
    } else {
        file = webp_new(image->pixels, side, side, 3, true);
        if (profile) add_profile_to_webp(&file, profile);
    }
    return file;
}

static double linear_of(int value) {
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static int byte_of(double linear) {
    const double l = fmin(fmax(linear, 0), 1);
    return (int)lround(255 * (l <= 0.0031308 ? 12.92 * l : 1.055 * pow(l, 1 / 2.4) - 0.055));
}

static void display_p3_becomes_srgb(void **state) {
    (void)state;
    static const double matrix[3][3] = {
        {1.2249, -0.2247, 0}, {-0.0420, 1.0419, 0}, {-0.0197, -0.0786, 1.0979}};
    static const int color[3] = {200, 120, 60};
    double light[3];
    int wanted[3];
    for (int c = 0; c < 3; c++) light[c] = linear_of(color[c]);
    for (int c = 0; c < 3; c++)
        wanted[c] =
            byte_of(matrix[c][0] * light[0] + matrix[c][1] * light[1] + matrix[c][2] * light[2]);
    assert_true(wanted[0] > color[0] + 10);
    struct image image = plain_new(color[0], color[1], color[2]);
    struct bytes profile = profile_new(DISPLAY_P3);
    for (int format = 0; format < formats; format++) {
        struct bytes file = file_new(format, &image, &profile);
        struct image out = decoded(&file);
        assert_pixel(&out, 8, 8, wanted[0], wanted[1], wanted[2], 3);
        image_free(&out);
        bytes_free(&file);
    }
    bytes_free(&profile);
    image_free(&image);
}

/* Only red differs from sRGB's: linear red is 1.3983 red - 0.3983 green. */
static void adobe_rgb_becomes_srgb(void **state) {
    (void)state;
    struct bytes profile = profile_new(ADOBE_RGB);
    struct image image = plain_new(150, 100, 100);
    struct bytes file = file_new(0, &image, &profile);
    struct image out = decoded(&file);
    const double red = 1.3983 * pow(150 / 255.0, 2.2) - 0.3983 * pow(100 / 255.0, 2.2);
    assert_pixel(&out, 3, 3, byte_of(red), byte_of(pow(100 / 255.0, 2.2)),
                 byte_of(pow(100 / 255.0, 2.2)), 3);
    assert_true(byte_of(red) > 160);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
    bytes_free(&profile);
}

/* In every format the photo has the pixels that it has without the profile. */
static void assert_same_pixels(const struct image *image, const struct bytes *profile) {
    for (int format = 0; format < formats; format++) {
        struct bytes plain = file_new(format, image, NULL);
        struct bytes file = file_new(format, image, profile);
        struct image wanted = decoded(&plain), out = decoded(&file);
        assert_true(image_difference(&wanted, &out) == 0);
        image_free(&wanted);
        image_free(&out);
        bytes_free(&plain);
        bytes_free(&file);
    }
}

static void photos_in_srgb_keep_their_pixels(void **state) {
    (void)state;
    struct image image = gradient_new(side, side);
    struct bytes profile = profile_new(SRGB);
    assert_same_pixels(&image, &profile);
    bytes_free(&profile);
    image_free(&image);
}

static void a_broken_profile_leaves_the_photo_as_it_is(void **state) {
    (void)state;
    struct image image = gradient_new(side, side);
    for (size_t size = 0; size < 400; size += 37) {
        struct bytes profile = profile_new(DISPLAY_P3);
        profile.size = size;
        assert_same_pixels(&image, &profile);
        bytes_free(&profile);
    }
    image_free(&image);
}

/* The photos have the pixels that they have alone, whatever photo came before. */
static void photos_of_one_profile_share_what_converts_them(void **state) {
    (void)state;
    static const enum space order[] = {DISPLAY_P3, DISPLAY_P3, ADOBE_RGB,
                                       SRGB,       ADOBE_RGB,  DISPLAY_P3};
    struct image image = gradient_new(side, side);
    struct color_cache cache = {NULL};
    const struct color *before = NULL;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct bytes profile = profile_new(order[i]);
        for (int format = 0; format < formats; format++) {
            struct bytes file = file_new(format, &image, &profile);
            struct image wanted = decoded(&file), out;
            struct image_file inspected = image_file_inspect(NULL, file.data, file.size);
            inspected.colors = &cache;
            assert_true(image_file_decode(&inspected, SIZE_MAX, false, &out, NULL));
            assert_true(image_difference(&wanted, &out) == 0);
            assert_non_null(cache.last);
            if (format > 0) assert_ptr_equal(cache.last, before);
            before = cache.last;
            image_free(&wanted);
            image_free(&out);
            bytes_free(&file);
        }
        bytes_free(&profile);
    }
    color_cache_free(&cache);
    assert_null(cache.last);
    image_free(&image);
}

static struct bytes grey_profile_new(double gamma) {
    const cmsCIExyY white = {0.3457, 0.3585, 1};
    cmsToneCurve *curve = gamma > 0 ? cmsBuildGamma(NULL, gamma) : srgb_curve();
    struct bytes bytes = saved(cmsCreateGrayProfile(&white, curve));
    cmsFreeToneCurve(curve);
    return bytes;
}

/* One pixel, of one sample (grey) or four (ink), with a profile behind it. */
static struct bytes tiff_pixel(const char *pixel, size_t samples, const struct bytes *profile) {
    enum { entries = 9, pixels = 8, depths = pixels + 4, directory = depths + 8 };
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0", 4);
    tiff_add(&tiff, directory, 4);
    bytes_add(&tiff.file, pixel, 4);
    bytes_add(&tiff.file, "\x08\0\x08\0\x08\0\x08\0", 8);
    tiff_add(&tiff, entries, 2);
    tiff_add_entry(&tiff, 256, 3, 1, 1);
    tiff_add_entry(&tiff, 257, 3, 1, 1);
    tiff_add_entry(&tiff, 258, 3, samples, samples == 1 ? 8 : depths);
    tiff_add_entry(&tiff, 259, 3, 1, 1);
    tiff_add_entry(&tiff, 262, 3, 1, samples == 1 ? 1 : 5);
    tiff_add_entry(&tiff, 273, 4, 1, pixels);
    tiff_add_entry(&tiff, 277, 3, 1, samples);
    tiff_add_entry(&tiff, 279, 4, 1, samples);
    tiff_add_entry(&tiff, 34675, 7, profile->size, directory + 2 + entries * 12 + 4);
    tiff_add(&tiff, 0, 4);
    bytes_add(&tiff.file, profile->data, profile->size);
    return tiff.file;
}

static void assert_grey(struct bytes *file, int wanted) {
    struct image out = decoded(file);
    assert_pixel(&out, 0, 0, wanted, wanted, wanted, 2);
    image_free(&out);
    bytes_free(file);
}

/* Of each format that has grey, with a profile of grey. */
static void assert_greys(const struct bytes *profile, int grey, int wanted) {
    struct image image = plain_new(grey, grey, grey);
    struct bytes png = png_begin(1, 1, 8, 0), rows = {0};
    add_profile_to_png(&png, profile);
    bytes_add_one(&rows, 0);
    bytes_add_one(&rows, (unsigned)grey);
    png_add_rows(&png, &rows);
    png_add_chunk(&png, "IEND", "", 0);
    assert_grey(&png, wanted);
#ifdef CAPTION_WITH_TURBOJPEG
    struct bytes jpeg = jpeg_new(&image, JPEG_GREY);
    add_profile_to_jpeg(&jpeg, profile);
    assert_grey(&jpeg, wanted);
#endif
#ifdef CAPTION_WITH_TIFF
    const char pixel[4] = {(char)grey};
    struct bytes tiff = tiff_pixel(pixel, 1, profile);
    assert_grey(&tiff, wanted);
#endif
    bytes_free(&rows);
    image_free(&image);
}

static void grey_photos_have_profiles_of_grey(void **state) {
    (void)state;
    struct bytes linear = grey_profile_new(1), wide = grey_profile_new(1.8);
    struct bytes srgb = grey_profile_new(0), rgb = profile_new(DISPLAY_P3);
    assert_greys(&linear, 128, byte_of(128 / 255.0));
    assert_greys(&wide, 128, byte_of(pow(128 / 255.0, 1.8)));
    assert_greys(&srgb, 128, 128);
    assert_greys(&rgb, 128, 128);
    struct image image = gradient_new(side, side);
    assert_same_pixels(&image, &linear); /* colours have none of grey */
    image_free(&image);
    bytes_free(&linear);
    bytes_free(&wide);
    bytes_free(&srgb);
    bytes_free(&rgb);
}

#ifdef CAPTION_WITH_TIFF

/* An ink whose black alone is seen: it is L* of CIE Lab. */
static cmsInt32Number black_alone(const cmsUInt16Number *ink, cmsUInt16Number *lab, void *context) {
    (void)context;
    lab[0] = (cmsUInt16Number)((65535U - ink[3]) * 0xff00 / 0xffff); /* as version 2 has it */
    lab[1] = lab[2] = 0x8000;
    return 1;
}

static struct bytes ink_profile_new(void) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 2, 4, 3, NULL);
    assert_true(cmsStageSampleCLut16bit(table, black_alone, NULL, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, table));
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
    return saved(profile);
}

static void ink_of_a_tiff_has_a_profile_of_ink(void **state) {
    (void)state;
    struct bytes profile = ink_profile_new();
    struct bytes half = tiff_pixel("\xff\0\0\x80", 4, &profile);
    assert_grey(&half, 119); /* L* is 50 */
    struct bytes none = tiff_pixel("\xff\xff\0\0", 4, &profile);
    assert_grey(&none, 255);
    bytes_free(&profile);
}

#endif

/* Of standard range the profile is asked, of PQ the code points. */
static void a_profile_is_asked_before_code_points_unless_they_are_hdr(void **state) {
    (void)state;
    struct image image = plain_new(148, 148, 148);
    struct bytes profile = profile_new(ADOBE_RGB);
    struct bytes alone = file_new(0, &image, &profile);
    struct image by_profile = decoded(&alone);
    static const char *const points[] = {"\x0c\x0d\0\1", "\x09\x10\0\1"};
    for (size_t i = 0; i < 2; i++) {
        struct bytes file = file_new(0, &image, &profile), chunk = {0};
        png_add_chunk(&chunk, "cICP", points[i], 4);
        bytes_insert(&file, 33, chunk.data, chunk.size);
        struct image out = decoded(&file);
        if (i == 0)
            assert_true(image_difference(&by_profile, &out) == 0);
        else
            assert_pixel(&out, 8, 8, 249, 249, 249, 1);
        image_free(&out);
        bytes_free(&chunk);
        bytes_free(&file);
    }
    image_free(&by_profile);
    bytes_free(&alone);
    bytes_free(&profile);
    image_free(&image);
}

#else

static void display_p3_becomes_srgb(void **state) {
    (void)state;
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(display_p3_becomes_srgb),
#ifdef EVERY_LIBRARY
        cmocka_unit_test(adobe_rgb_becomes_srgb),
        cmocka_unit_test(photos_in_srgb_keep_their_pixels),
        cmocka_unit_test(a_broken_profile_leaves_the_photo_as_it_is),
        cmocka_unit_test(photos_of_one_profile_share_what_converts_them),
        cmocka_unit_test(grey_photos_have_profiles_of_grey),
#ifdef CAPTION_WITH_TIFF
        cmocka_unit_test(ink_of_a_tiff_has_a_profile_of_ink),
#endif
        cmocka_unit_test(a_profile_is_asked_before_code_points_unless_they_are_hdr),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
