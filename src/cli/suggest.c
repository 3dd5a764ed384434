/* caption suggest [PHOTO] TEXT: the words that are likely to come next. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "caption.h"
#include "cli/command.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "data/table.h"
#include "decode/decode.h"
#include "report/caption_table.h"
#include "text/tokenizer.h"

enum { TYPING_LONGEST = 1024 };

/* A text of up to TYPING_LONGEST bytes. */
struct typing {
    caption_session *session;
    size_t suggestions; /* words shown at most */
    char text[TYPING_LONGEST + 1];
    bool over; /* the sentence was ended, with Enter, Ctrl-D or the end of input */
};

/* A terminal that hands over keys as they are typed and echoes none. Every way out of the program
 * but SIGKILL leaves it as it was: the end, Ctrl-C, other signals, a crash; Ctrl-Z too, until the
 * program goes on. */

/* What key_terminal_read may return besides a byte. */
enum { KEY_TERMINAL_END = -1, KEY_TERMINAL_CHANGED = -2 };

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

/* Takes the terminal of standard input over. False with `error` set where standard input or
 * standard error is none. */
static bool key_terminal_open(caption_error *error) {
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

/* Gives it back. */
static void key_terminal_close(void) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction present;
        if (sigaction(ends[i], NULL, &present) == 0 && present.sa_handler == give_back)
            signal(ends[i], SIG_DFL);
    }
    signal(SIGWINCH, SIG_DFL);
}

/* Waits for a byte of a key. KEY_TERMINAL_END: no more come; KEY_TERMINAL_CHANGED: the screen must
 * be drawn again, for the window has another size or the program was stopped meanwhile. */
