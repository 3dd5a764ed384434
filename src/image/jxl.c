/* JPEG XL (ISO/IEC 18181): a codestream, bare or in boxes. The photo, or the first frame of an
 * animation, is decoded by libjxl, without which they are refused. The codestream says how the
 * photo stands upright; EXIF is not asked (18181-2). */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_JXL
#include <jxl/decode.h>
#endif

#include "base/file.h"
#include "base/memory.h"
#include "image/decode.h"

static const char signature[] = "\0\0\0\x0cJXL \r\n\x87\n"; /* of a file of boxes */
enum { SIGNATURE = 12 };

static bool jxl_recognise(const uint8_t *bytes, size_t size) {
    return (size >= 2 && memcmp(bytes, "\xff\x0a", 2) == 0) ||
           (size >= SIGNATURE && memcmp(bytes, signature, SIGNATURE) == 0);
}

/* Bits, the lowest of each byte first. Behind the end they are 0. */
struct bit_reader {
    const uint8_t *bytes;
    size_t size, at; /* in bytes, in bits */
};

static uint32_t read_bits(struct bit_reader *bits, unsigned count) {
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++, bits->at++) {
        const size_t byte = bits->at / 8;
        if (byte < bits->size) value |= (bits->bytes[byte] >> bits->at % 8 & 1U) << i;
    }
    return value;
}

/* A side is a number of eights in a small photo, else of one of four lengths. */
static size_t read_side(struct bit_reader *bits, bool small) {
    static const unsigned lengths[] = {9, 13, 18, 30};
    if (small) return 8 * (1 + (size_t)read_bits(bits, 5));
    return 1 + (size_t)read_bits(bits, lengths[read_bits(bits, 2)]);
}

/* The size behind the signature of a codestream: the height, and the width or what it is to it. */
static void read_size(const uint8_t *bytes, size_t size, struct format_header *header) {
    static const unsigned ratios[][2] = {{0, 1}, {1, 1},  {12, 10}, {4, 3},
                                         {3, 2}, {16, 9}, {5, 4},   {2, 1}};
    struct bit_reader bits = {bytes, size, 16};
    const bool small = read_bits(&bits, 1);
    const size_t height = read_side(&bits, small);
    const unsigned *ratio = ratios[read_bits(&bits, 3)];
    const size_t width = ratio[0] ? height * ratio[0] / ratio[1] : read_side(&bits, small);
    if (bits.at > 8 * size) {
        header->missing = "its size";
        return;
    }
    header->width = width;
    header->height = height;
}

/* A codestream's size ends within so many bytes. */
enum { SIZE_BYTES = 16 };

/* The first bytes of the codestream that lies in the boxes, in one (jxlc) or in pieces (jxlp), of
 * which the first may have fewer than the size takes; returns how many there are. */
static size_t read_start(const uint8_t *bytes, size_t size, uint8_t *start) {
    enum { piece_number = 4 };
    struct iso_box box;
    size_t count = 0;
    if (iso_box_find(bytes, size, "jxlc", &box)) {
        count = size_smaller(box.size, SIZE_BYTES);
        memcpy(start, box.content, count);
        return count;
    }
    while (count < SIZE_BYTES && iso_box_find(bytes, size, "jxlp", &box)) {
        const size_t read = (size_t)(box.content - bytes) + box.size;
        if (box.size > piece_number) {
            const size_t some = size_smaller(box.size - piece_number, SIZE_BYTES - count);
            memcpy(start + count, box.content + piece_number, some);
            count += some;
        }
        bytes += read;
        size -= read;
    }
    return count;
}

static void find_codestream(const uint8_t *bytes, size_t size, struct format_header *header) {
    uint8_t start[SIZE_BYTES];
    if (!iso_boxes_end(bytes, size)) header->missing = "the end that its boxes give";
    const size_t count = read_start(bytes, size, start);
    if (count > 0)
        read_size(start, count, header);
    else if (!header->missing)
        header->missing = "its codestream";
}

static void jxl_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    if (*bytes == 0)
        find_codestream(bytes, size, header);
    else
        read_size(bytes, size, header);
}

#ifdef CAPTION_WITH_JXL

/* Loaded for the first such photo, and stays. Of damaged ones Debian's prints what it found to
 * standard error, which it has no way to turn off. */
