/* Tar archives of photos and captions, hostile ones too. */
#include "dataset_fixture.h"
#include "temporary_folder.h"

#include "data/source.h"
#include "data/tar.h"
#include "image/photo.h"

enum { BLOCK = 512, LARGEST = 64 * BLOCK };

/* An archive as it is written: ustar. */
struct archive {
    char bytes[LARGEST];
    size_t size;
};

static void sum_up(char *header) {
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++) sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
}

static void add_header(struct archive *archive, const char *name, char type, size_t size) {
    char *header = archive->bytes + archive->size;
    assert_true(archive->size + BLOCK <= LARGEST);
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 8, "%07o", 0644u);
    snprintf(header + 124, 12, "%011zo", size);
    snprintf(header + 136, 12, "%011o", 0u);
    header[156] = type;
    if (type == '1' || type == '2') snprintf(header + 157, 100, "a.ppm");
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    sum_up(header);
    archive->size += BLOCK;
}

static void add(struct archive *archive, const char *name, const char *content) {
    const size_t size = strlen(content);
    add_header(archive, name, '0', size);
    assert_true(size <= BLOCK && archive->size + BLOCK <= LARGEST);
    memcpy(archive->bytes + archive->size, content, size);
    archive->size += size > 0 ? BLOCK : 0;
}

static void put(const struct archive *archive, const char *folder, const char *name, size_t size) {
    char *path = file_join(folder, name, NULL);
    assert_non_null(path);
    temporary_file_write(path, archive->bytes, size);
    free(path);
}

static struct archive *archive_new(void) {
    struct archive *archive = calloc(1, sizeof *archive);
    assert_non_null(archive);
    return archive;
}

static bool read_archive(const char *folder, const char *name, struct dataset *dataset,
                         caption_error *error) {
    char *path = name ? file_join(folder, name, NULL) : strdup(folder);
    assert_non_null(path);
    const bool ok = dataset_read(dataset, path, NULL, error);
    free(path);
    return ok;
}

/* Frees what a test made. */
static void clear(struct dataset *dataset, char *folder, struct archive *archive) {
    if (dataset) dataset_free(dataset);
    temporary_folder_free(folder);
    free(archive);
}

#ifdef CAPTION_WITH_ARCHIVE

