#include "report/caption_output.h"

void tag_text_write(FILE *stream, const caption_result *result) {
    for (size_t i = 0; i < result->tag_count; i++)
        fprintf(stream, "%s%s", i > 0 ? ", " : "", result->tags[i].name);
}