#define LIBJXL(FUNCTION)                                                                           \
    FUNCTION(JxlDecoderCreate)                                                                     \
    FUNCTION(JxlDecoderDestroy)                                                                    \
    FUNCTION(JxlDecoderSubscribeEvents)                                                            \
    FUNCTION(JxlDecoderSetUnpremultiplyAlpha)                                                      \
    FUNCTION(JxlDecoderSetInput)                                                                   \
    FUNCTION(JxlDecoderReleaseInput)                                                               \
    FUNCTION(JxlDecoderProcessInput)                                                               \
    FUNCTION(JxlDecoderGetBasicInfo)                                                               \
    FUNCTION(JxlDecoderGetICCProfileSize)                                                          \
    FUNCTION(JxlDecoderGetColorAsEncodedProfile)                                                   \
    FUNCTION(JxlDecoderGetColorAsICCProfile)                                                       \
    FUNCTION(JxlDecoderSetImageOutBuffer)

struct libjxl {
    LIBJXL(LIBRARY_POINTER)
};

static bool load(struct libjxl *lib, caption_error *error) {
    return library_load(CAPTION_JXL_SONAME, "a JPEG XL photo", "libjxl", LIBRARY_NAMES(LIBJXL), lib,
                        error);
}

/* What the head of the codestream says of all its frames. */
struct jxl_kind {
    bool original_colors, animated;
    size_t extra_channels;
};

/* How much of all its pixels libjxl keeps at a time. */
enum frame_kind {
    FRAME_PLAIN,      /* alone, and as lossy photos are stored: few of them */
    FRAME_ALONE,      /* floats of all its pixels */
    FRAME_OF_SEVERAL, /* and those of up to four frames to which others refer */
};

/* A number of 64 bits; UINT32_MAX: one that is larger than flags are. */
static uint32_t read_flags(struct bit_reader *bits) {
    const uint32_t digits = read_bits(bits, 2);
    if (digits == 0) return 0;
    return digits == 3 ? UINT32_MAX : (digits == 1 ? 1 : 17) + read_bits(bits, 4 * digits);
}

/* Passes, one finer than the other; returns whether there are several. */
static bool read_passes(struct bit_reader *bits) {
    uint32_t passes = 1 + read_bits(bits, 2);
    if (passes == 4) passes += read_bits(bits, 3);
    if (passes == 1) return false;
    uint32_t smaller = read_bits(bits, 2);
    if (smaller == 3) smaller += read_bits(bits, 1);
    for (uint32_t i = 0; i < passes - 1; i++) read_bits(bits, 2);
    for (uint32_t i = 0; i < smaller; i++) read_bits(bits, 2);
    for (uint32_t i = 0; i < smaller; i++)
        if (read_bits(bits, 2) == 3) read_bits(bits, 3);
    return true;
}

/* The kind of the frame that begins there: ISO/IEC 18181-1, the header of a frame. */
static enum frame_kind read_frame(const uint8_t *bytes, size_t size, const struct jxl_kind *kind) {
    enum { noise = 1, patches = 2, other_means = 32, rough_means = 128 };
    struct bit_reader bits = {bytes, size, 0};
    if (kind->animated || size == 0) return FRAME_OF_SEVERAL;
    if (read_bits(&bits, 1)) return FRAME_PLAIN; /* what is taken for granted */
    const bool other = read_bits(&bits, 2), modular = read_bits(&bits, 1);
    const uint32_t flags = read_flags(&bits);
    if (other || flags == UINT32_MAX || (flags & (patches | other_means)) != 0)
        return FRAME_OF_SEVERAL;
    bool plain = !modular && (flags & ~(uint32_t)(noise | rough_means)) == 0;
    const bool planes = kind->original_colors && read_bits(&bits, 1); /* of a JPEG */
    if (planes) read_bits(&bits, 6);
    for (size_t i = 0; i <= kind->extra_channels; i++)
        plain = read_bits(&bits, 2) == 0 && plain; /* is not enlarged */
    if (modular) read_bits(&bits, 2);
    if (!modular && !kind->original_colors) read_bits(&bits, 6);
    plain = !read_passes(&bits) && plain;
    bool several = read_bits(&bits, 1); /* is a part */
    for (size_t i = 0; i <= kind->extra_channels && !several; i++)
        several = read_bits(&bits, 2) != 0; /* is blended with another */
    const bool last = !several && read_bits(&bits, 1) && bits.at <= 8 * size;
    return !last ? FRAME_OF_SEVERAL : plain ? FRAME_PLAIN : FRAME_ALONE;
}

/* A file on its way to pixels. */
struct jxl_file {
    struct libjxl lib;
    JxlDecoder *decoder;
    const uint8_t *bytes;
    size_t size; /* of the file in bytes */
    struct jxl_kind kind;
    struct format_header upright; /* its size as it stands upright */
    struct whole_pixels whole;    /* of the first frame: RGB or RGBA */
    uint8_t *pixels, *profile;    /* owned; NULL: none yet, no profile */
};

