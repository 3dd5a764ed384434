/* JPEG (ITU T.81): markers, some followed by a segment with its length. Decoded by
 * libjpeg-turbo, or stb_image where that was absent at build time. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_JPEG
#include <jpeglib.h>

#include <jerror.h> /* its messages are numbered by what jpeglib.h defines */
#endif

#include "base/memory.h"
#include "image/decode.h"

enum marker {
    MARKER_TEMPORARY = 0x01,
    MARKER_FRAME_FIRST = 0xc0, /* to 0xcf, but for the three that follow */
    MARKER_HUFFMAN_TABLE = 0xc4,
    MARKER_EXTENSION = 0xc8,
    MARKER_ARITHMETIC_TABLE = 0xcc,
    MARKER_RESTART_FIRST = 0xd0,
    MARKER_START = 0xd8,
    MARKER_END = 0xd9,
    MARKER_SCAN = 0xda,
    MARKER_APPLICATION_1 = 0xe1,
    MARKER_FRAME_LS = 0xf7, /* ITU T.87 */
};

static bool jpeg_recognise(const uint8_t *bytes, size_t size) {
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

/* 0x00 is no marker but an 0xff in the pixels' data. */
static bool has_segment(unsigned marker) {
    return marker != 0 && marker != MARKER_TEMPORARY &&
           !(marker >= MARKER_RESTART_FIRST && marker <= MARKER_START);
}

static bool is_frame(unsigned marker) {
    return (marker & 0xf0) == MARKER_FRAME_FIRST && marker != MARKER_HUFFMAN_TABLE &&
           marker != MARKER_EXTENSION && marker != MARKER_ARITHMETIC_TABLE;
}

/* A segment of tables: class and number, 16 counts of codes by their length, the codes' values.
 * stb_image writes behind its array when the counts add up to more than there are values. */
static bool has_sane_huffman_tables(const uint8_t *segment, size_t length) {
    enum { lengths = 16, most_values = 256 };
    for (size_t at = 0; at < length;) {
        if (length - at < 1 + lengths) return false;
        size_t values = 0;
        for (size_t i = 0; i < lengths; i++) values += segment[at + 1 + i];
        if (values > most_values || values > length - at - 1 - lengths) return false;
        at += 1 + lengths + values;
    }
    return true;
}

/* `length` bytes from behind the segment's own length on. */
static void read_segment(unsigned marker, const uint8_t *segment, size_t length,
                         struct format_header *header) {
    if (is_frame(marker) && length >= 5 && header->width == 0) {
        header->lossless = (marker & 3) == 3;
        header->height = bytes_big_16(segment + 1);
        header->width = bytes_big_16(segment + 3);
    } else if (marker == MARKER_FRAME_LS && header->width == 0) {
        header->unread = "in JPEG-LS (SOF55), which is not read";
    } else if (marker == MARKER_APPLICATION_1 && length > 6 && !header->exif &&
               memcmp(segment, "Exif\0", 6) == 0) {
        header->exif = segment + 6;
        header->exif_size = length - 6;
    } else if (marker == MARKER_HUFFMAN_TABLE && !has_sane_huffman_tables(segment, length)) {
        header->impossible = "its Huffman tables are longer than they can be";
    }
}

/* Walks from marker to marker. What lies between two segments is pixels' data (or junk, which
 * decoders skip likewise). The decoder finds out whether all pixels are there: some cameras
 * and programs leave the end marker out. */
static void walk(const uint8_t *bytes, size_t size, struct format_header *header) {
    header->missing = "its pixels";
    header->lacks_end = true;
    for (size_t at = 2; at < size;) {
        const uint8_t *found = memchr(bytes + at, 0xff, size - at);
        if (!found) return;
        at = (size_t)(found - bytes);
        while (at < size && bytes[at] == 0xff) at++; /* any number of 0xff may come first */
        if (at == size) return;
        unsigned marker = bytes[at++];
        if (marker == MARKER_END) {
            header->lacks_end = false;
            header->missing = NULL;
            return;
        }
        if (!has_segment(marker)) continue;
        if (size - at < 2) return;
        size_t length = bytes_big_16(bytes + at);
        if (length < 2) continue; /* nonsense: the decoder complains */
        if (length > size - at) return;
        read_segment(marker, bytes + at + 2, length - 2, header);
        if (marker == MARKER_SCAN && header->width > 0) header->missing = NULL;
        at += length;
    }
}

static void jpeg_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    walk(bytes, size, header);
    /* What looks like a table may be part of a trailer: libjpeg-turbo, which alone decodes such a
     * file, checks tables itself. */
    if (header->lacks_end) header->impossible = NULL;
}