static int key_terminal_read(void) {
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
static void key_terminal_skip_sequence(void) {
    if (!comes_at_once()) return;
    int byte = key_terminal_read();
    if (byte != '[' && byte != 'O') return;
    do {
        if (!comes_at_once()) return;
        byte = key_terminal_read();
    } while (byte >= ' ' && byte < '@');
}

/* Columns of the window. */
static size_t key_terminal_width(void) {
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    return 80;
}

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

/* What a key (a byte) does to the text, given what is suggested. */
static void typing_key(struct typing *typing, int key, const caption_words *words) {
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

/* Lets a sentence be typed that begins with typing->text: Tab takes the first suggestion, Enter
 * ends the sentence, Ctrl-W takes back a word, Ctrl-U all. What is typed and suggested is shown on
 * standard error. False with `error` set where there is no terminal or memory is short. */
static bool typing_run(struct typing *typing, caption_error *error) {
    if (!key_terminal_open(error)) return false;
    bool done = true;
    while (done && !typing->over) done = type_on(typing, error);
    fputs("\r\033[J", stderr);
    key_terminal_close();
    return done;
}

static const char name[] = "caption suggest";

static const size_t largest_file = (size_t)1 << 30;

enum { ROWS = 12 };

struct suggest_options {
    struct decoding_options *decoding;
    const char *photo, *text; /* NULL: none is given */
    size_t most;
    bool most_given;
    bool complete, interactive, json_lines;
    const char *score; /* file of sentences; NULL: none */
    const char *sandbox;
    struct options_row rows[ROWS];
};

/* An open model with a session, and what is asked of it. */
struct suggesting {
    const struct suggest_options *options;
    caption_model *model;
    caption_captioner *captioner;
    caption_session *session;
};

static void suggesting_close(struct suggesting *s) {
    caption_session_free(s->session);
    caption_captioner_free(s->captioner);
    caption_model_close(s->model);
}

static bool enter_sandbox(const struct suggest_options *options, caption_error *error) {
    struct run_sandbox sandbox;
    if (!run_sandbox_open(&sandbox, options->sandbox, error)) return false;
    run_sandbox_read(&sandbox, options->photo);
    run_sandbox_read(&sandbox, options->score);
    return run_sandbox_enter(&sandbox, error);
}

static bool suggesting_open(struct suggesting *s, const struct suggest_options *options,
                            caption_error *error) {
    const char *photo = options->photo;
    *s = (struct suggesting){.options = options};
    if (photo && strcmp(photo, "-") == 0) photo = "/dev/stdin";
    return (s->model = caption_model_open(options->decoding->model, error)) &&
           enter_sandbox(options, error) &&
           (s->captioner = caption_captioner_new(s->model, &options->decoding->caption, error)) &&
           (s->session = caption_session_new(s->captioner, error)) &&
           caption_session_look(s->session, photo, error);
}

/* Reports the words of the text that the model does not know. */
static bool report_unknown(const struct suggesting *s, const char *text, caption_error *error) {
    caption_words words;
    if (!caption_session_score(s->session, text, &words, error)) return false;
    for (size_t i = 0; i < words.count; i++)
        if (words.words[i].rank == 0) command_unknown_word(name, words.words[i].text);
    caption_words_free(&words);
    return true;
}

/* The text is in whole words: a space ends the last. */
static bool suggest(const struct suggesting *s, caption_error *error) {
    const char *text = s->options->text;
    const size_t size = strlen(text) + 2;
    char *whole = memory_uninitialised(size, 1, "a text", error);
    if (!whole) return false;
    snprintf(whole, size, "%s ", text);
    caption_words words = {0};
    const bool done = report_unknown(s, text, error) &&
                      caption_session_suggest(s->session, whole, s->options->most, &words, error) &&
                      word_rows_suggestions(text, &words, s->options->json_lines, stdout, error);
    caption_words_free(&words);
    free(whole);
    return done;
}

static bool write_caption(const struct suggesting *s, const caption_text *caption,
                          caption_error *error) {
    if (s->options->json_lines) return word_rows_sentence(caption, stdout, error);
    if (s->options->decoding->caption.top > 1) printf("%.4f\t", caption->logprob);
    plain_text_to_reader(stdout, caption->text);
    putchar('\n');
    return true;
}

static bool complete(const struct suggesting *s, const char *text, caption_error *error) {
    caption_result result;
    if (!caption_session_complete(s->session, text, &result, error)) return false;
    bool done = true;
    for (size_t i = 0; done && i < result.count; i++)
        done = write_caption(s, &result.captions[i], error);
    caption_results_free(&result, 1);
    return done;
}

static bool score_line(void *context, const struct line *line, caption_error *error) {
    const struct suggesting *s = context;
    caption_words words;
    if (!caption_session_score(s->session, line->text, &words, error)) return false;
    const bool done =
        word_rows_scores(line->number, line->text, &words, s->options->json_lines, stdout, error);
    caption_words_free(&words);
    return done && (!ferror(stdout) || command_flush(error));
}

static bool score(struct suggesting *s, caption_error *error) {
    const char *path = s->options->score;
    struct file_bytes file;
    if (strcmp(path, "-") == 0) path = "/dev/stdin";
    if (!file_read(path, largest_file, &file, error)) return false;
    const char *text = (const char *)file.data;
    const bool done = text_faults_check(text, file.size, path, error) &&
                      lines_each(text, file.size, score_line, s, error);
    file_bytes_free(&file);
    return done;
}

/* What was typed is printed; with --complete, as the model goes on. */
static bool type(const struct suggesting *s, caption_error *error) {
    struct typing typing = {.session = s->session, .suggestions = s->options->most};
    if (s->options->text) snprintf(typing.text, sizeof typing.text, "%s", s->options->text);
    if (!typing_run(&typing, error)) return false;
    if (s->options->complete) return complete(s, typing.text, error);
    const size_t length = strlen(typing.text);
    printf("%.*s\n", (int)(length > 0 && typing.text[length - 1] == ' ' ? length - 1 : length),
           typing.text);
    return true;
}

static bool run(const struct suggest_options *options, caption_error *error) {
    struct suggesting s;
    bool done = suggesting_open(&s, options, error);
    if (done && options->score)
        done = score(&s, error);
    else if (done && options->interactive)
        done = type(&s, error);
    else if (done && options->complete)
        done = complete(&s, options->text, error);
    else if (done)
        done = suggest(&s, error);
    suggesting_close(&s);
    return done;
}

/* One argument is a photo if there is such a file, or if nothing but a photo is expected; else it
 * is a text. */
static bool settle_arguments(struct suggest_options *o, char **arguments, int count,
                             caption_error *error) {
    if (o->score && (o->complete || o->interactive || count > 1))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--score: expected neither a TEXT nor --complete nor --interactive");
    if (count == 0 && !o->score && !o->interactive)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "0 arguments given, 1 or 2 expected: %s [OPTIONS] [PHOTO] TEXT", name);
    const bool is_photo =
        count == 2 ||
        (count == 1 && (o->score || !strcmp(arguments[0], "-") || access(arguments[0], F_OK) == 0));
    if (is_photo) o->photo = arguments[0];
    if (o->score && o->photo && !strcmp(o->score, "-") && !strcmp(o->photo, "-"))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "standard input cannot be the PHOTO and --score at once");
    if (count > is_photo) o->text = arguments[count - 1];
    if (!o->text && !o->interactive) o->text = "";
    if (!o->complete || o->interactive) return true;
    caption_options *caption = &o->decoding->caption;
    caption->top = o->most_given ? o->most : 1;
    return true;
}