static bool fail(JxlDecoderStatus status, size_t size, caption_error *error) {
    if (status == JXL_DEC_NEED_MORE_INPUT)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated JPEG XL: it ends after %zu bytes, before its last pixels",
                         size);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "JPEG XL cannot be decoded: its data is corrupt, or memory is short");
}

static bool take_info(struct jxl_file *file, caption_error *error) {
    JxlBasicInfo info;
    if (file->lib.JxlDecoderGetBasicInfo(file->decoder, &info) != JXL_DEC_SUCCESS)
        return fail(JXL_DEC_ERROR, file->size, error);
    /* Turned or not. Of several boxes libjxl may read another one than the size was read from. */
    const uint64_t pixels = (uint64_t)info.xsize * info.ysize;
    if (pixels != (uint64_t)file->upright.width * file->upright.height)
        return error_set(error, CAPTION_ERROR_FORMAT, "JPEG XL contradicts itself about its size");
    file->upright.width = info.xsize;
    file->upright.height = info.ysize;
    file->kind = (struct jxl_kind){.original_colors = info.uses_original_profile,
                                   .animated = info.have_animation || info.have_preview,
                                   .extra_channels = info.num_extra_channels};
    file->whole.grey = info.num_color_channels == 1;
    file->whole.channels = info.alpha_bits > 0 ? 4 : 3;
    file->whole.stride = file->whole.channels * info.xsize;
    return image_check_size(info.xsize, info.ysize, error) || error_prefix(error, "JPEG XL");
}

/* Where the first frame begins, and in `size` what is there of it in the same box, when libjxl has
 * read to byte `at` of the file: there, or where the next piece of the codestream begins when all
 * of one is read. NULL where it is not seen. */
static const uint8_t *find_frame(const struct jxl_file *file, size_t at, size_t *size) {
    enum { piece_number = 4 };
    const uint8_t *from = file->bytes;
    bool next = false;
    struct iso_box box;
    *size = file->size - at;
    if (*from != 0 ||
        (iso_box_find(from, file->size, "jxlc", &box) && at >= (size_t)(box.content - from) &&
         at - (size_t)(box.content - from) < box.size))
        return from + at;
    while (iso_box_find(from, file->size - (size_t)(from - file->bytes), "jxlp", &box)) {
        const size_t begin = (size_t)(box.content - file->bytes) + piece_number;
        const size_t end = begin - piece_number + box.size;
        from = file->bytes + end;
        if (begin >= end) continue;
        if (next) at = begin;
        next = at == end;
        *size = end - at;
        if (at >= begin && at < end) return file->bytes + at;
    }
    return NULL;
}

/* Where it is not seen how the frame is stored, it is taken for one of several: their 54 bytes a
 * pixel are fewer than were measured (64), and as many as keep a small file below 300 MB. */
static size_t bytes_a_pixel(const struct jxl_file *file, enum frame_kind frame) {
    const size_t floats = 2 * sizeof(float), extra = floats * file->kind.extra_channels;
    const size_t alone = file->whole.channels + 3 * floats + extra;
    return frame == FRAME_PLAIN ? 6 + extra : frame == FRAME_ALONE ? alone : 2 * alone;
}

/* When all in front of the first frame is read. libjxl keeps planes of floats, one a channel,
 * beside what it makes of them, about twice: more than what is left of them when the image is made.
 * Of a plain frame it was measured to keep little beside the pixels, but for what is not colour. */
static bool check_cost(struct jxl_file *file, caption_error *error) {
    const size_t left = file->lib.JxlDecoderReleaseInput(file->decoder), at = file->size - left;
    const uint8_t *rest = file->bytes + at;
    size_t size;
    const uint8_t *begin = find_frame(file, at, &size);
    const enum frame_kind frame = begin ? read_frame(begin, size, &file->kind) : FRAME_OF_SEVERAL;
    if (file->lib.JxlDecoderSetInput(file->decoder, rest, left) != JXL_DEC_SUCCESS)
        return fail(JXL_DEC_ERROR, file->size, error);
    const size_t pixels = file->upright.width * file->upright.height;
    return image_check_cost(&file->upright, 0, bytes_a_pixel(file, frame) * pixels, file->size,
                            error);
}