#ifdef CAPTION_WITH_JPEG

/* What outlives a jump out of libjpeg, which is how failures are reported there. */
struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    jmp_buf failed;
    size_t size;     /* of the file */
    bool ended;      /* libjpeg wanted more bytes than there are */
    bool accepting;  /* what is missing then becomes grey */
    unsigned scans;  /* begun */
    unsigned seen;   /* components that a scan has had, a bit each */
    JOCTET *profile; /* ICC, or NULL */
    struct color *color;
    uint8_t *ink; /* a row of CMYK, or NULL */
    struct image *out;
    caption_error *error;
};

static _Noreturn void fail_truncated(struct jpeg_reader *reader) {
    error_set(reader->error, CAPTION_ERROR_FORMAT,
              "truncated JPEG: it ends after %zu bytes, before its last row of pixels "
              "(--accept-truncated)",
              reader->size);
    longjmp(reader->failed, 1);
}

static _Noreturn void fail(j_common_ptr jpeg) {
    struct jpeg_reader *reader = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    if (reader->ended) fail_truncated(reader);
    jpeg->err->format_message(jpeg, reason);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        error_memory(reader->error, "the JPEG decoder");
    else
        error_set(reader->error, CAPTION_ERROR_FORMAT, "JPEG cannot be decoded: %s", reason);
    longjmp(reader->failed, 1);
}

/* Warnings after which the photo is nevertheless whole: some phones leave the first and last
 * coefficient of a sequential scan 0, which libjpeg does not use there. Anything else that libjpeg
 * warns of is damaged data, behind which the pixels are noise. */
static bool is_harmless(int warning) {
    return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM ||
           warning == JWRN_JFIF_MAJOR || warning == JWRN_BOGUS_ICC ||
           warning == JWRN_NOT_SEQUENTIAL;
}

static void take_message(j_common_ptr jpeg, int level) {
    const struct jpeg_reader *reader = jpeg->client_data;
    if (reader->accepting && reader->ended) return;
    if (level < 0 && !is_harmless(jpeg->err->msg_code)) fail(jpeg);
}

static void print_nothing(j_common_ptr jpeg) {
    (void)jpeg;
}

static void source_nothing(j_decompress_ptr jpeg) {
    (void)jpeg;
}

/* Behind the file's end stands an end marker: what is missing before it, libjpeg warns of. */
static boolean source_fill(j_decompress_ptr jpeg) {
    static const JOCTET end_marker[2] = {0xff, JPEG_EOI};
    struct jpeg_reader *reader = jpeg->client_data;
    reader->ended = true;
    jpeg->src->next_input_byte = end_marker;
    jpeg->src->bytes_in_buffer = sizeof end_marker;
    return TRUE;
}

static void source_skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) {
        source_fill(jpeg);
        return;
    }
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

/* Some phones fill a file without an end marker up with zeros, which would be read as pixels. */
static size_t without_zeros(const uint8_t *bytes, size_t size) {
    enum { shortest_fill = 16 };
    size_t end = size;
    while (end > 1 && bytes[end - 1] == 0) end--;
    if (size - end < shortest_fill) return size;
    return bytes[end - 1] == 0xff ? end + 1 : end; /* 0xff 0x00 is data */
}

