#include "cli/key_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Milliseconds within which the bytes of one key come. */
enum { KEY_PAUSE = 30 };

/* A signal handler has nothing else to know the terminal by. */
static struct termios before, with_keys;

static const int ends[] = {SIGINT, SIGTERM, SIGHUP,  SIGQUIT, SIGABRT, SIGSEGV, SIGBUS,
                           SIGFPE, SIGILL,  SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2, SIGTSTP};

static void give_back(int number);

/* Handlers last for one signal, so that the handler can raise the same again and mean it. */
static void listen_for(int number) {
    struct sigaction action = {.sa_handler = give_back};
    action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    struct sigaction present;
    if (sigaction(number, NULL, &present) == 0 && present.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

/* Only what a signal handler may call. It returns after SIGTSTP alone, when the program goes on. */
static void give_back(int number) {
    const int kept = errno;
    static const char clear[] = "\r\033[J";
    const ssize_t written = write(STDERR_FILENO, clear, sizeof clear - 1);
    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    raise(number);
    tcsetattr(STDIN_FILENO, TCSANOW, &with_keys);
    listen_for(number);
    errno = kept;
}

static void note_size(int number) {
    (void)number;
}

bool key_terminal_open(caption_error *error) {
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--interactive: expected a terminal as standard input and standard error");
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return error_set(error, CAPTION_ERROR_IO, "the terminal: %s", strerror(errno));
    with_keys = before;
    with_keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    with_keys.c_cc[VMIN] = 1;
    with_keys.c_cc[VTIME] = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) listen_for(ends[i]);
    struct sigaction resized = {.sa_handler = note_size}; /* read() returns with EINTR */
    sigemptyset(&resized.sa_mask);
    sigaction(SIGWINCH, &resized, NULL);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &with_keys) == 0) return true;
    return error_set(error, CAPTION_ERROR_IO, "the terminal: %s", strerror(errno));
}

void key_terminal_close(void) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction present;
        if (sigaction(ends[i], NULL, &present) == 0 && present.sa_handler == give_back)
            signal(ends[i], SIG_DFL);
    }
    signal(SIGWINCH, SIG_DFL);
}

int key_terminal_read(void) {
    unsigned char byte;
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got == 1) return byte;
    return got < 0 && errno == EINTR ? KEY_TERMINAL_CHANGED : KEY_TERMINAL_END;
}

static bool comes_at_once(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, KEY_PAUSE) == 1;
}

/* ESC [ parameters letter, ESC O letter, or ESC and a character. */
void key_terminal_skip_sequence(void) {
    if (!comes_at_once()) return;
    int byte = key_terminal_read();
    if (byte != '[' && byte != 'O') return;
    do {
        if (!comes_at_once()) return;
        byte = key_terminal_read();
    } while (byte >= ' ' && byte < '@');
}

size_t key_terminal_width(void) {
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    return 80;
}