/* Curves that no profile describes well; the numbers are those of H.273, but for those of P3. */
static struct cicp read_cicp(const struct jxl_file *file) {
    enum { display_p3 = 12 };
    JxlColorEncoding colors;
    if (file->lib.JxlDecoderGetColorAsEncodedProfile(
            file->decoder, NULL, JXL_COLOR_PROFILE_TARGET_DATA, &colors) != JXL_DEC_SUCCESS)
        return (struct cicp){0};
    const struct cicp cicp = {colors.primaries == JXL_PRIMARIES_P3 ? display_p3
                                                                   : (unsigned)colors.primaries,
                              (unsigned)colors.transfer_function};
    return cicp_is_hdr(cicp) ? cicp : (struct cicp){0};
}

/* A photo is not refused for its profile, nor for want of memory for it: true. */
static bool take_profile(struct jxl_file *file) {
    size_t size = 0;
    file->whole.cicp = read_cicp(file);
    if (file->lib.JxlDecoderGetICCProfileSize(file->decoder, NULL, JXL_COLOR_PROFILE_TARGET_DATA,
                                              &size) != JXL_DEC_SUCCESS ||
        size == 0 || file->profile)
        return true;
    file->profile = memory_uninitialised(size, 1, "a colour profile", NULL);
    if (!file->profile ||
        file->lib.JxlDecoderGetColorAsICCProfile(file->decoder, NULL, JXL_COLOR_PROFILE_TARGET_DATA,
                                                 file->profile, size) != JXL_DEC_SUCCESS)
        return true;
    file->whole.profile = file->profile;
    file->whole.profile_size = size;
    return true;
}

static bool give_buffer(struct jxl_file *file, caption_error *error) {
    const JxlPixelFormat format = {(uint32_t)file->whole.channels, JXL_TYPE_UINT8,
                                   JXL_NATIVE_ENDIAN, 0};
    const size_t height = file->upright.height, stride = file->whole.stride;
    free(file->pixels);
    file->pixels = memory_zeroed(height, stride, "a photo's pixels", error);
    file->whole.pixels = file->pixels;
    if (!file->pixels) return false;
    return file->lib.JxlDecoderSetImageOutBuffer(file->decoder, &format, file->pixels,
                                                 height * stride) == JXL_DEC_SUCCESS ||
           fail(JXL_DEC_ERROR, file->size, error);
}

/* Until the first frame is there. */
static bool run(struct jxl_file *file, caption_error *error) {
    for (;;) {
        const JxlDecoderStatus status = file->lib.JxlDecoderProcessInput(file->decoder);
        bool ok = true;
        if (status == JXL_DEC_FULL_IMAGE) return true;
        if (status == JXL_DEC_BASIC_INFO)
            ok = take_info(file, error);
        else if (status == JXL_DEC_COLOR_ENCODING)
            ok = check_cost(file, error) && take_profile(file);
        else if (status == JXL_DEC_NEED_IMAGE_OUT_BUFFER)
            ok = give_buffer(file, error);
        else
            ok = fail(status, file->size, error);
        if (!ok) return false;
    }
}

static bool file_open(struct jxl_file *file, caption_error *error) {
    if (!load(&file->lib, error)) return false;
    file->decoder = file->lib.JxlDecoderCreate(NULL);
    if (!file->decoder) return error_memory(error, "the JPEG XL decoder");
    const int events = JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_FULL_IMAGE;
    if (file->lib.JxlDecoderSubscribeEvents(file->decoder, events) != JXL_DEC_SUCCESS ||
        file->lib.JxlDecoderSetUnpremultiplyAlpha(file->decoder, JXL_TRUE) != JXL_DEC_SUCCESS ||
        file->lib.JxlDecoderSetInput(file->decoder, file->bytes, file->size) != JXL_DEC_SUCCESS)
        return fail(JXL_DEC_ERROR, file->size, error);
    return true; /* the input is not closed: libjxl would print that it lacks some */
}

static void decoder_close(struct jxl_file *file) {
    if (file->decoder) file->lib.JxlDecoderDestroy(file->decoder);
    file->decoder = NULL;
}

static void file_close(struct jxl_file *file) {
    decoder_close(file);
    free(file->pixels);
    free(file->profile);
}

static bool jxl_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    struct jxl_file file = {.bytes = bytes, .size = size, .upright = *header};
    bool ok = file_open(&file, error) && run(&file, error);
    decoder_close(&file); /* its memory is not needed beside that of the image */
    ok = ok && image_take_whole(&file.whole, &file.upright, size, min_side, out, error);
    file_close(&file);
    return ok;
}

#else
#define jxl_decode NULL
#endif

static const char absent[] =
    "is a JPEG XL photo, which this build cannot decode: libjxl was absent";

const struct format format_jxl = {"JPEG XL", jxl_recognise, jxl_inspect, jxl_decode, absent};
