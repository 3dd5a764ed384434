/* Captions any number of photos, named one a line on standard input, while they are still being
 * named:
 *
 *     cc stream.c -o stream $(pkg-config --cflags --libs caption)
 *     find holiday -name '*.jpg' | ./stream
 */
#include <caption.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives the next photo. Its path is kept until its result has come: freed in print_result. */
static bool next_photo(void *context, caption_photo *photo) {
    size_t *count = context;
    char line[4096];
    if (!fgets(line, sizeof line, stdin)) return false;
    line[strcspn(line, "\n")] = 0;
    char *path = malloc(strlen(line) + 1);
    if (!path) return false;
    photo->path = strcpy(path, line);
    photo->number = (*count)++;
    return true;
}

/* Results come in the order of the photos. One that cannot be read does not stop the others. */
static bool print_result(void *context, const caption_photo *photo, const caption_result *result,
                         caption_error *error) {
    (void)context;
    (void)error;
    const char *text = result->count > 0 ? result->captions[0].text : result->error.message;
    printf("%s\t%s\n", photo->path, text);
    free((void *)photo->path);
    return true;
}

int main(int argc, char **argv) {
    (void)argc;
    size_t count = 0;
    caption_error error;
    const caption_options options = caption_options_default();
    const caption_stream stream = {.next = next_photo, .result = print_result, .context = &count};
    caption_model *model = caption_model_open(NULL, &error); /* the installed one */
    caption_captioner *captioner = NULL;
    caption_session *session = NULL;
    const bool done = model && (captioner = caption_captioner_new(model, &options, &error)) &&
                      (session = caption_session_new(captioner, &error)) &&
                      caption_session_stream(session, &stream, NULL, &error);
    if (!done) fprintf(stderr, "%s: %s\n", argv[0], error.message);
    caption_session_free(session);
    caption_captioner_free(captioner);
    caption_model_close(model);
    return done ? 0 : 1;
}