static void members_are_photos_with_their_captions(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add_header(archive, "./", '5', 0);
    add(archive, "./b.txt", "A cat.\n\nIt sleeps.\n");
    add(archive, "./a.ppm", temporary_photo);
    add(archive, "./a.json", "{\"caption\": \"A dog.\", \"width\": 1}");
    add(archive, "./b", temporary_photo); /* by its content */
    add(archive, "./c.jpg", "no photo");
    add(archive, "./c.cls", "7");
    add(archive, "./.d.txt", "hidden");
    archive->size += (size_t)2 * BLOCK;
    char *folder = temporary_folder_new();
    put(archive, folder, "x", archive->size);
    struct dataset dataset;
    caption_error error;
    if (!read_archive(folder, "x", &dataset, &error)) fail_msg("%s", error.message);
    assert_sound(&dataset);
    assert_string_equal(dataset.format, "tar shards of WebDataset");
    assert_int_equal(dataset.photo_count, 2);
    assert_photo(&dataset, 0, "a.ppm", "a.ppm", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_photo(&dataset, 1, "b", "b", 2);
    assert_caption(&dataset, 1, 1, "it sleeps");
    assert_int_equal(dataset.without_text, 1);
    const struct photo_file photo = dataset_photo_file(&dataset.photos[0]);
    struct file_bytes bytes;
    assert_true(photo_file_read(&photo, &bytes, NULL));
    assert_int_equal(bytes.size, sizeof temporary_photo - 1);
    assert_memory_equal(bytes.data, temporary_photo, bytes.size);
    file_bytes_free(&bytes);
    assert_true(photo_decodes(&photo, NULL));
    clear(&dataset, folder, archive);
}

static void a_folder_of_archives_is_one_data_set(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add(archive, "0.ppm", temporary_photo);
    add(archive, "0.txt", "a dog");
    char *folder = temporary_folder_new();
    put(archive, folder, "00000.tar", archive->size);
    put(archive, folder, "00001.tar", archive->size);
    temporary_folder_put(folder, "00000_stats.json", "{}");
    struct dataset dataset;
    caption_error error;
    if (!read_archive(folder, NULL, &dataset, &error)) fail_msg("%s", error.message);
    assert_int_equal(dataset.photo_count, 2);
    assert_photo(&dataset, 0, "00000.tar/0.ppm", "00000.tar/0.ppm", 1);
    assert_photo(&dataset, 1, "00001.tar/0.ppm", "00001.tar/0.ppm", 1);
    assert_string_equal(dataset.photos[0].member, "0.ppm");
    dataset_free(&dataset);
    temporary_folder_put(folder, "a.ppm", temporary_photo);
    temporary_folder_put(folder, "a.txt", "of the folder");
    assert_true(read_archive(folder, NULL, &dataset, NULL));
    assert_photo(&dataset, 0, "a.ppm", "a.ppm", 1);
    clear(&dataset, folder, archive);
}

static void hostile_members_are_names_and_bytes_of_the_archive(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add(archive, "../../up.ppm", temporary_photo);
    add(archive, "../../up.txt", "a dog");
    add(archive, "/etc/root.ppm", temporary_photo);
    add(archive, "/etc/root.txt", "a cat");
    static const char types[] = "123467"; /* links, devices, pipes; 7 is a plain file */
    for (const char *type = types; *type; type++) add_header(archive, "a.ppm", *type, 0);
    add(archive, "twice.ppm", "the old one");
    add(archive, "twice.ppm", temporary_photo);
    add(archive, "twice.txt", "a bird");
    char *folder = temporary_folder_new();
    put(archive, folder, "x", archive->size);
    struct dataset dataset;
    caption_error error;
    if (!read_archive(folder, "x", &dataset, &error)) fail_msg("%s", error.message);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "../../up.ppm", "../../up.ppm", 1);
    assert_photo(&dataset, 1, "/etc/root.ppm", "/etc/root.ppm", 1);
    char *path = file_join(folder, "x", NULL);
    for (size_t i = 0; i < 3; i++) {
        const struct photo_file photo = dataset_photo_file(&dataset.photos[i]);
        assert_string_equal(photo.path, path);
        assert_true(photo_decodes(&photo, NULL));
    }
    free(path);
    assert_int_equal(dataset.not_plain, 5);
    clear(&dataset, folder, archive);
}

static void truncated_and_boasting_archives_are_refused(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add(archive, "a.ppm", temporary_photo);
    add(archive, "a.txt", "a dog");
    char *folder = temporary_folder_new();
    struct dataset dataset;
    caption_error error = {0};
    put(archive, folder, "x", archive->size - BLOCK - 1);
    assert_false(read_archive(folder, "x", &dataset, &error));
    assert_message_has(&error, "cannot read the tar archive: Truncated");
    static const size_t sizes[] = {(size_t)BLOCK + 1, (size_t)1 << 20, (size_t)077777777777};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct archive *large = archive_new();
        add_header(large, "a.ppm", '0', sizes[i]);
        put(large, folder, "x", large->size + BLOCK);
        assert_false(read_archive(folder, "x", &dataset, &error));
        assert_message_has(&error, "truncated tar archive: it ends before the end of a.ppm");
        free(large);
    }
    archive->bytes[archive->size - 2 * BLOCK + 150] ^= 1; /* the sum of the text's header */
    put(archive, folder, "x", archive->size + (size_t)2 * BLOCK);
    assert_false(read_archive(folder, "x", &dataset, &error));
    assert_message_has(&error, "cannot read the tar archive: Damaged");
    archive->size = 0;
    memset(archive->bytes, 0, sizeof archive->bytes);
    add(archive, "readme.md", "no photo");
    put(archive, folder, "x", archive->size);
    assert_false(read_archive(folder, "x", &dataset, &error));
    assert_message_has(&error, "expected photos with captions beside them");
    clear(NULL, folder, archive);
}

