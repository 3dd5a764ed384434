/* Draws what was measured of networks that learned the sentences of sentences.c: the accuracy of
 * the last word against the gap, a chart for each t_p, and what truncation costs and saves.
 *
 *     memory_page ACCURACY RUNS >PAGE
 *
 * ACCURACY holds lines of cell, t_p, gap, sentences whose last word was the first suggestion, and
 * sentences; RUNS of cell, t_p, hidden, embedding, vocabulary, rows read side by side, and seconds
 * of processor time that the training took. All are divided by white space. The summary also goes
 * to standard error, as a table in Markdown.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/unroll.h"
#include "report/html.h"

enum { MOST_RUNS = 64, MOST_GAP = 64, LONGEST_CELL = 8 };

struct memory_counts {
    size_t right, all;
};

/* A network that was trained with truncation after t_p steps. */
struct memory_run {
    char cell[LONGEST_CELL];
    size_t t_p, hidden, embedding, words, rows;
    double seconds; /* of processor time */
    struct memory_counts gaps[MOST_GAP + 1];
    size_t longest; /* gap that was measured */
};

struct memory_runs {
    struct memory_run items[MOST_RUNS];
    size_t count;
};

static bool file_error(const char *path, const char *problem) {
    fprintf(stderr, "memory_page: %s: %s\n", path, problem);
    return false;
}

static struct memory_run *find(struct memory_runs *runs, const char *cell, size_t t_p) {
    for (size_t i = 0; i < runs->count; i++)
        if (runs->items[i].t_p == t_p && strcmp(runs->items[i].cell, cell) == 0)
            return &runs->items[i];
    return NULL;
}

static bool read_runs(struct memory_runs *runs, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return file_error(path, strerror(errno));
    struct memory_run run = {.t_p = 0};
    while (runs->count < MOST_RUNS &&
           fscanf(file, "%7s %zu %zu %zu %zu %zu %lf", run.cell, &run.t_p, &run.hidden,
                  &run.embedding, &run.words, &run.rows, &run.seconds) == 7)
        runs->items[runs->count++] = run;
    const bool ok = feof(file) && runs->count > 0;
    fclose(file);
    return ok || file_error(path, "expected lines of seven columns");
}

static bool read_accuracy(struct memory_runs *runs, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return file_error(path, strerror(errno));
    char cell[LONGEST_CELL];
    size_t t_p, gap;
    struct memory_counts counts;
    bool ok = true;
    while (ok &&
           fscanf(file, "%7s %zu %zu %zu %zu", cell, &t_p, &gap, &counts.right, &counts.all) == 5) {
        struct memory_run *run = find(runs, cell, t_p);
        ok = run && gap <= MOST_GAP && counts.all > 0;
        if (!ok) break;
        run->gaps[gap] = counts;
        if (gap > run->longest) run->longest = gap;
    }
    ok = ok && feof(file);
    fclose(file);
    return ok || file_error(path, "expected lines of five columns, of the runs");
}

/* Per cent right over gaps from..to; -1 where none was measured. */
static double accuracy(const struct memory_run *run, size_t from, size_t to) {
    struct memory_counts sum = {0, 0};
    for (size_t gap = from; gap <= to && gap <= MOST_GAP; gap++) {
        sum.right += run->gaps[gap].right;
        sum.all += run->gaps[gap].all;
    }
    return sum.all ? 100 * (double)sum.right / (double)sum.all : -1;
}

/* The window holds the second word and the last one's prediction: gap + 1 steps. */
static size_t covered(const struct memory_run *run) {
    return run->t_p - 1 < run->longest ? run->t_p - 1 : run->longest;
}

/* What the unroll keeps of a window; 0 where that is unknown. */
static size_t window_bytes(const struct memory_run *run) {
    struct decoder decoder;
    struct parameters parameters = {0};
    const struct decoder_sizes sizes = {
        .words = run->words, .embedding = run->embedding, .hidden = run->hidden, .features = 1};
    const struct cell *cell = cell_find(run->cell);
    size_t bytes = 0;
    if (cell && decoder_init(&decoder, cell, &sizes, &parameters, NULL)) {
        struct unroll *unroll = unroll_new(&decoder, run->rows, run->t_p, NULL);
        if (unroll) bytes = unroll_bytes(unroll);
        unroll_free(unroll);
    }
    parameters_free(&parameters);
    return bytes;
}

/* --- charts --- */

enum { LEFT = 44, TOP = 12, WIDE = 420, HIGH = 180, FULL_WIDTH = 530, FULL_HEIGHT = 236 };

static const char style[] =
    "main{max-width:72rem;margin:auto;padding:1rem}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));"
    "gap:1.5rem}figure{margin:0}"
    "svg{width:100%;height:auto}svg text{font:12px sans-serif;fill:var(--muted)}"
    "svg .axis{stroke:var(--rule)}svg .reach{stroke:var(--muted);stroke-dasharray:2 4}"
    "polyline{fill:none;stroke-width:2}.rnn{stroke:var(--muted)}.gru{stroke:var(--first)}"
    ".lstm{stroke:var(--second);stroke-dasharray:7 3}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right}";

static double x_of(double gap, size_t longest) {
    return LEFT + WIDE * (gap - 2) / (double)(longest > 2 ? longest - 2 : 1);
}

static double y_of(double percent) {
    return TOP + HIGH * (1 - percent / 100);
}

