/* Captions a photo:
 *
 *     cc photo.c -o photo $(pkg-config --cflags --libs caption)
 *     ./photo dog.jpg
 */
#include <caption.h>
#include <stdio.h>

static bool print_caption(caption_session *session, const char *path, caption_error *error) {
    caption_result result = {0};
    if (!caption_session_photos(session, &path, 1, &result, error)) return false;
    const bool captioned = result.count > 0;
    if (captioned)
        puts(result.captions[0].text);
    else
        *error = result.error;
    caption_results_free(&result, 1);
    return captioned;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PHOTO\n", argv[0]);
        return 2;
    }
    caption_error error;
    const caption_options options = caption_options_default();
    caption_model *model = caption_model_open(NULL, &error); /* the installed one */
    caption_captioner *captioner = NULL;
    caption_session *session = NULL;
    const bool done = model && (captioner = caption_captioner_new(model, &options, &error)) &&
                      (session = caption_session_new(captioner, &error)) &&
                      print_caption(session, argv[1], &error);
    if (!done) fprintf(stderr, "%s: %s\n", argv[0], error.message);
    caption_session_free(session);
    caption_captioner_free(captioner);
    caption_model_close(model);
    return done ? 0 : 1;
}
