/* Captions inside photos: what is written is read back, pixels and what other programs wrote stay,
 * hostile containers are refused. */
#include "image_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "metadata/caption_metadata.h"
#include "metadata/container.h"
#include "metadata/iptc.h"
#include "temporary_folder.h"

static const char caption[] = "a <dog> & a cat";
static char dog[] = "dog", cat[] = "Cat";
static const caption_tag tags[] = {{dog, 1}, {cat, 0.5}};
static const struct xmp_content content = {
    .texts = {caption, caption}, .confidence = 0.5, .tags = tags, .tag_count = 2};
static const struct xmp_content other = {.texts = {"x", "x"}, .confidence = 0.5};

enum { JPEG, PROGRESSIVE, PNG, WEBP, KINDS };

/* A photo of a kind; of size 0 where this build cannot make one. */
static struct bytes photo_new(int kind) {
    struct image image = gradient_new(40, 24);
    struct bytes file = {0};
    if (kind == JPEG) file = jpeg_new(&image, JPEG_BASELINE);
#ifdef CAPTION_WITH_TURBOJPEG
    if (kind == PROGRESSIVE) file = jpeg_new(&image, JPEG_PROGRESSIVE);
#endif
    if (kind == PNG) file = png_new(image.pixels, 40, 24, 3);
#ifdef CAPTION_WITH_WEBP
    if (kind == WEBP) {
        uint8_t *data = NULL;
        const size_t size = WebPEncodeRGB(image.pixels, 40, 24, 120, 80, &data);
        bytes_add(&file, data, size);
        WebPFree(data);
    }
#endif
    image_free(&image);
    return file;
}

static struct bytes put(const struct bytes *file, const struct xmp_content *what, bool overwrite) {
    struct file_bytes made;
    caption_error error = {0};
    if (!photo_metadata_put(file->data, file->size, what, overwrite, &made, &error))
        fail_msg("%s", error.message);
    struct bytes out = {0};
    bytes_add(&out, made.data, made.size);
    file_bytes_free(&made);
    return out;
}

static bool has(const struct bytes *file, const char *text) {
    return memmem(file->data, file->size, text, strlen(text)) != NULL;
}

static bool has_keyword(const struct bytes *file, const char *word) {
    char set[32] = "\x1c\x02\x19";
    set[4] = (char)strlen(word);
    strcpy(set + 5, word);
    return memmem(file->data, file->size, set, 5 + strlen(word)) != NULL;
}

static bool is_full(const struct bytes *file, bool with_tags) {
    return photo_metadata_is_full(file->data, file->size, true, with_tags);
}

static void assert_same(const struct bytes *a, const struct bytes *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static void assert_stays(const struct bytes *file, const struct xmp_content *what, bool overwrite,
                         const char *reason) {
    struct file_bytes made;
    caption_error error = {0};
    if (photo_metadata_put(file->data, file->size, what, overwrite, &made, &error))
        fail_msg("changed, expected an error: %s", reason);
    if (!strstr(error.message, reason)) fail_msg("'%s' lacks '%s'", error.message, reason);
}

static void a_photo_of_every_kind_takes_a_caption_and_shows_the_same(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct bytes file = photo_new(kind);
        if (file.size == 0) continue;
        assert_false(is_full(&file, false));
        struct bytes made = put(&file, &content, false);
        assert_true(is_full(&made, true));
        assert_true(has(&made, "a &lt;dog&gt; &amp; a cat</rdf:li></rdf:Alt></dc:description>"));
        assert_true(has(&made, ">caption " CAPTION_VERSION "</photoshop:CaptionWriter>"));
        struct image before = decoded(&file), after = decoded(&made);
        assert_true(image_difference(&before, &after) == 0);
        if (kind <= PROGRESSIVE) { /* the coded pixels, byte for byte */
            const size_t scan = bytes_find(&file, "\xff\xda", 2), size = file.size - scan;
            assert_memory_equal(file.data + scan, made.data + made.size - size, size);
            bytes_find(&made, "\x1c\x01\x5a\0\x03\x1b%G\x1c\x02\0\0\x02\0\x04\x1c\x02\x78\0\x0f",
                       20);
        }
        struct bytes kept = put(&made, &other, false), again = put(&made, &content, true);
        assert_same(&kept, &made);
        assert_same(&again, &made); /* written twice gives the same bytes */
        struct bytes changed = put(&made, &other, true);
        assert_false(has(&changed, "dog&gt;"));
        image_free(&before);
        image_free(&after);
        bytes_free(&changed);
        bytes_free(&again);
        bytes_free(&kept);
        bytes_free(&made);
        bytes_free(&file);
    }
}