/* The flags; the rows point into `o`. */
static void set_rows(struct suggest_options *o) {
    caption_options *caption = &o->decoding->caption;
    const struct options_row rows[ROWS] = {
        {'n', "top", OPTIONS_SIZE, &o->most, "N", 1, PLAN_MAX_BEAM,
         "words suggested, most probable first; with --complete, sentences (default: 1), each "
         "behind its log-probability where there are several",
         &o->most_given},
        {0, "complete", OPTIONS_ON, &o->complete, NULL, 0, 0, "finish the sentence", NULL},
        {0, "score", OPTIONS_STRING, &o->score, "FILE", 0, 0,
         "how probable is each word of the sentences in FILE, one a line (-: standard input); "
         "prints LINE<TAB>WORD<TAB>LOGPROB<TAB>RANK, a line for each word and for the end of the "
         "sentence, which is \".\". Rank 1: no word is more probable; 0: the model does not know "
         "the word",
         NULL},
        {'i', "interactive", OPTIONS_ON, &o->interactive, NULL, 0, 0,
         "type in the terminal; Tab takes the first suggestion, Enter ends the sentence, which is "
         "printed, Ctrl-W takes back a word, Ctrl-U all",
         NULL},
        {0, "jsonl", OPTIONS_ON, &o->json_lines, NULL, 0, 0,
         "a line of JSON for each text, sentence or caption", NULL},
        {'m', "model", OPTIONS_STRING, &o->decoding->model, "FILE", 0, 0,
         "model to use (default: $CAPTION_MODEL, else the one that came with the program)", NULL},
        {0, "style", OPTIONS_STRING, &caption->style, "NAME", 0, 0,
         "write as one of the data sets that the model learned from does, such as coco, or as a "
         "mixture of all: none; `caption info` lists them and the default",
         NULL},
        {'b', "beam-size", OPTIONS_SIZE, &caption->beam_size, "N", 1, PLAN_MAX_BEAM,
         "of --complete; width of the beam search", &o->decoding->beam_size_given},
        {0, "max-length", OPTIONS_SIZE, &caption->max_length, "N", 1, PLAN_MAX_LENGTH,
         "of --complete; words at most, those of TEXT included", NULL},
        {0, "precision", OPTIONS_CHOICE, &o->decoding->precision, "auto|f32|bf16|int16|int8", 0, 0,
         "number type of the large products; auto: the fastest with words like those of f32", NULL},
        {'t', "threads", OPTIONS_SIZE, &caption->threads, "N", 0, PLAN_MAX_THREADS,
         "worker threads that make the model ready, 0: one per processor", NULL},
        RUN_SANDBOX_FLAG(o->sandbox),
    };
    memcpy(o->rows, rows, sizeof rows);
}

int command_suggest(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    struct suggest_options o = {.decoding = &decoding, .most = 5, .sandbox = "auto"};
    set_rows(&o);
    const struct options_group groups[] = {{"Options", o.rows, ROWS}};
    const struct options_command command = {
        name,
        "[OPTIONS] [PHOTO] TEXT",
        "Says which words are likely to come next in TEXT, a sentence about PHOTO or, without\n"
        "one, about anything: WORD<TAB>PROBABILITY, a line each. The word \".\" is the end of the\n"
        "sentence. A single argument is the PHOTO if there is a file of that name.\n",
        groups,
        1,
        NULL};
    int status;
    const int first = command_begin(&command, argc, argv, 0, 2, &status);
    if (!first) return status;
    caption_error error;
    bool done = settle_arguments(&o, argv + first, argc - first, &error) &&
                run_files_check_reading(o.photo, &error) &&
                run_files_check_reading(o.score, &error);
    decoding_options_settle(&decoding);
    done = done && run(&o, &error);
    return command_finish(&command, done ? COMMAND_DONE : command_error(&command, &error));
}
