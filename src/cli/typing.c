#include "cli/typing.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <termios.h>

#include "base/terminal.h"
#include "base/text_stream.h"
#include "text/tokenizer.h"

enum {
    CTRL_D = 4,
    CTRL_H = 8,
    TAB = 9,
    ENTER = '\n',
    CTRL_U = 21,
    CTRL_W = 23,
    ESC = 27,
    RUBOUT = 127
};

static void add(struct typing *typing, const char *bytes, size_t count) {
    const size_t length = strlen(typing->text);
    if (count > TYPING_LONGEST - length) return;
    memcpy(typing->text + length, bytes, count);
    typing->text[length + count] = '\0';
}

/* Takes back the last character, all of its bytes. */
static void rub_out(char *text) {
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
    text[length > 0 ? length - 1 : 0] = '\0';
}

static void rub_out_word(char *text) {
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') length--;
    while (length > 0 && text[length - 1] != ' ') length--;
    text[length] = '\0';
}

/* The word takes the place of what was typed of it; the end of the sentence ends it. */
static void take(struct typing *typing, const caption_words *words) {
    if (words->count == 0) return;
    const char *word = words->words[0].text;
    char *text = typing->text;
    size_t length = strlen(text);
    if (strcmp(word, ".") == 0) {
        typing->over = true;
        return;
    }
    if (length - words->begun + strlen(word) + 2 > TYPING_LONGEST) return;
    text[length - words->begun] = '\0';
    length = strlen(text);
    if (length > 0 && text[length - 1] != ' ' && words->begun == 0) add(typing, " ", 1);
    add(typing, word, strlen(word));
    add(typing, " ", 1);
    sentence_attach_possessives(text);
}

void typing_key(struct typing *typing, int key, const caption_words *words) {
    const char byte = (char)key;
    if (key == TAB)
        take(typing, words);
    else if (key == CTRL_H || key == RUBOUT)
        rub_out(typing->text);
    else if (key == CTRL_W)
        rub_out_word(typing->text);
    else if (key == CTRL_U)
        typing->text[0] = '\0';
    else if (key == ENTER || key == CTRL_D || key == KEY_TERMINAL_END)
        typing->over = true;
    else if (key >= ' ')
        add(typing, &byte, 1);
}

/* Characters of the text, about as many as it has columns. */
static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* What is left of the text when its beginning is cut until it fits. */
static const char *end_of(const char *text, size_t columns) {
    for (size_t count = characters(text); count > columns; count--) do
            text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
    return text;
}

/* The text, the suggestions in a line below, and the cursor behind the text again. */
static bool draw(const struct typing *typing, const caption_words *words, caption_error *error) {
    struct text_stream screen;
    if (!text_stream_open(&screen, "the screen", error)) return false;
    const size_t width = key_terminal_width();
    const char *shown = end_of(typing->text, width - 1);
    fputs("\r\033[J", screen.stream);
    plain_text_write_line(screen.stream, shown);
    fputs("\n", screen.stream);
    size_t column = 0;
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->words[i].text;
        const size_t more = characters(word) + 7;
        if (column + more >= width) break;
        plain_text_write_line(screen.stream, word);
        fprintf(screen.stream, " %2.0f%%   ", 100 * exp(words->words[i].logprob));
        column += more;
    }
    fputs("\033[1A\r", screen.stream);
    if (*shown) fprintf(screen.stream, "\033[%zuC", characters(shown));
    char *drawn = text_stream_close(&screen, error);
    if (drawn) fputs(drawn, stderr);
    free(drawn);
    return drawn != NULL;
}

static bool type_on(struct typing *typing, caption_error *error) {
    caption_words words;
    if (!caption_session_suggest(typing->session, typing->text, typing->suggestions, &words, error))
        return false;
    const bool drawn = draw(typing, &words, error);
    if (drawn) {
        const int key = key_terminal_read();
        if (key == ESC)
            key_terminal_skip_sequence();
        else
            typing_key(typing, key, &words);
    }
    caption_words_free(&words);
    return drawn;
}

bool typing_run(struct typing *typing, caption_error *error) {
    if (!key_terminal_open(error)) return false;
    bool done = true;
    while (done && !typing->over) done = type_on(typing, error);
    fputs("\r\033[J", stderr);
    key_terminal_close();
    return done;
}

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