/* --- JPEG */

static void add_segment(struct bytes *file, size_t at, unsigned marker, const void *data,
                        size_t size) {
    struct bytes segment = {0};
    bytes_add_one(&segment, 0xff);
    bytes_add_one(&segment, marker);
    bytes_add_big(&segment, size + 2, 2);
    bytes_add(&segment, data, size);
    bytes_insert(file, at, segment.data, segment.size);
    bytes_free(&segment);
}

static void add_text(struct bytes *iptc, unsigned record, unsigned number, const char *text) {
    bytes_add_one(iptc, 0x1c);
    bytes_add_one(iptc, record);
    bytes_add_one(iptc, number);
    bytes_add_big(iptc, strlen(text), 2);
    bytes_add(iptc, text, strlen(text));
}

static void add_resource(struct bytes *resources, unsigned number, const void *data, size_t size) {
    bytes_add(resources, "8BIM", 4);
    bytes_add_big(resources, number, 2);
    bytes_add(resources, "\0\0", 2);
    bytes_add_big(resources, size, 4);
    bytes_add(resources, data, size);
    if (size & 1) bytes_add_one(resources, 0);
}

static void add_resources(struct bytes *file, const struct bytes *resources) {
    struct bytes data = {0};
    bytes_add(&data, "Photoshop 3.0", 14);
    bytes_add(&data, resources->data, resources->size);
    add_segment(file, 2, 0xed, data.data, data.size);
    bytes_free(&data);
}

static void iptc_of_another_program_stays_and_its_description_counts(void **state) {
    (void)state;
    struct bytes file = photo_new(JPEG), iptc = {0}, resources = {0}, before = {0};
    add_text(&iptc, 2, 120, "Anna's dog");
    add_text(&iptc, 2, 25, "DOG");
    add_text(&iptc, 3, 10, "x");
    add_resource(&resources, 1000, "abc", 3);
    add_resource(&resources, 0x404, iptc.data, iptc.size);
    uint8_t digest[MD5_SIZE];
    md5(iptc.data, iptc.size, digest);
    add_resource(&resources, 0x425, digest, MD5_SIZE);
    add_resource(&resources, 1001, "defg", 4);
    bytes_add(&before, file.data, file.size);
    add_resources(&file, &resources);
    struct bytes made = put(&file, &content, false);
    assert_true(has(&made, "Anna's dog"));
    assert_false(has(&made, "</dc:description>"));
    assert_true(has(&made, "</Iptc4xmpCore:AltTextAccessibility>"));
    assert_true(has(&made, "8BIM\x03\xe9") && has(&made, "defg\xff"));
    bytes_find(&made,
               "\x1c\x02\x19\0\x03"
               "Cat\x1c\x03\x0a\0\x01x",
               14); /* before record 3 */
    assert_false(has_keyword(&made, "dog"));
    assert_true(is_full(&made, true));
    /* Photoshop's digest is that of the new texts. */
    add_text(&iptc, 2, 25, "Cat");
    struct bytes sorted = {0};
    add_text(&sorted, 2, 120, "Anna's dog");
    add_text(&sorted, 2, 25, "DOG");
    add_text(&sorted, 2, 25, "Cat");
    add_text(&sorted, 3, 10, "x");
    md5(sorted.data, sorted.size, digest);
    bytes_find(&made, digest, MD5_SIZE);
    struct bytes over = put(&file, &content, true);
    assert_false(has(&over, "Anna's"));
    assert_true(has(&over, "a <dog> & a cat\x1c\x02\x19"));
    bytes_free(&over);
    bytes_free(&sorted);
    bytes_free(&made);
    bytes_free(&before);
    bytes_free(&resources);
    bytes_free(&iptc);
    bytes_free(&file);
}

