/* A phone's photo gets the caption of the upright one however the phone was held. */
#include "exif_files.h"

#include "caption.h"
#include "open_session.h"

/* The sides at which a phone's JPEG is decoded at a fraction. */
enum { PHONE_WIDTH = 1600, PHONE_HEIGHT = 1200 };

/* A photo without any symmetry: sky, ground, a red jacket on the left. Each block of a JPEG has one
 * colour, so that the pixels are the same however the photo is stored. */
static struct image scene_new(void) {
    struct image image = gradient_new(PHONE_WIDTH, PHONE_HEIGHT);
    for (size_t y = 0; y < PHONE_HEIGHT; y++) {
        for (size_t x = 0; x < PHONE_WIDTH; x++) {
            uint8_t *pixel = image.pixels + (y * PHONE_WIDTH + x) * 3;
            const bool ground = y >= 800;
            const bool jacket = x >= 304 && x < 608 && y >= 400 && y < 1008;
            pixel[0] = (uint8_t)(jacket ? 200 : ground ? 70 : 150);
            pixel[1] = (uint8_t)(jacket ? 30 : ground ? 140 : 190);
            pixel[2] = (uint8_t)(jacket ? 30 : ground ? 50 : 240);
        }
    }
    return image;
}

/* The caption and its log-probability: other pixels change the latter, if not the words. */
static char *caption_of(const caption_model *model, const struct bytes *file) {
    caption_options options = caption_options_default();
    options.precision = CAPTION_PRECISION_F32; /* a rounding of pixels must not choose the words */
    caption_result result;
    caption_error error;
    struct open_session opened = open_session(model, &options);
    if (!caption_session_bytes(opened.session, file->data, file->size, &result, &error))
        fail_msg("%s", error.message);
    close_session(&opened);
    if (result.count == 0) fail_msg("%s", result.error.message);
    char *text = NULL;
    assert_true(asprintf(&text, "%s %.4f", result.captions[0].text, result.captions[0].logprob) >
                0);
    caption_results_free(&result, 1);
    return text;
}

static struct bytes stored_jpeg(const struct image *upright, unsigned orientation, bool tagged) {
    struct image image = store(upright, orientation);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    struct bytes block = exif_block(orientation, orientation % 2 == 0);
    if (tagged) add_to_jpeg(&file, &block);
    bytes_free(&block);
    image_free(&image);
    return file;
}

static void all_eight_orientations_have_the_upright_photos_caption(void **state) {
    (void)state;
#ifndef CAPTION_WITH_EXIF
    skip();
#endif
    caption_error error;
    caption_model *model = caption_model_open("weights/caption.safetensors", &error);
    if (!model) fail_msg("%s", error.message);
    struct image upright = scene_new();
    struct bytes file = stored_jpeg(&upright, 1, false);
    char *expected = caption_of(model, &file);
    bytes_free(&file);
    size_t otherwise = 0; /* those that would differ if the tag were not followed */
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        file = stored_jpeg(&upright, orientation, true);
        char *found = caption_of(model, &file);
        assert_string_equal(found, expected);
        free(found);
        bytes_free(&file);
        file = stored_jpeg(&upright, orientation, false);
        found = caption_of(model, &file);
        otherwise += strcmp(found, expected) != 0;
        free(found);
        bytes_free(&file);
    }
    assert_true(otherwise >= 4);
    free(expected);
    image_free(&upright);
    caption_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_eight_orientations_have_the_upright_photos_caption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
