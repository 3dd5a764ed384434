/* Writes sentences whose last word depends on the second, like "gestern habe ich mit meinem
 * nachbarn im garten fussball gespielt", for measuring how far a recurrent network remembers.
 *
 *     memory_sentences FOLDER [--seed N] [--train N] [--test N] [--shortest N]
 *
 * writes FOLDER/train.txt, sentences with gaps of N (2) to 60 words between the second word and the
 * last, and FOLDER/test.txt, N sentences of every gap, drawn apart. FOLDER/words.jsonl is a
 * data set of two blank photos, whose captions are all the words: what `caption train` takes its
 * vocabulary from. The same arguments give the same bytes.
 *
 * The second word is one of four, each with a last word of its own; all others are drawn without
 * regard to it. "fussball" comes before the last word and nowhere else, so that it is known where
 * the last word comes, but not which of the four: chance is right once in four.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/random.h"

enum { SHORTEST_GAP = 2, LONGEST_GAP = 60, PAIRS = 4, LONGEST_PHRASE = 3 };

static const struct {
    const char *second, *last;
} pairs[PAIRS] = {{"habe", "gespielt"}, {"wollte", "spielen"}, {"gab", "auf"}, {"zog", "vor"}};

static const char *const firsts[] = {"gestern", "heute", "neulich", "damals", "einmal"};
enum { FIRSTS = sizeof firsts / sizeof *firsts };

/* What a gap is filled with, by the number of words. */
enum { PHRASES = 6 };
static const char *const phrases[LONGEST_PHRASE][PHRASES] = {
    {"gern", "oft", "lange", "wieder", "allein", "endlich"},
    {"im garten", "im park", "am see", "am abend", "bei regen", "nach feierabend"},
    {"mit meinem nachbarn", "mit meiner schwester", "hinter dem haus", "neben der schule",
     "nach dem essen", "trotz der kälte"}};

/* The streams of random numbers: of the sentences to learn from, and of those of each gap. */
enum { TRAIN_STREAM, TEST_STREAM };

/* A gap of `count` words: "ich", phrases, "fussball". */
static void write_gap(FILE *file, size_t count, struct random *random) {
    fputs(" ich", file);
    for (size_t left = count - 2; left > 0;) {
        const size_t most = left < LONGEST_PHRASE ? left : LONGEST_PHRASE;
        const size_t words = 1 + random_below(random, most);
        fprintf(file, " %s", phrases[words - 1][random_below(random, PHRASES)]);
        left -= words;
    }
    fputs(" fussball", file);
}

static void write_sentence(FILE *file, size_t gap, struct random *random) {
    const size_t pair = random_below(random, PAIRS);
    fprintf(file, "%s %s", firsts[random_below(random, FIRSTS)], pairs[pair].second);
    write_gap(file, gap, random);
    fprintf(file, " %s\n", pairs[pair].last);
}

static bool file_error(const char *path) {
    fprintf(stderr, "memory_sentences: %s: %s\n", path, strerror(errno));
    return false;
}

/* What is asked for. */
struct memory_options {
    uint64_t seed;
    size_t train, test; /* sentences; of each gap */
    size_t shortest;    /* gap to learn from */
};

/* What becomes of an open file. */
typedef void write_file(FILE *file, const struct memory_options *options);

static void write_train(FILE *file, const struct memory_options *o) {
    struct random random = random_seeded(o->seed, TRAIN_STREAM);
    for (size_t i = 0; i < o->train; i++) {
        const size_t gap = o->shortest + random_below(&random, LONGEST_GAP - o->shortest + 1);
        write_sentence(file, gap, &random);
    }
}

static void write_test(FILE *file, const struct memory_options *o) {
    for (size_t gap = SHORTEST_GAP; gap <= LONGEST_GAP; gap++) {
        struct random random = random_seeded(o->seed, TEST_STREAM + gap);
        for (size_t i = 0; i < o->test; i++) write_sentence(file, gap, &random);
    }
}

/* A caption for each photo: all words there are. */
static void write_words(FILE *file, const struct memory_options *o) {
    (void)o;
    for (size_t photo = 0; photo < 2; photo++) {
        fprintf(file,
                "{\"file_name\": \"blank%zu.ppm\", \"split\": \"%s\", \"text\": \"ich fussball",
                photo, photo == 0 ? "train" : "val");
        for (size_t i = 0; i < FIRSTS; i++) fprintf(file, " %s", firsts[i]);
        for (size_t i = 0; i < PAIRS; i++) fprintf(file, " %s %s", pairs[i].second, pairs[i].last);
        for (size_t words = 0; words < LONGEST_PHRASE; words++)
            for (size_t i = 0; i < PHRASES; i++) fprintf(file, " %s", phrases[words][i]);
        fprintf(file, "\"}\n");
    }
}

enum { SIDE = 32, GREY = 100 };

static void write_blank(FILE *file, const struct memory_options *o) {
    (void)o;
    fprintf(file, "P6 %d %d 255\n", SIDE, SIDE);
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) fputc(GREY, file);
}

static bool make_file(const char *folder, const char *name, write_file *write,
                      const struct memory_options *options) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) return file_error(path);
    write(file, options);
    const bool ok = !ferror(file);
    return (fclose(file) == 0 && ok) || file_error(path);
}

static bool parse_number(const char *text, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

static int usage(FILE *out, int status) {
    fprintf(out,
            "usage: memory_sentences FOLDER [--seed N (1)] [--train N (4000)] [--test N (50)]\n"
            "Writes N sentences whose last word depends on the second, and N of each gap.\n");
    return status;
}

int main(int argc, char **argv) {
    static const struct option flags[] = {
        {"seed", required_argument, NULL, 's'}, {"train", required_argument, NULL, 't'},
        {"test", required_argument, NULL, 'v'}, {"shortest", required_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},       {0}};
    uint64_t seed = 1, train = 3000, test = 50, shortest = SHORTEST_GAP;
    int flag;
    while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
        if (flag == 'h') return usage(stdout, 0);
        uint64_t *number = flag == 's'   ? &seed
                           : flag == 't' ? &train
                           : flag == 'g' ? &shortest
                                         : &test;
        if (flag == '?' || !parse_number(optarg, number)) return usage(stderr, 2);
    }
    if (optind + 1 != argc || shortest < SHORTEST_GAP || shortest > LONGEST_GAP)
        return usage(stderr, 2);
    const struct memory_options options = {seed, train, test, shortest};
    const char *folder = argv[optind];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) return file_error(folder), 1;
    const bool done = make_file(folder, "train.txt", write_train, &options) &&
                      make_file(folder, "test.txt", write_test, &options) &&
                      make_file(folder, "words.jsonl", write_words, &options) &&
                      make_file(folder, "blank0.ppm", write_blank, &options) &&
                      make_file(folder, "blank1.ppm", write_blank, &options);
    return done ? 0 : 1;
}