static void image_resources_in_several_segments_are_one(void **state) {
    (void)state;
    enum { large = 100000 };
    struct bytes file = photo_new(JPEG), resources = {0};
    uint8_t *thumbnail = calloc(large, 1);
    assert_non_null(thumbnail);
    memset(thumbnail, 7, large);
    add_resource(&resources, 1036, thumbnail, large);
    add_resource(&resources, 1000, "last", 4);
    struct bytes first = {0}, second = {0};
    bytes_add(&first, resources.data, 65000);
    bytes_add(&second, resources.data + 65000, resources.size - 65000);
    add_resources(&file, &second);
    add_resources(&file, &first);
    struct bytes made = put(&file, &content, false);
    struct container container;
    assert_true(container_read(made.data, made.size, &container, NULL));
    assert_int_equal(container.resource_segment_count, 2);
    assert_memory_equal(container.resources, resources.data, resources.size);
    assert_true(container.resources_size > resources.size);
    struct bytes again = put(&made, &content, true);
    assert_same(&again, &made);
    container_free(&container);
    bytes_free(&again);
    bytes_free(&made);
    bytes_free(&second);
    bytes_free(&first);
    free(thumbnail);
    bytes_free(&resources);
    bytes_free(&file);
}

#define PACKET(properties)                                                                         \
    "<rdf:RDF xmlns:rdf='" XMP_RDF "'><rdf:Description "                                           \
    "xmlns:dc='http://purl.org/dc/elements/1.1/'>" properties "</rdf:Description></rdf:RDF>"

static void add_extension(struct bytes *file, const char *text, size_t begin, size_t end,
                          size_t all) {
    struct bytes part = {0};
    bytes_add(&part, "http://ns.adobe.com/xmp/extension/", 35);
    bytes_add(&part, "0123456789abcdef0123456789abcdef", 32);
    bytes_add_big(&part, all, 4);
    bytes_add_big(&part, begin, 4);
    bytes_add(&part, text + begin, end - begin);
    add_segment(file, 2, 0xe1, part.data, part.size);
    bytes_free(&part);
}

static void extended_xmp_is_read_and_never_changed(void **state) {
    (void)state;
#ifndef CAPTION_WITH_EXPAT
    skip();
#endif
    const char *text = PACKET("<dc:description>Anna</dc:description>");
    const size_t size = strlen(text);
    struct bytes file = photo_new(JPEG), short_of = photo_new(JPEG), wild = photo_new(JPEG);
    add_extension(&file, text, 0, 20, size);
    add_extension(&file, text, 20, size, size); /* which comes first */
    struct bytes made = put(&file, &content, false);
    assert_false(has(&made, "</dc:description>\n"));
    assert_true(is_full(&made, true));
    assert_stays(&file, &content, true, "extended XMP, which is not changed");
    add_extension(&short_of, text, 0, 20, size);
    assert_stays(&short_of, &content, false, "extended XMP");
    add_extension(&wild, text, 0, 20, 10);
    assert_stays(&wild, &content, false, "JPEG: expected a segment");
    bytes_free(&made);
    bytes_free(&wild);
    bytes_free(&short_of);
    bytes_free(&file);
}

static void what_a_change_would_break_stays_as_it_is(void **state) {
    (void)state;
    struct bytes file = photo_new(JPEG), resources = {0};
    add_segment(&file, 2, 0xeb, "JP\0\1abcdc2pa", 12);
    assert_stays(&file, &content, false, "is signed");
    bytes_free(&file);

    file = photo_new(JPEG);
    bytes_add(&resources, "8BIM\x04\x04\0\0\0\0\0\xff", 12); /* longer than the segment */
    add_resources(&file, &resources);
    assert_stays(&file, &content, false, "image resources are damaged");
    bytes_free(&file);

    file = photo_new(JPEG);
    struct bytes text = {0}, iptc = {0};
    add_text(&iptc, 2, 120, "caf\xe9");
    add_resource(&text, 0x404, iptc.data, iptc.size);
    add_resources(&file, &text);
    struct bytes made = put(&file, &content, true); /* ASCII fits any encoding */
    static char named[] = "caf\xc3\xa9";
    const caption_tag tag = {named, 1};
    assert_stays(&file, &(struct xmp_content){.tags = &tag, .tag_count = 1}, false,
                 "unknown encoding");
    bytes_free(&made);
    bytes_free(&iptc);
    bytes_free(&text);
    bytes_free(&resources);
    bytes_free(&file);
}

