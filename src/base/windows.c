/* See windows.h; and in place of file_writer.c and of text streams (text.c), which write through
 * what only POSIX has. */
#include <windows.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

void *windows_realloc(void *memory, size_t size) {
    enum { ALIGNMENT = 64 };
    return _aligned_realloc(memory, size > 0 ? size : 1, ALIGNMENT);
}

void *windows_calloc(size_t count, size_t size) {
    size_t bytes;
    void *memory = size_multiply(count, size, &bytes) ? malloc(bytes) : NULL;
    return memory ? memset(memory, 0, bytes) : NULL;
}

char *windows_strdup(const char *string) {
    return memory_string(string, NULL);
}

char *stpcpy(char *out, const char *string) {
    const size_t length = strlen(string);
    memcpy(out, string, length + 1);
    return out + length;
}

long sysconf(int name) {
    SYSTEM_INFO system;
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    GetSystemInfo(&system);
    if (name == _SC_NPROCESSORS_ONLN) return (long)system.dwNumberOfProcessors;
    if (name == _SC_PAGESIZE) return (long)system.dwPageSize;
    if (!GlobalMemoryStatusEx(&memory)) return -1;
    const unsigned long long pages = memory.ullTotalPhys / system.dwPageSize;
    return pages < LONG_MAX ? (long)pages : LONG_MAX;
}

ssize_t pread(int descriptor, void *out, size_t size, off_t offset) {
    const unsigned long long place = (unsigned long long)offset;
    OVERLAPPED where = {.Offset = (DWORD)place, .OffsetHigh = (DWORD)(place >> 32)};
    DWORD got = 0;
    const DWORD most = size < 1 << 30 ? (DWORD)size : 1 << 30;
    if (ReadFile((HANDLE)_get_osfhandle(descriptor), out, most, &got, &where)) return (ssize_t)got;
    if (GetLastError() == ERROR_HANDLE_EOF) return 0;
    errno = EIO;
    return -1;
}

int getentropy(void *out, size_t size) {
    unsigned char *next = out;
    for (unsigned random; size > 0; size--, next++) {
        if (rand_s(&random) != 0) return -1;
        *next = (unsigned char)random;
    }
    return 0;
}

ssize_t readlink(const char *name, char *out, size_t size) {
    (void)name;
    const DWORD length = GetModuleFileNameA(NULL, out, (DWORD)size);
    for (DWORD i = 0; i < length; i++)
        if (out[i] == '\\') out[i] = '/';
    return length > 0 ? (ssize_t)length : -1;
}

bool file_writer_open(struct file_writer *writer, const char *path, caption_error *error) {
    *writer = (struct file_writer){0};
    return error_set(error, CAPTION_ERROR_IO, "%s: a build for Windows writes no files", path);
}

bool file_writer_is_whole(const struct file_writer *writer, caption_error *error) {
    (void)writer, (void)error;
    return false;
}

bool file_writer_commit(struct file_writer *writer, caption_error *error) {
    return file_writer_is_whole(writer, error);
}

void file_writer_abandon(struct file_writer *writer) {
    (void)writer;
}

bool text_stream_open(struct text_stream *text, const char *what, caption_error *error) {
    *text = (struct text_stream){.what = what, .stream = tmpfile()};
    return text->stream || error_memory(error, what);
}

char *text_stream_close(struct text_stream *text, caption_error *error) {
    const long size = ftell(text->stream);
    char *result = size >= 0 ? memory_zeroed((size_t)size + 1, 1, text->what, error) : NULL;
    rewind(text->stream);
    text->size = result ? fread(result, 1, (size_t)size, text->stream) : 0;
    fclose(text->stream);
    text->stream = NULL;
    if (result && text->size == (size_t)size) return result;
    free(result);
    error_memory(error, text->what);
    return NULL;
}

void text_stream_abandon(struct text_stream *text) {
    if (text->stream) fclose(text->stream);
    *text = (struct text_stream){0};
}
