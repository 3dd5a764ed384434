/* Forms with a photo: the first line is the Content-Type, the rest the body. What is taken stood in
 * the body, and the sanitizers see that nothing else is read. */
#include "fuzz.h"
#include "serve/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const uint8_t *newline = size > 0 ? memchr(bytes, '\n', size) : NULL;
    const size_t head = newline ? (size_t)(newline - bytes) : size;
    char *type = fuzz_text(bytes, head), boundary[FORM_LONGEST_BOUNDARY + 1];
    const uint8_t *form = newline ? newline + 1 : bytes + size;
    const size_t form_size = size - (size_t)(form - bytes);
    if (form_is_type(type) && form_boundary(type, boundary)) {
        FUZZ_MUST(*boundary && strlen(boundary) <= FORM_LONGEST_BOUNDARY);
        /* (A copy of its own size, without a 0 behind it.) */
        struct protocol_body body = {.bytes = malloc(form_size), .size = form_size};
        FUZZ_MUST(form_size == 0 || body.bytes);
        if (form_size > 0) memcpy(body.bytes, form, form_size);
        caption_error error = {0};
        if (!form_take(&body, boundary, &error))
            fuzz_check_error(&error);
        else
            FUZZ_MUST(body.size == 0 || memmem(form, form_size, body.bytes, body.size));
        FUZZ_MUST(body.argument_count <= PROTOCOL_MOST_ARGUMENTS);
        protocol_body_free(&body);
    }
    free(type);
    return 0;
}
