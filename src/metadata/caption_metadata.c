#include "metadata/caption_metadata.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/image.h"
#include "image/photo.h"
#include "metadata/container.h"
#include "metadata/iptc.h"
#include "report/caption_file.h"

/* What a photo has. Packets point into the container. */
struct found {
    struct container container;
    bool has_packet, has_extension;
    struct xmp_packet packet, extension;
    struct iptc iptc;
};

static bool find(const uint8_t *bytes, size_t size, struct found *found, caption_error *error) {
    *found = (struct found){0};
    struct container *container = &found->container;
    if (!container_read(bytes, size, container, error) ||
        !iptc_read(container->resources, container->resources_size, &found->iptc, error))
        return false;
    found->has_packet = container->packet != NULL;
    found->has_extension = container->extension != NULL;
    return (!found->has_packet || xmp_packet_read(container->packet, container->packet_size,
                                                  "its XMP", &found->packet, error)) &&
           (!found->has_extension ||
            xmp_packet_read(container->extension, container->extension_size, "its extended XMP",
                            &found->extension, error));
}

static bool has(const struct found *found, size_t number) {
    return (found->has_packet && found->packet.texts[number].form != XMP_ABSENT) ||
           (found->has_extension && found->extension.texts[number].form != XMP_ABSENT) ||
           (number == XMP_DESCRIPTION && found->iptc.has_description);
}

/* Extended XMP is read, but not changed. */
static bool is_in_reach(const struct found *found, const struct xmp_content *content,
                        caption_error *error) {
    for (size_t i = 0; found->has_extension && i <= XMP_KEYWORDS; i++) {
        const bool is_put = i < XMP_TEXTS ? content->texts[i] != NULL : content->tag_count > 0;
        if (!is_put || found->extension.texts[i].form == XMP_ABSENT) continue;
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "its %s:%s lies in extended XMP, which is not changed: --write-xmp writes "
                         "a sidecar",
                         xmp_properties[i].prefix, xmp_properties[i].name);
    }
    return true;
}

static char *new_packet(const struct found *found, const struct xmp_content *content,
                        bool overwrite, size_t *size, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "XMP", error)) return NULL;
    if (found->has_packet)
        xmp_packet_write_merged(text.stream, &found->packet, content, overwrite);
    else
        xmp_packet_write(text.stream, content);
    char *packet = text_stream_close(&text, error);
    *size = text.size;
    return packet;
}

static bool put_all(const struct found *found, const struct xmp_content *content, bool overwrite,
                    struct file_bytes *out, caption_error *error) {
    const struct container *container = &found->container;
    const bool with_iptc = container->format->has_resources;
    struct splices splices = {0};
    struct file_bytes resources = {0};
    size_t size = 0;
    char *packet = new_packet(found, content, overwrite, &size, error);
    const bool ok =
        packet && (!with_iptc || iptc_put(&found->iptc, content, overwrite, &resources, error)) &&
        container_put(container, packet, size, with_iptc ? &resources : NULL, &splices, error) &&
        splices_apply(&splices, container->bytes, container->size, out, error);
    free(packet);
    file_bytes_free(&resources);
    splices_free(&splices);
    return ok;
}

static bool is_same_picture(const struct image *a, const struct image *b) {
    return a->width == b->width && a->height == b->height &&
           memcmp(a->pixels, b->pixels, 3 * a->width * a->height) == 0;
}

/* A last look before a photo is replaced: both must show the same. JPEGs are decoded small; their
 * coded pixels are compared besides. */
static bool shows_the_same(const struct container *old, const struct file_bytes *made,
                           caption_error *error) {
    const size_t coded = old->size - old->image_data;
    if (old->image_data > 0 &&
        (made->size < coded ||
         memcmp(made->data + made->size - coded, old->bytes + old->image_data, coded) != 0))
        return error_set(error, CAPTION_ERROR_FORMAT, "its pixels would have been changed");
    const struct image_file old_file = image_file_inspect(NULL, old->bytes, old->size),
                            made_file = image_file_inspect(NULL, made->data, made->size);
    struct image before, after;
    if (!image_file_decode(&old_file, 1, true, &before, error)) return false;
    bool same = false;
    if (image_file_decode(&made_file, 1, true, &after, error)) {
        same = is_same_picture(&before, &after) ||
               error_set(error, CAPTION_ERROR_FORMAT, "it would have shown something else");
        image_free(&after);
    }
    image_free(&before);
    return same;
}

