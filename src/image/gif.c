/* GIF: a header, then blocks; pixels come as sub-blocks of at most 255 bytes (GIF89a). The
 * first frame is decoded by giflib, or stb_image where that was absent at build time. */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_GIF
#include <gif_lib.h>
#endif

#include "base/memory.h"
#include "image/decode.h"

static bool gif_recognise(const uint8_t *bytes, size_t size) {
    return size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0);
}

/* Bytes of the colour table that a descriptor's flags announce. */
static size_t color_table_size(unsigned flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Where the sub-blocks from `at` on end, or `size` where they do not. */
static size_t skip_sub_blocks(const uint8_t *bytes, size_t size, size_t at) {
    while (at < size && bytes[at] != 0) at += 1 + (size_t)bytes[at];
    return at < size ? at + 1 : size + 1;
}

/* A frame may be larger than the screen that it is for, as browsers have it: nothing is cut off. */
static void grow_to_frame(const uint8_t *frame, struct format_header *header) {
#ifdef CAPTION_WITH_GIF
    const size_t right = bytes_little_16(frame + 1) + bytes_little_16(frame + 5);
    const size_t bottom = bytes_little_16(frame + 3) + bytes_little_16(frame + 7);
    if (header->width < right) header->width = right;
    if (header->height < bottom) header->height = bottom;
#else
    (void)frame;
    (void)header;
#endif
}

static void gif_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { screen = 13, extension = 0x21, picture = 0x2c, end = 0x3b, picture_size = 10 };
    header->missing = "the end of its first frame";
    if (size < screen) return;
    header->width = bytes_little_16(bytes + 6);
    header->height = bytes_little_16(bytes + 8);
    size_t at = screen + color_table_size(bytes[10]);
    while (at + 1 < size && bytes[at] == extension) at = skip_sub_blocks(bytes, size, at + 2);
    if (at >= size) return;
    if (bytes[at] == picture) {
        if (size - at <= picture_size) return;
        grow_to_frame(bytes + at, header);
        at += picture_size + color_table_size(bytes[at + picture_size - 1]) + 1;
        if (skip_sub_blocks(bytes, size, at) > size) return;
    } else if (bytes[at] == end) {
        header->impossible = "it has no frame";
    }
    header->missing = NULL; /* a block of an unknown kind is the decoder's to complain about */
}

#ifdef CAPTION_WITH_GIF

struct gif_source {
    const uint8_t *bytes;
    size_t size, at;
};

static int read_bytes(GifFileType *gif, GifByteType *to, int wanted) {
    struct gif_source *source = gif->UserData;
    const size_t left = source->size - source->at;
    const size_t count = (size_t)wanted < left ? (size_t)wanted : left;
    memcpy(to, source->bytes + source->at, count);
    source->at += count;
    return (int)count;
}

static bool fail(int code, caption_error *error) {
    const char *reason = GifErrorString(code);
    return error_set(error, CAPTION_ERROR_FORMAT, "GIF cannot be decoded: %s",
                     reason ? reason : "its data is corrupt");
}

/* Reads one extension; `transparent` becomes the number of the transparent colour if it names one.
 */
static bool read_extension(GifFileType *gif, int *transparent) {
    int code;
    GifByteType *block;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return false;
    GraphicsControlBlock control;
    if (block && code == GRAPHICS_EXT_FUNC_CODE &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        *transparent = control.TransparentColor;
    while (block)
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
    return true;
}

/* Reads up to the first frame's pixels. */
static bool find_frame(GifFileType *gif, int *transparent, caption_error *error) {
    *transparent = NO_TRANSPARENT_COLOR;
    for (;;) {
        GifRecordType kind;
        if (DGifGetRecordType(gif, &kind) == GIF_ERROR) return fail(gif->Error, error);
        if (kind == TERMINATE_RECORD_TYPE)
            return error_set(error, CAPTION_ERROR_FORMAT, "GIF without a frame");
        if (kind == EXTENSION_RECORD_TYPE && !read_extension(gif, transparent))
            return fail(gif->Error, error);
        if (kind == IMAGE_DESC_RECORD_TYPE) break;
    }
    if (DGifGetImageDesc(gif) == GIF_ERROR) return fail(gif->Error, error);
    return true;
}

/* RGB by number: black where the file has fewer colours, white what is transparent. */
static bool read_palette(const GifFileType *gif, int transparent, uint8_t palette[256][3],
                         caption_error *error) {
    const ColorMapObject *map = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
    if (!map) return error_set(error, CAPTION_ERROR_FORMAT, "GIF without colours");
    memset(palette, 0, 256 * sizeof *palette);
    for (int i = 0; i < map->ColorCount && i < 256; i++) {
        palette[i][0] = map->Colors[i].Red;
        palette[i][1] = map->Colors[i].Green;
        palette[i][2] = map->Colors[i].Blue;
    }
    if (transparent >= 0 && transparent < 256) memset(palette[transparent], 255, 3);
    return true;
}

/* The rows of an interlaced frame come in four passes. */
static bool read_interlaced(GifFileType *gif, uint8_t *numbers) {
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; pass++)
        for (int y = first[pass]; y < gif->Image.Height; y += step[pass])
            if (DGifGetLine(gif, numbers + (size_t)y * (size_t)gif->Image.Width,
                            gif->Image.Width) == GIF_ERROR)
                return false;
    return true;
}

