/* Files of every format, changed at random but always in the same way: whatever comes out is a
 * sound data set or a clear error. Run under the sanitizers, no byte is read out of bounds. */
#include "dataset_fixture.h"

#include <time.h>

#include "base/random.h"

/* A mutation makes a file longer by so much at most. */
enum { LONGEST_INSERT = 40, MOST_CHANGES = 3, LONGEST_SAMPLE = 512 };

static const char karpathy[] =
    "{\"dataset\": \"tiny\", \"images\": ["
    "{\"filename\": \"a.jpg\", \"imgid\": 7, \"split\": \"train\", \"sentences\": ["
    "  {\"tokens\": [\"A\", \"dog\"], \"raw\": \"never read\"}, {\"raw\": \"It's a t-shirt.\"}]},"
    "{\"filename\": \"../b.jpg\", \"filepath\": \"val2014\", \"imgid\": 8, \"cocoid\": 391895,"
    " \"split\": \"restval\", \"sentences\": [{\"tokens\": []}, {\"raw\": \"...\"}]}]}";

static const char coco[] =
    "{\"images\": [{\"id\": 9, \"file_name\": \"a.jpg\"}, {\"id\": \"x\", \"file_name\": "
    "\"b.jpg\"}],"
    "\n\"annotations\": [{\"image_id\": \"x\", \"caption\": \"A dog.\"},"
    "{\"image_id\": 9, \"caption\": \"A cat.\"}, {\"image_id\": 9, \"caption\": \"...\"}]}";

static const char array[] =
    "[{\"file_path\": \"a.jpg\", \"id\": 7, \"captions\": [\"A dog.\", \"It runs.\"]},\n"
    "{\"image\": \"b.jpg\", \"caption\": \"A cat.\"}, {\"image\": \"a.jpg\", \"text\": null}]";

static const char lines[] = "\xEF\xBB\xBF{\"file_name\": \"a.jpg\", \"text\": \"A dog.\"}\r\n\n"
                            "{\"file_name\": \"b.jpg\", \"text\": [\"one\", \"two\"]}\n";

static const char kohya[] =
    "{\"a.jpg\": {\"caption\": \"A dog.\", \"tags\": \"dog, grass\"}, \"b\": {\"tags\": \"a, b\"},"
    " \"c/d.png\": {\"caption\": [\"One.\", \"Two.\"]}}";

static const char turns[] =
    "[{\"id\": 7, \"image\": \"a.jpg\", \"conversations\": [{\"from\": \"human\", \"value\": "
    "\"What?\"},"
    " {\"from\": \"gpt\", \"value\": \"A dog.\"}]}, {\"conversations\": []}]";

static const char bars[] = "image_name| comment_number| comment\na.jpg| 0| A dog .\n"
                           "b.jpg| 1| \"A\" cat .\nb.jpg| 4   A dog\n";

static const char token_text[] = "a.jpg#0\tA dog .\r\na.jpg#1\tIt runs .\r\nb.jpg#0\tTwo cats .\n";

/* Bytes changed, cut out or doubled. */
static size_t mutate(struct random *random, char *text, size_t size) {
    static const char bytes[] = "{}[]\",:0e-\\ \xFFtnull#\t\n\r";
    for (size_t i = 1 + random_below(random, MOST_CHANGES); i > 0; i--) {
        const size_t at = random_below(random, size), rest = size - at;
        const size_t length =
            1 + random_below(random, rest < LONGEST_INSERT ? rest : LONGEST_INSERT);
        switch (random_below(random, 3)) {
        case 0:
            text[at] = bytes[random_below(random, sizeof bytes)];
            break;
        case 1:
            if (length == size) break;
            memmove(text + at, text + at + length, rest - length);
            size -= length;
            break;
        default:
            memmove(text + at + length, text + at, rest);
            size += length;
        }
    }
    return size;
}

struct tally {
    size_t accepted, refused;
};

static void try_to_read(const char *path, struct tally *tally) {
    struct dataset dataset;
    caption_error error = {0};
    if (dataset_read(&dataset, path, NULL, &error)) {
        assert_sound(&dataset);
        dataset_free(&dataset);
        tally->accepted++;
    } else {
        assert_message_has(&error, path);
        tally->refused++;
    }
}

static void mutate_sample(const char *sample, size_t size, uint64_t seed) {
    char *path = temporary_file_new();
    struct random random = random_seeded(seed, 0);
    struct tally tally = {0};
    for (size_t cut = 0; cut < size; cut++) {
        temporary_file_write(path, sample, cut);
        try_to_read(path, &tally);
    }
    clock_t start = clock();
    for (size_t round = 0; round < 3000; round++) {
        if ((double)(clock() - start) / CLOCKS_PER_SEC > 2) break;
        char text[LONGEST_SAMPLE + MOST_CHANGES * LONGEST_INSERT] = {0};
        memcpy(text, sample, size);
        temporary_file_write(path, text, mutate(&random, text, size));
        try_to_read(path, &tally);
    }
    assert_true(tally.accepted > 0 && tally.refused > 0);
    temporary_file_free(path);
}

static void mutated_files_are_read_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } samples[] = {{karpathy, sizeof karpathy - 1}, {coco, sizeof coco - 1},
                   {array, sizeof array - 1},       {lines, sizeof lines - 1},
                   {kohya, sizeof kohya - 1},       {turns, sizeof turns - 1},
                   {bars, sizeof bars - 1},         {token_text, sizeof token_text - 1}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        assert_true(samples[i].size <= LONGEST_SAMPLE);
        mutate_sample(samples[i].text, samples[i].size, i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_files_are_read_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