static void metadata_behind_the_list_of_further_pictures_stay(void **state) {
    (void)state;
#ifndef CAPTION_WITH_EXPAT
    skip();
#endif
    struct bytes file = photo_new(JPEG);
    add_segment(&file, 2, 0xe1, "http://ns.adobe.com/xap/1.0/\0" PACKET(""),
                29 + strlen(PACKET("")));
    add_segment(&file, 2, 0xe2, "MPF\0II*\0", 8);
    assert_stays(&file, &content, false, "has several pictures");
    bytes_free(&file);
}

/* The list of pictures in a file states the size of the first one, which grows. */
static void the_first_of_several_pictures_says_how_large_it_is(void **state) {
    (void)state;
    static const uint8_t big[] = "MPF\0MM\0*\0\0\0\x08\0\1\xb0\2\0\7\0\0\0\x20\0\0\0\x16\0\0\0\3"
                                 "\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\1\0\0\0\0\0\0",
                         little[] = "MPF\0II*\0\x08\0\0\0\1\0\2\xb0\7\0\x20\0\0\0\x16\0\0\0\0\0\3\0"
                                    "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\1\0\0\0\0\0\0";
    const uint8_t *const lists[] = {big, little};
    for (size_t i = 0; i < 2; i++) {
        struct bytes file = photo_new(JPEG);
        add_segment(&file, 2, 0xe2, lists[i], sizeof big - 1);
        struct bytes made = put(&file, &content, false);
        const uint8_t *stated = made.data + bytes_find(&made, "MPF", 4) + 30;
        assert_int_equal(i == 0 ? bytes_big_32(stated) : bytes_little_32(stated),
                         0x100 + made.size - file.size);
        assert_memory_equal(stated + 4, lists[i] + 34, sizeof big - 1 - 34);
        bytes_free(&made);
        for (size_t size = 4; size < sizeof big - 1; size++) { /* cut off anywhere */
            struct bytes cut = photo_new(JPEG);
            add_segment(&cut, 2, 0xe2, lists[i], size);
            made = put(&cut, &content, false);
            bytes_free(&made);
            bytes_free(&cut);
        }
        bytes_free(&file);
    }
}

/* A keyword has 64 bytes. */
static void tags_that_begin_alike_are_one_keyword_of_iptc(void **state) {
    (void)state;
    struct bytes file = photo_new(JPEG), iptc = {0}, resources = {0};
    add_text(&iptc, 2, 25, "dog");
    add_resource(&resources, 0x404, iptc.data, iptc.size);
    add_resources(&file, &resources);
    char names[2][80];
    for (size_t i = 0; i < 2; i++) {
        memset(names[i], 'x', 70);
        strcpy(names[i] + 70, i ? "one" : "other");
    }
    const caption_tag alike[] = {{names[0], 1}, {names[1], 1}};
    struct bytes made = put(&file, &(struct xmp_content){.tags = alike, .tag_count = 2}, false);
    char keyword[5 + 64] = "\x1c\x02\x19";
    keyword[4] = 64;
    memset(keyword + 5, 'x', 64);
    const uint8_t *first = memmem(made.data, made.size, keyword, sizeof keyword);
    assert_non_null(first);
    const size_t rest = made.size - (size_t)(first + 1 - made.data);
    assert_null(memmem(first + 1, rest, keyword, sizeof keyword));
    bytes_free(&made);
    bytes_free(&resources);
    bytes_free(&iptc);
    bytes_free(&file);
}