static void write_axes(size_t longest) {
    for (int percent = 0; percent <= 100; percent += 25)
        printf("<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
               "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
               LEFT, LEFT + WIDE, y_of(percent), y_of(percent), LEFT - 6, y_of(percent) + 4,
               percent);
    for (size_t gap = 10; gap <= longest; gap += 10)
        printf("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n",
               x_of((double)gap, longest), TOP + HIGH + 18, gap);
    printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">words between the second and the "
           "last</text>\n",
           LEFT + WIDE / 2, TOP + HIGH + 36);
}

/* A network's line, and its name at the end. */
static void write_line(const struct memory_run *run, double name_y) {
    printf("<polyline class=\"%s\" points=\"", run->cell);
    for (size_t gap = 2; gap <= run->longest; gap++)
        if (run->gaps[gap].all > 0)
            printf("%.1f,%.1f ", x_of((double)gap, run->longest), y_of(accuracy(run, gap, gap)));
    printf("\"/><text x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT + WIDE + 6, name_y, run->cell);
}

/* Where the name of a line that ends at y stands: below those that are too close above it. */
static double place_name(double y, const double *names, size_t count) {
    enum { NAME_HEIGHT = 13 };
    for (size_t i = 0; i < count; i++) {
        if (y <= names[i] - NAME_HEIGHT || y >= names[i] + NAME_HEIGHT) continue;
        y = names[i] + NAME_HEIGHT;
        i = SIZE_MAX; /* it may have come close to another: from the first again */
    }
    return y;
}

static void write_chart(const struct memory_runs *runs, size_t t_p) {
    size_t longest = 2;
    double names[MOST_RUNS];
    size_t name_count = 0;
    for (size_t i = 0; i < runs->count; i++)
        if (runs->items[i].t_p == t_p && runs->items[i].longest > longest)
            longest = runs->items[i].longest;
    printf("<figure><figcaption>t<sub>p</sub> = %zu</figcaption>\n<svg viewBox=\"0 0 %d %d\" "
           "role=\"img\" aria-label=\"Accuracy of the last word in per cent against the gap, "
           "t_p %zu\">\n",
           t_p, FULL_WIDTH, FULL_HEIGHT, t_p);
    write_axes(longest);
    if (t_p - 1 < longest)
        printf("<line class=\"reach\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n",
               x_of((double)t_p - 1, longest), x_of((double)t_p - 1, longest), TOP, TOP + HIGH);
    for (size_t i = 0; i < runs->count; i++) {
        const struct memory_run *run = &runs->items[i];
        if (run->t_p != t_p) continue;
        const double end = y_of(accuracy(run, run->longest, run->longest)) + 4;
        names[name_count] = place_name(end, names, name_count);
        write_line(run, names[name_count++]);
    }
    printf("</svg></figure>\n");
}

static bool is_first_of_its_t_p(const struct memory_runs *runs, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (runs->items[i].t_p == runs->items[index].t_p) return false;
    return true;
}

/* --- the summary --- */

static void write_row(const struct memory_run *run) {
    const double beyond = accuracy(run, covered(run) + 1, run->longest);
    char text[16] = "";
    if (beyond >= 0) snprintf(text, sizeof text, "%.0f", beyond);
    const double within = accuracy(run, 2, covered(run));
    const double at = accuracy(run, covered(run), covered(run));
    const double kilobytes = (double)window_bytes(run) / 1000;
    printf("<tr><td>%zu</td><td>%s</td><td>%.0f</td><td>%.0f (%zu)</td><td>%s</td><td>%.1f</td>"
           "<td>%.0f</td></tr>\n",
           run->t_p, run->cell, within, at, covered(run), text, run->seconds, kilobytes);
    fprintf(stderr, "| %zu | %s | %.0f | %.0f (%zu) | %s | %.1f | %.0f |\n", run->t_p, run->cell,
            within, at, covered(run), text, run->seconds, kilobytes);
}

static void write_summary(const struct memory_runs *runs) {
    printf("<table><tr><th>t<sub>p</sub></th><th>cell</th><th>gaps covered, %%</th>"
           "<th>the longest of them, %%</th><th>longer gaps, %%</th><th>training, CPU s</th>"
           "<th>kept of a window, kB</th></tr>\n");
    fprintf(stderr, "| t_p | cell | gaps covered, %% | the longest of them, %% | longer gaps, %% | "
                    "training, CPU s | kept of a window, kB |\n"
                    "|---:|---|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < runs->count; i++) write_row(&runs->items[i]);
    printf("</table>\n");
}

int main(int argc, char **argv) {
    static struct memory_runs runs;
    if (argc != 3) {
        fprintf(stderr, "usage: memory_page ACCURACY RUNS >PAGE\n");
        return 2;
    }
    if (!read_runs(&runs, argv[2]) || !read_accuracy(&runs, argv[1])) return 1;
    const char *const styles[] = {style, NULL};
    html_page_begin(stdout, "Who remembers, and how far", styles);
    printf(
        "<main><h1>Who remembers, and how far</h1>\n"
        "<p>Accuracy of the last word in per cent, chance 25, of sentences whose last word depends "
        "on the second across a gap of so many words. Back-propagation stops after "
        "t<sub>p</sub> steps, the state is carried over the cut. The dotted line is the longest "
        "gap that a window of t<sub>p</sub> steps holds.</p>\n<div class=\"charts\">\n");
    for (size_t i = 0; i < runs.count; i++)
        if (is_first_of_its_t_p(&runs, i)) write_chart(&runs, runs.items[i].t_p);
    printf("</div>\n");
    write_summary(&runs);
    printf("</main>\n");
    html_page_end(stdout, NULL);
    return ferror(stdout) || fflush(stdout) != 0;
}