static bool put_into(const struct found *found, const struct xmp_content *content, bool overwrite,
                     struct file_bytes *out, caption_error *error) {
    struct xmp_content wanted = *content;
    if (found->container.is_signed)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "is signed (Content Credentials), which a change would make invalid: "
                         "--write-xmp writes a sidecar");
    if (!overwrite && has(found, XMP_DESCRIPTION)) wanted.texts[XMP_DESCRIPTION] = NULL;
    if (!overwrite && has(found, XMP_ALT_TEXT)) wanted.texts[XMP_ALT_TEXT] = NULL;
    if (!is_in_reach(found, &wanted, error) ||
        (found->has_packet &&
         !xmp_packet_can_merge(&found->packet, &wanted, overwrite, "its XMP", error)) ||
        !put_all(found, &wanted, overwrite, out, error))
        return false;
    if (shows_the_same(&found->container, out, error)) return true;
    file_bytes_free(out);
    return false;
}

bool photo_metadata_put(const uint8_t *bytes, size_t size, const struct xmp_content *content,
                        bool overwrite, struct file_bytes *out, caption_error *error) {
    struct found found;
    const bool ok =
        find(bytes, size, &found, error) && put_into(&found, content, overwrite, out, error);
    container_free(&found.container);
    return ok;
}

bool photo_metadata_is_full(const uint8_t *bytes, size_t size, bool caption, bool tags) {
    struct found found;
    bool full = find(bytes, size, &found, NULL);
    for (size_t i = 0; caption && i < XMP_TEXTS; i++) full = full && has(&found, i);
    if (tags) full = full && has(&found, XMP_KEYWORDS);
    container_free(&found.container);
    return full;
}

struct caption_metadata {
    struct caption_output output;
    struct caption_metadata_options options;
};

static bool refuse(caption_error *error, const char *path, const char *what) {
    return error_set(error, CAPTION_ERROR_IO,
                     "%s: %s: it stays as it is (--write-xmp writes a "
                     "sidecar)",
                     path, what);
}

static bool may_change(const char *path, struct stat *status, caption_error *error) {
    if (lstat(path, status) != 0) return refuse(error, path, "cannot be looked at");
    if (S_ISLNK(status->st_mode))
        return refuse(error, path, "is a symbolic link, expected the photo itself");
    if (!S_ISREG(status->st_mode)) return refuse(error, path, "is no regular file");
    if (status->st_nlink > 1) return refuse(error, path, "is one of several hard links to a photo");
    if ((status->st_mode & 0222) == 0 || access(path, W_OK) != 0)
        return refuse(error, path, "is read-only");
    return true;
}

static bool put_into_photo(const char *path, const struct xmp_content *content, bool overwrite,
                           caption_error *error) {
    struct stat status;
    struct file_bytes old, made;
    if (!may_change(path, &status, error) || !file_read(path, PHOTO_MAX_BYTES, &old, error))
        return false;
    bool ok = photo_metadata_put(old.data, old.size, content, overwrite, &made, error) ||
              error_prefix(error, path);
    if (ok) {
        ok = file_replace(path, &status, true, made.data, made.size, error);
        file_bytes_free(&made);
    }
    file_bytes_free(&old);
    return ok;
}

static struct caption_xmp_options sidecars_of(const struct caption_metadata_options *options) {
    return (struct caption_xmp_options){
        .overwrite = options->overwrite, .tags = options->tags, .names = CAPTION_XMP_NONE};
}

static bool has_all(const char *path, enum tags_shown tags) {
    struct file_bytes file;
    if (!file_read(path, PHOTO_MAX_BYTES, &file, NULL)) return false;
    const bool full =
        photo_metadata_is_full(file.data, file.size, tags != TAGS_ALONE, tags != TAGS_HIDDEN);
    file_bytes_free(&file);
    return full;
}

bool caption_metadata_is_done(const struct caption_metadata_options *options,
                              const struct caption_row *row) {
    const struct caption_xmp_options sidecars = sidecars_of(options);
    return !options->overwrite && has_all(row->path, options->tags) &&
           caption_xmp_is_done(&sidecars, row);
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct caption_metadata_options *options =
        &((const struct caption_metadata *)output)->options;
    const struct caption_xmp_options sidecars = sidecars_of(options);
    struct xmp_content content;
    if (!caption_xmp_content(row, options->tags, &content)) return true;
    const bool is_kept = !options->overwrite && has_all(row->path, options->tags);
    return (is_kept || put_into_photo(row->path, &content, options->overwrite, error)) &&
           caption_xmp_put(&sidecars, row, &content, error);
}

static void free_metadata(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_metadata_new(const struct caption_metadata_options *options,
                                            caption_error *error) {
    struct caption_metadata *metadata = memory_zeroed(1, sizeof *metadata, "an output", error);
    if (!metadata) return NULL;
    metadata->output =
        (struct caption_output){.row = write_row, .free = free_metadata, .file_each = true};
    metadata->options = *options;
    return &metadata->output;
}
