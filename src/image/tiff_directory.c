#include "image/tiff_directory.h"

#include "base/bytes.h"

enum { BIG_TIFF = 43 };

static uint32_t read_16(const struct tiff_file *file, const uint8_t *bytes) {
    return file->big_endian ? bytes_big_16(bytes) : bytes_little_16(bytes);
}

static uint32_t read_32(const struct tiff_file *file, const uint8_t *bytes) {
    return file->big_endian ? bytes_big_32(bytes) : bytes_little_32(bytes);
}

static uint64_t read_64(const struct tiff_file *file, const uint8_t *bytes) {
    const uint64_t first = read_32(file, bytes), second = read_32(file, bytes + 4);
    return file->big_endian ? first << 32 | second : second << 32 | first;
}

/* A count or an offset: as wide as the file's. */
static uint64_t read_wide(const struct tiff_file *file, const uint8_t *bytes) {
    return file->large ? read_64(file, bytes) : read_32(file, bytes);
}

bool tiff_file_read(const uint8_t *bytes, size_t size, struct tiff_file *file) {
    enum { header = 16 };
    if (size < header || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M')) return false;
    *file = (struct tiff_file){.bytes = bytes, .size = size, .big_endian = bytes[0] == 'M'};
    file->large = read_16(file, bytes + 2) == BIG_TIFF;
    file->first = read_wide(file, bytes + (file->large ? 8 : 4));
    return true;
}

bool tiff_directory_read(const struct tiff_file *file, uint64_t at,
                         struct tiff_directory *directory) {
    const size_t count_size = file->large ? 8 : 2, entry_size = file->large ? 20 : 12;
    *directory = (struct tiff_directory){0};
    if (at > file->size || file->size - (size_t)at < count_size) return false;
    const uint8_t *start = file->bytes + at;
    const uint64_t count = file->large ? read_64(file, start) : read_16(file, start);
    const size_t left = file->size - (size_t)at - count_size;
    directory->entries = start + count_size;
    directory->complete = count <= left / entry_size;
    directory->count = directory->complete ? (size_t)count : left / entry_size;
    const size_t used = directory->count * entry_size;
    if (directory->complete && left - used >= (file->large ? 8 : 4))
        directory->next = read_wide(file, directory->entries + used);
    return true;
}

static size_t type_size(unsigned type) {
    static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

struct tiff_entry tiff_entry_at(const struct tiff_file *file,
                                const struct tiff_directory *directory, size_t i) {
    const size_t entry_size = file->large ? 20 : 12, value_size = file->large ? 8 : 4;
    const uint8_t *bytes = directory->entries + i * entry_size;
    struct tiff_entry entry = {.tag = read_16(file, bytes), .type = read_16(file, bytes + 2)};
    entry.count = read_wide(file, bytes + 4);
    const size_t size = type_size(entry.type);
    if (size == 0 || entry.count == 0 || entry.count > file->size / size) return entry;
    entry.size = (size_t)entry.count * size;
    const uint8_t *value = bytes + entry_size - value_size;
    if (entry.size <= value_size) {
        entry.data = value;
        return entry;
    }
    const uint64_t at = read_wide(file, value);
    if (at <= file->size && entry.size <= file->size - (size_t)at) entry.data = file->bytes + at;
    return entry;
}

struct tiff_entry tiff_entry_find(const struct tiff_file *file,
                                  const struct tiff_directory *directory, unsigned tag) {
    for (size_t i = 0; i < directory->count; i++) {
        const struct tiff_entry entry = tiff_entry_at(file, directory, i);
        if (entry.tag == tag) return entry;
    }
    return (struct tiff_entry){0};
}

uint64_t tiff_number(const struct tiff_file *file, const struct tiff_entry *entry, uint64_t i) {
    const size_t size = type_size(entry->type);
    if (!entry->data || i >= entry->count) return 0;
    const uint8_t *value = entry->data + i * size;
    switch (size) {
    case 1:
        return *value;
    case 2:
        return read_16(file, value);
    case 4:
        return read_32(file, value);
    default:
        return read_64(file, value);
    }
}
