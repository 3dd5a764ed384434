/* Preloaded, is a decoder of JPEG that a photo has taken over: before it decodes, it tries to open
 * $ESCAPE_FILE for reading and writing, to make a connection and to start a program, and prints
 * what it could do. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

extern char **environ;

static void try_to_open(const char *path, int flags, const char *what) {
    const int file = open(path, flags);
    fprintf(stderr, "escape: %s %s\n", what, file >= 0 ? "done" : "refused");
    if (file >= 0) close(file);
}

static void try_all(void) {
    const char *path = getenv("ESCAPE_FILE");
    if (path) {
        try_to_open(path, O_RDONLY, "read");
        try_to_open(path, O_WRONLY, "write");
        try_to_open(path, O_RDONLY | O_TRUNC, "empty");
        fprintf(stderr, "escape: truncate %s\n", truncate(path, 0) == 0 ? "done" : "refused");
    }
    fprintf(stderr, "escape: connect %s\n",
            socket(AF_INET, SOCK_STREAM, 0) >= 0 ? "done" : "refused");
    char letter = 'x';
    fprintf(stderr, "escape: type %s\n",
            ioctl(STDIN_FILENO, TIOCSTI, &letter) != 0 && errno == EPERM ? "refused" : "done");
    char *const arguments[] = {"/bin/true", NULL};
    pid_t process;
    fprintf(stderr, "escape: start %s\n",
            posix_spawn(&process, arguments[0], NULL, NULL, arguments, environ) == 0 ? "done"
                                                                                     : "refused");
}

int jpeg_read_header(void *jpeg, int require_image);
int jpeg_read_header(void *jpeg, int require_image) {
    int (*next)(void *, int);
    *(void **)&next = dlsym(RTLD_NEXT, "jpeg_read_header");
    try_all();
    return next(jpeg, require_image);
}
