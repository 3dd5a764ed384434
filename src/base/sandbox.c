#include "base/sandbox.h"

#if defined(CAPTION_WITH_SECCOMP) && __has_include(<linux/landlock.h>)

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights of files; those of folders come on top. */
enum {
    READ_FILE = LANDLOCK_ACCESS_FS_READ_FILE,
    READ = READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE_FILE = LANDLOCK_ACCESS_FS_WRITE_FILE,
    WRITE = WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_DIR,
    ALL = READ | WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
          LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
          LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM
};

static bool fail(const char *what, caption_error *error) {
    return error_set(error, CAPTION_ERROR_SYSTEM,
                     "sandbox: expected %s of the kernel: %s (--sandbox off does without)", what,
                     strerror(errno));
}

static void allow_libraries(struct sandbox *sandbox) {
    static const char *const places[] = {
        "/usr/lib",         "/usr/lib32",     "/usr/lib64",    "/usr/local/lib",
        "/usr/libexec",     "/usr/share",     "/lib",          "/lib64",
        "/etc/ld.so.cache", "/etc/localtime", "/dev/null",     "/dev/urandom",
        "/proc/self",       "/proc/cpuinfo",  "/proc/meminfo", "/sys/devices/system"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        sandbox_allow(sandbox, places[i], SANDBOX_READ);
    const char *list = getenv("LD_LIBRARY_PATH");
    char *copy = list ? strdup(list) : NULL, *rest = NULL;
    for (char *place = copy ? strtok_r(copy, ":", &rest) : NULL; place;
         place = strtok_r(NULL, ":", &rest))
        sandbox_allow(sandbox, place, SANDBOX_READ);
    free(copy);
}

bool sandbox_open(struct sandbox *sandbox, caption_error *error) {
    const struct landlock_ruleset_attr handled = {.handled_access_fs = ALL};
    sandbox->rules =
        (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0);
    if (sandbox->rules < 0) return fail("Landlock", error);
    allow_libraries(sandbox);
    return true;
}

void sandbox_allow(struct sandbox *sandbox, const char *path, enum sandbox_access access) {
    const int file = open(path, O_PATH | O_CLOEXEC);
    struct stat status;
    if (file < 0) return;
    if (fstat(file, &status) == 0) {
        const bool folder = S_ISDIR(status.st_mode);
        uint64_t allowed = folder ? READ : READ_FILE;
        if (access == SANDBOX_WRITE) allowed |= folder ? WRITE : WRITE_FILE;
        const struct landlock_path_beneath_attr rule = {.allowed_access = allowed,
                                                        .parent_fd = file};
        (void)!syscall(SYS_landlock_add_rule, sandbox->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(file);
}

/* What a captioner never calls: connections, other programs and processes, the system's set-up. */
static bool forbid_calls(void) {
    static const int calls[] = {SCMP_SYS(truncate),
                                SCMP_SYS(socket),
                                SCMP_SYS(socketpair),
                                SCMP_SYS(connect),
                                SCMP_SYS(bind),
                                SCMP_SYS(listen),
                                SCMP_SYS(execve),
                                SCMP_SYS(execveat),
                                SCMP_SYS(ptrace),
                                SCMP_SYS(process_vm_readv),
                                SCMP_SYS(process_vm_writev),
                                SCMP_SYS(pidfd_open),
                                SCMP_SYS(pidfd_getfd),
                                SCMP_SYS(kill),
                                SCMP_SYS(tkill),
                                SCMP_SYS(mount),
                                SCMP_SYS(umount2),
                                SCMP_SYS(chroot),
                                SCMP_SYS(pivot_root),
                                SCMP_SYS(unshare),
                                SCMP_SYS(setns),
                                SCMP_SYS(bpf),
                                SCMP_SYS(perf_event_open),
                                SCMP_SYS(io_uring_setup),
                                SCMP_SYS(add_key),
                                SCMP_SYS(request_key),
                                SCMP_SYS(keyctl),
                                SCMP_SYS(userfaultfd),
                                SCMP_SYS(init_module),
                                SCMP_SYS(finit_module),
                                SCMP_SYS(kexec_load)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = filter != NULL;
    for (size_t i = 0; ok && i < sizeof calls / sizeof *calls; i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) == 0;
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

bool sandbox_enter(struct sandbox *sandbox, caption_error *error) {
    bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || fail("no new privileges", error);
    if (ok)
        ok = syscall(SYS_landlock_restrict_self, sandbox->rules, 0) == 0 || fail("Landlock", error);
    close(sandbox->rules);
    return ok && (forbid_calls() || fail("seccomp", error));
}

#else

bool sandbox_open(struct sandbox *sandbox, caption_error *error) {
    (void)sandbox;
    return error_set(error, CAPTION_ERROR_SYSTEM,
                     "sandbox: expected a build with libseccomp and the headers of Linux 5.13 "
                     "(--sandbox off does without)");
}

void sandbox_allow(struct sandbox *sandbox, const char *path, enum sandbox_access access) {
    (void)sandbox;
    (void)path;
    (void)access;
}

bool sandbox_enter(struct sandbox *sandbox, caption_error *error) {
    return sandbox_open(sandbox, error);
}

#endif
