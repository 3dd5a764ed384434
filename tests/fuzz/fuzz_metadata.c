/* Photos of any kind and damage: a caption is put in. Pixels stay, what was written is read back,
 * and writing it twice gives the same bytes. */
#include "fuzz.h"
#include "image/photo.h"
#include "metadata/caption_metadata.h"
#include "metadata/container.h"

static char name[] = "dog & <cat>";
static const caption_tag tag = {.name = name, .confidence = 0.5};
static const struct xmp_content content = {
    .texts = {"a dog", "a dog"}, .confidence = 0.25, .tags = &tag, .tag_count = 1};

/* But for the size that a list of several pictures states of the first one. */
static bool is_copied(const uint8_t *from, const uint8_t *to, size_t size, bool has_list) {
    size_t changed = 0;
    for (size_t i = 0; i < size; i++) changed += from[i] != to[i];
    return changed <= (has_list ? sizeof(uint32_t) : 0);
}

/* The container alone, whatever its pixels are: everything but the metadata is copied. */
static void rewrite(const uint8_t *bytes, size_t size) {
    static const char packet[] = "not XML, but nobody reads it";
    struct container container, again;
    struct splices splices = {0};
    struct file_bytes made;
    caption_error error = {0};
    if (container_read(bytes, size, &container, &error) &&
        container_put(&container, packet, strlen(packet), NULL, &splices, &error)) {
        FUZZ_MUST(splices_apply(&splices, bytes, size, &made, &error));
        FUZZ_MUST(container_read(made.data, made.size, &again, &error));
        FUZZ_MUST(again.packet_size == strlen(packet) && strcmp(again.packet, packet) == 0);
        FUZZ_MUST(again.resources_size == container.resources_size);
        const size_t old_end = container.xmp.end, new_end = again.xmp.end;
        FUZZ_MUST(size - old_end == made.size - new_end);
        FUZZ_MUST(is_copied(bytes + old_end, made.data + new_end, size - old_end,
                            container.first_of_others > 0));
        container_free(&again);
        file_bytes_free(&made);
    } else {
        fuzz_check_error(&error);
    }
    splices_free(&splices);
    container_free(&container);
}

static void put(const uint8_t *bytes, size_t size, bool overwrite) {
    struct file_bytes made, again;
    caption_error error = {0};
    if (!photo_metadata_put(bytes, size, &content, overwrite, &made, &error)) {
        fuzz_check_error(&error);
        return;
    }
    FUZZ_MUST(photo_metadata_is_full(made.data, made.size, true, true));
    FUZZ_MUST(photo_metadata_put(made.data, made.size, &content, overwrite, &again, &error));
    FUZZ_MUST(again.size == made.size && memcmp(again.data, made.data, made.size) == 0);
    file_bytes_free(&again);
    file_bytes_free(&made);
}

/* Larger photos are right, and slow: each is decoded eight times. */
static bool is_slow(const uint8_t *bytes, size_t size) {
    enum { MOST_PIXELS = 1 << 18 };
    const struct image_file file = image_file_inspect("photo", bytes, size);
    const size_t width = file.header.width, height = file.header.height;
    return image_check_size(width, height, NULL) && width * height > MOST_PIXELS;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    rewrite(bytes, size);
    if (is_slow(bytes, size)) return 0;
    put(bytes, size, false);
    put(bytes, size, true);
    return 0;
}