static void iptc_of_two_encodings_takes_ascii_alone(void **state) {
    (void)state;
    static char named[] = "caf\xc3\xa9";
    const caption_tag tag = {named, 1};
    static const char *const encodings[][2] = {
        {"\x1b.A", NULL}, {"\x1b.A", "\x1b%G"}, {"\x1b%G", "\x1b.A"}};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        struct bytes file = photo_new(JPEG), iptc = {0}, resources = {0};
        for (size_t j = 0; j < 2 && encodings[i][j]; j++) add_text(&iptc, 1, 90, encodings[i][j]);
        add_text(&iptc, 2, 25, "dog");
        add_resource(&resources, 0x404, iptc.data, iptc.size);
        add_resources(&file, &resources);
        struct bytes made = put(&file, &content, true);
        assert_true(has_keyword(&made, "dog"));
        assert_stays(&file, &(struct xmp_content){.tags = &tag, .tag_count = 1}, false,
                     "unknown encoding");
        bytes_free(&made);
        bytes_free(&resources);
        bytes_free(&iptc);
        bytes_free(&file);
    }
}

/* --- PNG, WebP */

static void xmp_of_a_png_is_replaced_where_it_lies(void **state) {
    (void)state;
#ifndef CAPTION_WITH_EXPAT
    skip();
#endif
    struct bytes file = photo_new(PNG), chunk = {0}, text = {0}, old = photo_new(PNG);
    bytes_add(&text, "XML:com.adobe.xmp\0\0\0en\0\0", 24);
    bytes_add(&text, PACKET("<dc:title/>"), strlen(PACKET("<dc:title/>")));
    png_add_chunk(&chunk, "iTXt", text.data, text.size);
    bytes_insert(&file, file.size - 12, chunk.data, chunk.size); /* before IEND */
    struct bytes made = put(&file, &content, false);
    assert_true(has(&made, "<dc:title/>"));
    assert_int_equal(made.size - bytes_find(&made, "IEND", 4), 8);
    assert_true(bytes_find(&made, "XML:com", 7) > bytes_find(&made, "IDAT", 4));
    struct image image = decoded(&made); /* libpng checks the checksum */
    image_free(&image);
    bytes_free(&made);
    text.data[18] = 1;
    chunk.size = 0;
    png_add_chunk(&chunk, "iTXt", text.data, text.size);
    bytes_insert(&old, 33, chunk.data, chunk.size);
    assert_stays(&old, &content, false, "not compressed");
    bytes_free(&old);
    bytes_free(&text);
    bytes_free(&chunk);
    bytes_free(&file);
}

/* The pixels of a screenshot of macOS: a chunk before them says how far away they are. */
static void xmp_of_a_png_does_not_move_pixels_away_from_their_offsets(void **state) {
    (void)state;
    struct bytes file = photo_new(PNG), chunk = {0};
    const size_t pixels = bytes_find(&file, "IDAT", 4) - 4;
    png_add_chunk(&chunk, "iDOT", "\0\0\0\2\0\0\0\0\0\0\0\4\0\0\0\x28\0\0\0\4\0\0\0\4\0\0\1\0", 28);
    bytes_insert(&file, pixels, chunk.data, chunk.size);
    struct bytes made = put(&file, &content, false);
    assert_true(has(&made, "XML:com.adobe.xmp"));
    assert_int_equal(bytes_find(&made, "IDAT", 4) - bytes_find(&made, "iDOT", 4), 40);
    bytes_free(&made);
    bytes_free(&chunk);
    bytes_free(&file);
}

static void a_webp_keeps_what_lies_behind_it_and_odd_sizes(void **state) {
    (void)state;
    struct bytes file = photo_new(WEBP);
    if (file.size == 0) skip();
    struct bytes odd = {0}, long_chunk = {0};
    bytes_add(&odd, file.data, file.size);
    bytes_add(&odd, "ABCD\x01\0\0\0x", 9); /* without its byte of padding */
    odd.data[4] = (uint8_t)(odd.size - 8);
    odd.data[5] = (uint8_t)((odd.size - 8) >> 8);
    bytes_add(&odd, "behind", 6);
    struct bytes made = put(&odd, &content, false);
    assert_memory_equal(made.data + made.size - 6, "behind", 6);
    assert_memory_equal(made.data + 12, "VP8X", 4);
    assert_int_equal(made.data[20] & 0x04, 0x04);
    assert_int_equal(bytes_find(&made, "XMP ", 4) % 2, 0);
    struct bytes again = put(&made, &content, true);
    assert_same(&again, &made);
    bytes_add(&long_chunk, file.data, file.size);
    long_chunk.data[19] = 0x7f; /* the first chunk */
    assert_stays(&long_chunk, &content, false, "WebP: its chunk at byte 12");
    bytes_free(&again);
    bytes_free(&made);
    bytes_free(&long_chunk);
    bytes_free(&odd);
    bytes_free(&file);
}

