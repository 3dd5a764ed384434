#include "base/sandbox.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_CALLS 0x40000000U /* the same processor's calls with pointers of 32 bits */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define X32_CALLS 0xffffffffU
#endif

#if defined(ARCHITECTURE) && __has_include(<linux/landlock.h>)

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* Landlock's right since its version 3, for headers that are older. */
#define TRUNCATE (UINT64_C(1) << 14)
enum { TRUNCATE_VERSION = 3 };

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

/* The folder of a library that is loaded: what is loaded later may lie beside it, as all of a Conda
 * prefix does. */
static int allow_folder_of(struct dl_phdr_info *library, size_t size, void *context) {
    const char *slash = strrchr(library->dlpi_name, '/');
    (void)size;
    char *folder =
        slash ? strndup(library->dlpi_name, (size_t)(slash + 1 - library->dlpi_name)) : NULL;
    if (folder && strncmp(folder, "/lib/", 5) != 0 && strncmp(folder, "/usr/lib/", 9) != 0)
        sandbox_allow(context, folder, SANDBOX_READ);
    free(folder);
    return 0;
}

/* The folders that a configuration of the dynamic loader lists, ldconfig(8). */
static void allow_configured(struct sandbox *sandbox, const char *path) {
    char line[4096];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, " \t\n#")] = '\0';
        if (line[0] == '/') sandbox_allow(sandbox, line, SANDBOX_READ);
    }
    if (file) fclose(file);
}

/* Without glob(3): the C library's frees memory twice where memory is short. */
static void allow_configurations(struct sandbox *sandbox) {
    static const char folder[] = "/etc/ld.so.conf.d";
    struct names names = {0};
    allow_configured(sandbox, "/etc/ld.so.conf");
    if (names_read(&names, folder, NULL)) {
        for (size_t i = 0; i < names.count; i++) {
            char *path = file_join(folder, names.names[i], NULL);
            if (path) allow_configured(sandbox, path);
            free(path);
        }
    }
    names_free(&names);
}

/* Folders that an environment variable lists; NULL: none. */
static void allow_list(struct sandbox *sandbox, const char *list) {
    char *copy = list ? strdup(list) : NULL, *rest = NULL;
    for (char *place = copy ? strtok_r(copy, ":;", &rest) : NULL; place;
         place = strtok_r(NULL, ":;", &rest))
        sandbox_allow(sandbox, place, SANDBOX_READ);
    free(copy);
}

static void allow_libraries(struct sandbox *sandbox) {
    static const char *const places[] = {
        "/usr/lib",         "/usr/lib32",          "/usr/lib64", "/usr/local/lib",
        "/usr/libexec",     "/usr/share",          "/lib",       "/lib64",
        "/etc/ld.so.cache", "/etc/localtime",      "/proc/self", "/proc/cpuinfo",
        "/proc/meminfo",    "/sys/devices/system", "/nix/store", "/gnu/store"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        sandbox_allow(sandbox, places[i], SANDBOX_READ);
    allow_list(sandbox, "/dev/null:/dev/random:/dev/urandom");
    allow_list(sandbox, getenv("LD_LIBRARY_PATH"));
    allow_list(sandbox, getenv("LIBHEIF_PLUGIN_PATH"));
    allow_configurations(sandbox);
    dl_iterate_phdr(allow_folder_of, sandbox);
}

bool sandbox_open(struct sandbox *sandbox, caption_error *error) {
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    sandbox->truncate = version >= TRUNCATE_VERSION ? TRUNCATE : 0;
    const struct landlock_ruleset_attr handled = {.handled_access_fs = ALL | sandbox->truncate};
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
        if (access == SANDBOX_WRITE) allowed |= (folder ? WRITE : WRITE_FILE) | sandbox->truncate;
        const struct landlock_path_beneath_attr rule = {.allowed_access = allowed,
                                                        .parent_fd = file};
        (void)!syscall(SYS_landlock_add_rule, sandbox->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(file);
}

/* What a captioner never calls: connections, other programs and processes, the system's set-up. */
static const unsigned calls[] = {SYS_truncate,
                                 SYS_socket,
                                 SYS_socketpair,
                                 SYS_connect,
                                 SYS_bind,
                                 SYS_listen,
                                 SYS_execve,
                                 SYS_execveat,
                                 SYS_ptrace,
                                 SYS_process_vm_readv,
                                 SYS_process_vm_writev,
                                 SYS_pidfd_open,
                                 SYS_pidfd_getfd,
                                 SYS_kill,
                                 SYS_tkill,
                                 SYS_mount,
                                 SYS_umount2,
                                 SYS_chroot,
                                 SYS_pivot_root,
                                 SYS_unshare,
                                 SYS_setns,
                                 SYS_bpf,
                                 SYS_perf_event_open,
                                 SYS_io_uring_setup,
                                 SYS_add_key,
                                 SYS_request_key,
                                 SYS_keyctl,
                                 SYS_userfaultfd,
                                 SYS_init_module,
                                 SYS_finit_module,
                                 SYS_kexec_load};
enum { CALLS = sizeof calls / sizeof *calls };

/* A filter of these calls and of those of other architectures (Linux, Documentation/userspace-api/
 * seccomp_filter.rst). Written out: libseccomp ends the program where memory is short. */
static bool forbid_calls(void) {
    struct sock_filter filter[CALLS + 10] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, CALLS + 7),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, CALLS + 5, 0)};
    size_t count = 4;
    for (size_t i = 0; i < CALLS; i++)
        filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
                                                       (uint8_t)(CALLS + 4 - i), 0);
    /* Nor does it type commands into the user's terminal. */
    filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                   offsetof(struct seccomp_data, args[1]));
    filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 2, 0);
    filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 1, 0);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    const struct sock_fprog program = {(unsigned short)count, filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
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
                     "sandbox: expected Linux 5.13 or later, on x86-64 or arm64 "
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