/* `numbers` is NULL where the frame does not reach: white, as everything transparent. */
static void take_row(struct image_rows *rows, size_t y, const GifImageDesc *frame,
                     const uint8_t *numbers, uint8_t palette[256][3]) {
    uint8_t *rgb = image_rows_at(rows, y);
    memset(rgb, 255, rows->width * 3);
    rgb += (size_t)frame->Left * 3;
    for (size_t x = 0; numbers && x < (size_t)frame->Width; x++)
        memcpy(rgb + x * 3, palette[numbers[x]], 3);
    image_rows_take(rows, y);
}

/* `numbers` holds a row, or all rows of an interlaced frame. */
static bool read_rows(GifFileType *gif, int transparent, struct image_rows *rows, uint8_t *numbers,
                      caption_error *error) {
    const GifImageDesc *frame = &gif->Image;
    const size_t top = (size_t)frame->Top, bottom = top + (size_t)frame->Height;
    uint8_t palette[256][3];
    if (!read_palette(gif, transparent, palette, error)) return false;
    if (frame->Interlace && !read_interlaced(gif, numbers)) return fail(gif->Error, error);
    for (size_t y = 0; y < rows->height; y++) {
        const bool drawn = y >= top && y < bottom;
        if (drawn && !frame->Interlace && DGifGetLine(gif, numbers, frame->Width) == GIF_ERROR)
            return fail(gif->Error, error);
        take_row(rows, y, frame, drawn ? numbers : NULL, palette);
        if (drawn && frame->Interlace) numbers += frame->Width;
    }
    return true;
}

static bool read_frame(GifFileType *gif, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    int transparent;
    struct image_rows rows;
    if (!find_frame(gif, &transparent, error)) return false;
    const GifImageDesc *frame = &gif->Image;
    if (frame->Width < 1 || frame->Height < 1 || frame->Left < 0 || frame->Top < 0 ||
        (size_t)frame->Left + (size_t)frame->Width > header->width ||
        (size_t)frame->Top + (size_t)frame->Height > header->height)
        return error_set(error, CAPTION_ERROR_FORMAT, "GIF contradicts itself about its size");
    const size_t kept = frame->Interlace ? (size_t)frame->Height : 1;
    const size_t made = image_reduced_bytes(header, image_choose_divisor(header, min_side));
    if (!image_check_cost(header, made, kept * (size_t)frame->Width, size, error) ||
        !image_rows_begin(&rows, header, size, min_side, out, error))
        return false;
    uint8_t *numbers = memory_uninitialised(kept, (size_t)frame->Width, "a frame", error);
    const bool ok = numbers && read_rows(gif, transparent, &rows, numbers, error);
    free(numbers);
    return image_rows_end(&rows, ok);
}

static bool gif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    struct gif_source source = {.bytes = bytes, .size = size};
    int code = 0;
    GifFileType *gif = DGifOpen(&source, read_bytes, &code);
    if (!gif) return fail(code, error);
    const bool ok = read_frame(gif, size, header, min_side, out, error);
    DGifCloseFile(gif, &code);
    return ok;
}

#else

static bool gif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    return stb_decode("GIF", bytes, size, header, out, error);
}

#endif

const struct format format_gif = {"GIF", gif_recognise, gif_inspect, gif_decode, NULL};
