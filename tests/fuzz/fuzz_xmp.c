/* XMP sidecars of other programs: a caption is put in, and what comes out is read again. */
#include <math.h>

#include "base/text.h"
#include "fuzz.h"
#include "report/xmp_packet.h"

static void merge(const struct xmp_packet *packet, const struct xmp_content *content,
                  bool overwrite) {
    caption_error error = {0};
    if (!xmp_packet_can_merge(packet, content, overwrite, "packet", &error)) {
        fuzz_check_error(&error);
        return;
    }
    struct text_stream text;
    FUZZ_MUST(text_stream_open(&text, "a packet", &error));
    xmp_packet_write_merged(text.stream, packet, content, overwrite);
    char *merged = text_stream_close(&text, &error);
    struct xmp_packet again;
    FUZZ_MUST(merged && xmp_packet_read(merged, text.size, "merged", &again, &error));
    FUZZ_MUST(
        xmp_packet_is_full(&again, content->texts[XMP_ALT_TEXT] != NULL, content->tag_count > 0));
    free(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static char name[] = "dog & <cat>";
    static const caption_tag tag = {.name = name, .confidence = 0.5};
    const struct xmp_content caption = {.texts = {"a \"dog\" & <cat>'s", "a \"dog\" & <cat>'s"},
                                        .confidence = 0.25,
                                        .tags = &tag,
                                        .tag_count = 1},
                             tags = {.confidence = (double)NAN, .tags = &tag, .tag_count = 1};
    char *text = fuzz_text(bytes, size);
    struct xmp_packet packet;
    caption_error error = {0};
    if (xmp_packet_read(text, size, "packet", &packet, &error)) {
        merge(&packet, &caption, false);
        merge(&packet, &caption, true);
        merge(&packet, &tags, false);
    } else {
        fuzz_check_error(&error);
    }
    free(text);
    return 0;
}