static void reader_begin(struct jpeg_reader *reader, const uint8_t *bytes, size_t size) {
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = fail;
    reader->errors.emit_message = take_message;
    reader->errors.output_message = print_nothing;
    reader->jpeg.client_data = reader;
    jpeg_create_decompress(&reader->jpeg);
    reader->source = (struct jpeg_source_mgr){.next_input_byte = bytes,
                                              .bytes_in_buffer = size,
                                              .init_source = source_nothing,
                                              .fill_input_buffer = source_fill,
                                              .skip_input_data = source_skip,
                                              .resync_to_restart = jpeg_resync_to_restart,
                                              .term_source = source_nothing};
    reader->jpeg.src = &reader->source;
}

/* Of several scans, libjpeg keeps all coefficients. */
static size_t coefficient_bytes(const struct jpeg_decompress_struct *jpeg) {
    size_t blocks = 0;
    for (int i = 0; i < jpeg->num_components; i++)
        blocks += (size_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
    return blocks * sizeof(JBLOCK);
}

/* The largest of 1, 2, 4 and 8 by which both sides, divided and rounded up as libjpeg does, are
 * still at least `min_side`. */
static size_t reduction(const struct format_header *header, size_t min_side) {
    size_t divisor = 1;
    while (divisor < 8 && image_divided(header->width, 2 * divisor) >= min_side &&
           image_divided(header->height, 2 * divisor) >= min_side) {
        divisor *= 2;
    }
    return divisor;
}

/* Chooses size and colours, and allocates the pixels. */
static bool prepare(struct jpeg_reader *reader, const struct format_header *header,
                    size_t min_side) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    const size_t divisor = reduction(header, min_side);
    if (jpeg->image_width != header->width || jpeg->image_height != header->height)
        return error_set(reader->error, CAPTION_ERROR_FORMAT,
                         "JPEG contradicts itself about its size");
    jpeg->buffered_image = jpeg_has_multiple_scans(jpeg);
    if (!image_check_cost(header, image_reduced_bytes(header, divisor),
                          jpeg->buffered_image ? coefficient_bytes(jpeg) : 0, reader->size,
                          reader->error))
        return false;
    const bool ink = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = ink ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)divisor;
    if (!image_new_reduced(reader->out, header, divisor, reader->error)) return false;
    unsigned length;
    if (jpeg_read_icc_profile(jpeg, &reader->profile, &length))
        reader->color = color_take(header->colors, reader->profile, length,
                                   ink                                       ? COLOR_INK
                                   : jpeg->jpeg_color_space == JCS_GRAYSCALE ? COLOR_GREY
                                                                             : COLOR_RGB);
    if (!ink) return true;
    reader->ink = memory_uninitialised(reader->out->width, 4, "a row of pixels", reader->error);
    return reader->ink != NULL;
}

/* Whether the scans read so far hold all that pixels are made of, to the last bit. */
static bool is_complete(const struct jpeg_reader *reader) {
    const struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (!jpeg->coef_bits) return reader->seen + 1 == 1u << jpeg->num_components;
    for (int i = 0; i < jpeg->num_components; i++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (jpeg->coef_bits[i][k] != 0) return false;
    return true;
}

static bool begin_scan(struct jpeg_reader *reader) {
    enum { most_scans = 100 }; /* programs write up to 20 */
    for (int i = 0; i < reader->jpeg.comps_in_scan; i++)
        reader->seen |= 1u << reader->jpeg.cur_comp_info[i]->component_index;
    return ++reader->scans <= most_scans ||
           error_set(reader->error, CAPTION_ERROR_LIMIT, "JPEG of more than %d scans", most_scans);
}

/* Reads scans until the photo is complete or the file ends, whichever is first: what stands behind
 * a file without end marker is not looked at. */
static bool read_scans(struct jpeg_reader *reader) {
    int status = JPEG_REACHED_SOS;
    while (status != JPEG_REACHED_EOI) {
        if (status == JPEG_REACHED_SOS && !begin_scan(reader)) return false;
        if (status == JPEG_SCAN_COMPLETED && is_complete(reader)) return true;
        status = jpeg_consume_input(&reader->jpeg);
    }
    if (reader->ended && !reader->accepting && !is_complete(reader)) fail_truncated(reader);
    return true;
}

/* Ink over white paper, for a photo without a colour profile. 255 is no ink: Adobe's programs write
 * it so, whether they say it in a marker or not. */
static void ink_to_rgb(const uint8_t *ink, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++, ink += 4, rgb += 3)
        for (size_t c = 0; c < 3; c++) rgb[c] = (uint8_t)((ink[c] * ink[3] + 127) / 255);
}

