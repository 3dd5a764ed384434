/* What POSIX and GNU have, Windows lacks, and the library uses where it captions: included before
 * every file of a build for Windows, in which poll.h, dlfcn.h, endian.h, sys/mman.h and sys/auxv.h
 * are empty. Only src/caption.h and what it uses is built there: files are read, none is written
 * (windows.c). */
#ifndef CAPTION_BASE_WINDOWS_H
#define CAPTION_BASE_WINDOWS_H

#define _CRT_RAND_S
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Every file is opened with O_CLOEXEC: lines stay as they are. */
#define O_CLOEXEC (O_BINARY | O_NOINHERIT)
#define O_NONBLOCK 0
#define F_SETFL 4
#define ESTALE (-1) /* no error has that number */
#define S_ISLNK(mode) 0
#undef S_IWOTH
#define S_IWOTH 0 /* who may write a file is not in its mode */
#define geteuid() 0
#define lstat stat
#define fcntl(descriptor, command, flags) 0
#define mkdir(path, mode) mkdir(path)

/* Memory that is aligned is freed by a function of its own: all memory is, then. */
#define malloc(size) windows_realloc(NULL, size)
#define calloc(count, size) windows_calloc(count, size)
#define realloc(memory, size) windows_realloc(memory, size)
#define free(memory) _aligned_free(memory)
#define strdup(string) windows_strdup(string)
#define posix_memalign(out, alignment, size)                                                       \
    (*(out) = _aligned_malloc(size, alignment), *(out) ? 0 : ENOMEM)
#define MADV_HUGEPAGE 0
#define madvise(memory, size, advice) 0

/* No file is mapped: weights are packed anew. */
enum { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_POPULATE };
#define MAP_FAILED NULL
#define mmap(address, size, protection, flags, file, offset) ((void)(file), (void)(offset), NULL)
#define mprotect(memory, size, protection) (-1)
#define munmap(memory, size) ((void)(memory), (void)(size))
void *windows_realloc(void *memory, size_t size);
void *windows_calloc(size_t count, size_t size);
char *windows_strdup(const char *string);
char *stpcpy(char *out, const char *string);

/* x86 is little-endian. */
#define le16toh(number) (number)
#define le32toh(number) (number)
#define le64toh(number) (number)
#define htole16(number) (number)
#define htole32(number) (number)
#define htole64(number) (number)

enum { _SC_NPROCESSORS_ONLN, _SC_PHYS_PAGES, _SC_PAGESIZE };
long sysconf(int name);

/* A pipe is waited for without an end. */
struct pollfd {
    int fd;
    short events;
};
#define POLLIN 1
#define poll(descriptors, count, milliseconds) ((void)(descriptors), 1)

ssize_t pread(int descriptor, void *out, size_t size, off_t offset);
int getentropy(void *out, size_t size);
/* The program's own path, by whatever name it is asked for. */
ssize_t readlink(const char *name, char *out, size_t size);

/* Libraries that are loaded when they are needed are not. */
typedef struct {
    const char *dli_fname;
} Dl_info;
#define RTLD_LAZY 0
#define RTLD_NODELETE 0
#define dlopen(name, flags) ((void)(name), NULL)
#define dlsym(library, name) NULL
#define dlerror() "a build for Windows loads no libraries"
#define dladdr(address, info) ((void)(address), (info)->dli_fname = NULL, 0)

#endif