/* --- any */

static void a_kind_that_cannot_hold_it_is_named(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "P6\n1 1\n255\nabc", 14);
    assert_stays(&file, &content, false, "is written into JPEG, PNG and WebP, found a PNM photo");
    bytes_free(&file);
}

static void cut_off_or_damaged_anywhere_photos_stay_or_show_the_same(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct bytes plain = photo_new(kind);
        if (plain.size == 0) continue;
        struct bytes whole = put(&plain, &content, false);
        for (size_t at = 0; at < whole.size; at += at < 100 ? 1 : 13) {
            for (int cut = 0; cut < 2; cut++) {
                struct bytes copy = {0};
                bytes_add(&copy, whole.data, cut ? at : whole.size);
                if (!cut) copy.data[at] ^= 0x80;
                struct file_bytes made;
                if (photo_metadata_put(copy.data, copy.size, &other, true, &made, NULL)) {
                    assert_true(photo_metadata_is_full(made.data, made.size, true, false));
                    file_bytes_free(&made);
                }
                bytes_free(&copy);
            }
        }
        bytes_free(&whole);
        bytes_free(&plain);
    }
}

static void md5_is_that_of_rfc_1321(void **state) {
    (void)state;
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"},
        {"abc", "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "\x57\xed\xf4\xa2\x2b\xe3\xc9\x55\xac\x49\xda\x2e\x21\x07\xb6\x7a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t digest[MD5_SIZE];
        md5((const uint8_t *)cases[i].text, strlen(cases[i].text), digest);
        assert_memory_equal(digest, cases[i].digest, MD5_SIZE);
    }
}

static void a_file_that_changed_meanwhile_is_not_replaced(void **state) {
    (void)state;
    char *folder = temporary_folder_new(), *path = file_join(folder, "a", NULL);
    struct stat old, now;
    temporary_folder_put(folder, "a", "old");
    const struct timespec times[] = {{1000, 5}, {2000, 123456789}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(lstat(path, &old), 0);
    assert_true(file_replace(path, &old, true, "newer", 5, NULL));
    assert_int_equal(lstat(path, &now), 0);
    assert_int_equal(now.st_mtim.tv_sec, 2000);
    assert_int_equal(now.st_mtim.tv_nsec, 123456789);
    assert_int_equal(now.st_mode & 0777, 0640);
    assert_int_equal(now.st_size, 5);
    caption_error error = {0};
    assert_false(file_replace(path, &old, true, "newest", 6, &error));
    assert_non_null(strstr(error.message, "another program has changed it"));
    assert_int_equal(lstat(path, &now), 0);
    assert_int_equal(now.st_size, 5);
    free(path);
    temporary_folder_free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_of_every_kind_takes_a_caption_and_shows_the_same),
        cmocka_unit_test(iptc_of_another_program_stays_and_its_description_counts),
        cmocka_unit_test(the_first_of_several_pictures_says_how_large_it_is),
        cmocka_unit_test(tags_that_begin_alike_are_one_keyword_of_iptc),
        cmocka_unit_test(iptc_of_two_encodings_takes_ascii_alone),
        cmocka_unit_test(image_resources_in_several_segments_are_one),
        cmocka_unit_test(extended_xmp_is_read_and_never_changed),
        cmocka_unit_test(what_a_change_would_break_stays_as_it_is),
        cmocka_unit_test(metadata_behind_the_list_of_further_pictures_stay),
        cmocka_unit_test(xmp_of_a_png_is_replaced_where_it_lies),
        cmocka_unit_test(xmp_of_a_png_does_not_move_pixels_away_from_their_offsets),
        cmocka_unit_test(a_webp_keeps_what_lies_behind_it_and_odd_sizes),
        cmocka_unit_test(a_kind_that_cannot_hold_it_is_named),
        cmocka_unit_test(cut_off_or_damaged_anywhere_photos_stay_or_show_the_same),
        cmocka_unit_test(md5_is_that_of_rfc_1321),
        cmocka_unit_test(a_file_that_changed_meanwhile_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
