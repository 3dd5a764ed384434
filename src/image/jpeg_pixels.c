#include "image/jpeg.h"

#ifdef CAPTION_WITH_JPEG

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/memory.h"
#include "image/color.h"
#include "image/rows.h"

/* What outlives a jump out of libjpeg, which is how failures are reported there. */
struct reader {
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

static _Noreturn void fail_truncated(struct reader *reader) {
    error_set(reader->error, CAPTION_ERROR_FORMAT,
              "truncated JPEG: it ends after %zu bytes, before its last row of pixels "
              "(--accept-truncated)",
              reader->size);
    longjmp(reader->failed, 1);
}

static _Noreturn void fail(j_common_ptr jpeg) {
    struct reader *reader = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    if (reader->ended) fail_truncated(reader);
    jpeg->err->format_message(jpeg, reason);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        error_memory(reader->error, "the JPEG decoder");
    else
        error_set(reader->error, CAPTION_ERROR_FORMAT, "JPEG cannot be decoded: %s", reason);
    longjmp(reader->failed, 1);
}

/* Warnings after which the photo is nevertheless whole. Anything else that libjpeg warns of is
 * damaged data, behind which the pixels are noise. */
static bool is_harmless(int warning) {
    return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM ||
           warning == JWRN_JFIF_MAJOR || warning == JWRN_BOGUS_ICC;
}

static void take_message(j_common_ptr jpeg, int level) {
    const struct reader *reader = jpeg->client_data;
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
    struct reader *reader = jpeg->client_data;
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

static void reader_begin(struct reader *reader, const uint8_t *bytes, size_t size) {
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
static bool prepare(struct reader *reader, const struct format_header *header, size_t min_side) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    const size_t divisor = reduction(header, min_side);
    if (jpeg->image_width != header->width || jpeg->image_height != header->height)
        return error_set(reader->error, CAPTION_ERROR_FORMAT,
                         "JPEG contradicts itself about its size");
    jpeg->buffered_image = jpeg_has_multiple_scans(jpeg);
    if (jpeg->buffered_image &&
        !image_check_cost(header, coefficient_bytes(jpeg), reader->size, reader->error))
        return false;
    const bool ink = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = ink ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)divisor;
    if (!image_new_reduced(reader->out, header, divisor, reader->error)) return false;
    unsigned length;
    if (jpeg_read_icc_profile(jpeg, &reader->profile, &length))
        reader->color = color_new(reader->profile, length, ink);
    if (!ink) return true;
    reader->ink = memory_uninitialised(reader->out->width, 4, "a row of pixels", reader->error);
    return reader->ink != NULL;
}

/* Whether the scans read so far hold all that pixels are made of, to the last bit. */
static bool is_complete(const struct reader *reader) {
    const struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (!jpeg->coef_bits) return reader->seen + 1 == 1u << jpeg->num_components;
    for (int i = 0; i < jpeg->num_components; i++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (jpeg->coef_bits[i][k] != 0) return false;
    return true;
}

static bool begin_scan(struct reader *reader) {
    enum { most_scans = 100 }; /* programs write up to 20 */
    for (int i = 0; i < reader->jpeg.comps_in_scan; i++)
        reader->seen |= 1u << reader->jpeg.cur_comp_info[i]->component_index;
    return ++reader->scans <= most_scans ||
           error_set(reader->error, CAPTION_ERROR_LIMIT, "JPEG of more than %d scans", most_scans);
}

/* Reads scans until the photo is complete or the file ends, whichever is first: what stands behind
 * a file without end marker is not looked at. */
static bool read_scans(struct reader *reader) {
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

static void read_ink(struct reader *reader) {
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

static void read_rgb(struct reader *reader) {
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

static bool read_photo(struct reader *reader, const struct format_header *header, size_t min_side) {
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
static bool try_to_read(struct reader *reader, const uint8_t *bytes, size_t size,
                        const struct format_header *header, size_t min_side) {
    if (setjmp(reader->failed) != 0) return false;
    reader_begin(reader, bytes, size);
    return read_photo(reader, header, min_side);
}

bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    struct reader reader = {
        .size = size, .accepting = header->accepting, .out = out, .error = error};
    const size_t end = header->lacks_end ? without_zeros(bytes, size) : size;
    bool ok = try_to_read(&reader, bytes, end, header, min_side);
    jpeg_destroy_decompress(&reader.jpeg);
    free(reader.profile);
    free(reader.ink);
    color_free(reader.color);
    if (!ok) image_free(out);
    return ok;
}

#else

#include "image/stb.h"

bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    /* stb_image fills what is missing with grey. */
    if (header->lacks_end)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated JPEG: it ends after %zu bytes, before its end marker", size);
    return stb_decode("JPEG", bytes, size, header, out, error);
}

#endif