/* Reads a stream to its end or its error: its members' names, each with a space behind it. */
static bool read_stream(const char *folder, char *names, size_t size, caption_error *error) {
    char *path = file_join(folder, "x", NULL);
    struct tar_stream *stream = tar_stream_open(path, NULL, error);
    free(path);
    names[0] = '\0';
    bool ok = stream != NULL;
    for (const char *name = ""; ok && name;) {
        size_t member;
        ok = tar_stream_next(stream, &name, &member, error);
        if (!ok || !name) break;
        snprintf(names + strlen(names), size - strlen(names), "%s ", name);
        char byte;
        size_t got;
        ok = tar_stream_read(stream, &byte, 1, &got, error);
        if (ok) assert_int_equal(got, member > 0);
    }
    tar_stream_free(stream);
    return ok;
}

static void a_stream_gives_the_files_in_their_order_up_to_where_it_is_cut_short(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add_header(archive, "./", '5', 0);
    add(archive, "./b.ppm", temporary_photo);
    add_header(archive, "link.ppm", '2', 0);
    add(archive, "empty", "");
    add(archive, ".hidden", "x");
    add(archive, "../a.txt", "a dog");
    char *folder = temporary_folder_new(), names[256];
    caption_error error = {0};
    put(archive, folder, "x", archive->size + (size_t)2 * BLOCK);
    if (!read_stream(folder, names, sizeof names, &error)) fail_msg("%s", error.message);
    assert_string_equal(names, "b.ppm empty ../a.txt ");
    static const size_t missing[] = {0, 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        put(archive, folder, "x", archive->size - missing[i]);
        assert_false(read_stream(folder, names, sizeof names, &error));
        assert_message_has(&error, "cut short after");
        assert_memory_equal(names, "b.ppm empty ", 12);
    }
    archive->bytes[3 * BLOCK + 150] ^= 1; /* the sum of the link's header */
    put(archive, folder, "x", archive->size + (size_t)2 * BLOCK);
    assert_false(read_stream(folder, names, sizeof names, &error));
    assert_message_has(&error, "members: Damaged tar archive");
    assert_string_equal(names, "b.ppm ");
    temporary_folder_put(folder, "x", "no archive at all");
    assert_false(read_stream(folder, names, sizeof names, &error));
    clear(NULL, folder, archive);
}

#else

static void archives_are_refused_without_libarchive(void **state) {
    (void)state;
    struct archive *archive = archive_new();
    add(archive, "a.ppm", temporary_photo);
    char *folder = temporary_folder_new();
    put(archive, folder, "x", archive->size);
    struct dataset dataset;
    caption_error error = {0};
    assert_false(read_archive(folder, "x", &dataset, &error));
    assert_message_has(&error, "built without libarchive");
    clear(NULL, folder, archive);
}

#endif

static void other_containers_are_named_with_the_way_out(void **state) {
    (void)state;
    assert_refused("PAR1 and more", "is a Parquet file, which is not read: python3 -c");
    assert_refused("ARROW1 and more", "is an Arrow file");
    assert_refused("\x1F\x8B\x08 and more", "gunzip it first");
    assert_refused("\x28\xB5\x2F\xFD and more", "unzstd it first");
    assert_refused("PK\3\4 and more", "is a zip archive: unzip it");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#ifdef CAPTION_WITH_ARCHIVE
        cmocka_unit_test(members_are_photos_with_their_captions),
        cmocka_unit_test(a_folder_of_archives_is_one_data_set),
        cmocka_unit_test(hostile_members_are_names_and_bytes_of_the_archive),
        cmocka_unit_test(truncated_and_boasting_archives_are_refused),
        cmocka_unit_test(a_stream_gives_the_files_in_their_order_up_to_where_it_is_cut_short),
#else
        cmocka_unit_test(archives_are_refused_without_libarchive),
#endif
        cmocka_unit_test(other_containers_are_named_with_the_way_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