static void read_ink(struct jpeg_reader *reader) {
    const size_t width = reader->out->width;
    while (reader->jpeg.output_scanline < reader->jpeg.output_height) {
        uint8_t *rgb = reader->out->pixels + reader->jpeg.output_scanline * width * 3;
        JSAMPROW row = reader->ink;
        jpeg_read_scanlines(&reader->jpeg, &row, 1);
        if (reader->color)
            color_convert(reader->color, reader->ink, width, rgb);
        else
            ink_to_rgb(reader->ink, width, rgb);
    }
}

static void read_rgb(struct jpeg_reader *reader) {
    enum { at_once = 16 };
    const size_t width = reader->out->width;
    while (reader->jpeg.output_scanline < reader->jpeg.output_height) {
        JSAMPROW rows[at_once];
        const size_t first = reader->jpeg.output_scanline;
        const size_t left = reader->jpeg.output_height - first;
        const size_t count = left < at_once ? left : at_once;
        for (size_t i = 0; i < count; i++) rows[i] = reader->out->pixels + (first + i) * width * 3;
        jpeg_read_scanlines(&reader->jpeg, rows, (JDIMENSION)count);
    }
    if (reader->color)
        color_convert(reader->color, reader->out->pixels, width * reader->out->height,
                      reader->out->pixels);
}

static bool read_photo(struct jpeg_reader *reader, const struct format_header *header,
                       size_t min_side) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    enum { longest_segment = 0xffff };
    jpeg_save_markers(jpeg, JPEG_APP0 + 2, longest_segment); /* profiles */
    jpeg_read_header(jpeg, TRUE);
    if (!prepare(reader, header, min_side)) return false;
    jpeg_start_decompress(jpeg);
    if (jpeg->buffered_image) {
        if (!read_scans(reader)) return false;
        jpeg_start_output(jpeg, jpeg->input_scan_number);
    }
    if (jpeg->output_width != reader->out->width || jpeg->output_height != reader->out->height)
        return error_set(reader->error, CAPTION_ERROR_FORMAT,
                         "JPEG contradicts itself about its size");
    if (reader->ink)
        read_ink(reader);
    else
        read_rgb(reader);
    return true;
}

/* Nothing but this function sees the jump arrive. */
static bool try_to_read(struct jpeg_reader *reader, const uint8_t *bytes, size_t size,
                        const struct format_header *header, size_t min_side) {
    if (setjmp(reader->failed) != 0) return false;
    reader_begin(reader, bytes, size);
    return read_photo(reader, header, min_side);
}

static bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    struct jpeg_reader reader = {
        .size = size, .accepting = header->accepting, .out = out, .error = error};
    const size_t end = header->lacks_end ? without_zeros(bytes, size) : size;
    bool ok = try_to_read(&reader, bytes, end, header, min_side);
    jpeg_destroy_decompress(&reader.jpeg);
    free(reader.profile);
    free(reader.ink);
    color_put(header->colors, reader.color);
    if (!ok) image_free(out);
    return ok;
}

#else

static bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    /* stb_image fills what is missing with grey. */
    if (header->lacks_end)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated JPEG: it ends after %zu bytes, before its end marker", size);
    return stb_decode("JPEG", bytes, size, header, out, error);
}

#endif

const struct format format_jpeg = {"JPEG", jpeg_recognise, jpeg_inspect, jpeg_decode, NULL};
