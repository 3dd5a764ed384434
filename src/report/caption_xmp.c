#include "report/caption_xmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/caption_file.h"
#include "report/html_text.h"

/* The toolkit's name tells whose a sidecar is: whoever adds to one puts its own name there. */
static const char head[] =
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"caption\">\n"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
    "<rdf:Description rdf:about=\"\"\n"
    "  xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
    "  xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\">\n";
static const char tail[] = "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n";

struct caption_xmp {
    struct caption_output output;
    struct caption_xmp_options options;
};

char *caption_xmp_path(const struct caption_row *row, const char *folder, caption_error *error) {
    struct caption_row whole_name = *row;
    whole_name.second = true;
    return caption_file_path(&whole_name, folder, ".xmp", error);
}

enum caption_xmp_place caption_xmp_look(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return errno == ENOENT ? CAPTION_XMP_FREE : CAPTION_XMP_FOREIGN;
    char start[sizeof head - 1];
    FILE *file = S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
    if (!file) return CAPTION_XMP_FOREIGN;
    const size_t size = fread(start, 1, sizeof start, file);
    fclose(file);
    const bool ours = size == sizeof start && memcmp(start, head, size) == 0;
    return ours ? CAPTION_XMP_OURS : CAPTION_XMP_FOREIGN;
}

/* Text in languages, of which there is the one that stands for all. What HTML escapes, XML does. */
static void write_property(FILE *stream, const char *name, const char *text) {
    fprintf(stream, "<%s><rdf:Alt><rdf:li xml:lang=\"x-default\">", name);
    html_text_write(stream, text);
    fprintf(stream, "</rdf:li></rdf:Alt></%s>\n", name);
}

static bool write_packet(const char *path, const char *caption, caption_error *error) {
    char *packet = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&packet, &size);
    if (!stream) return error_memory(error, "an XMP packet");
    fputs(head, stream);
    write_property(stream, "dc:description", caption);
    write_property(stream, "Iptc4xmpCore:AltTextAccessibility", caption);
    fputs(tail, stream);
    bool ok = !ferror(stream);
    ok = fclose(stream) == 0 && ok;
    ok = ok ? file_write(path, packet, size, error) : error_memory(error, "an XMP packet");
    free(packet);
    return ok;
}

static bool is_wanted(const struct caption_xmp *xmp, const char *path) {
    const enum caption_xmp_place place = caption_xmp_look(path);
    return place == CAPTION_XMP_FREE || (place == CAPTION_XMP_OURS && xmp->options.overwrite);
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct caption_xmp *xmp = (const struct caption_xmp *)output;
    if (row->result->count == 0) return true;
    char *path = caption_xmp_path(row, xmp->options.folder, error);
    if (!path) return false;
    const bool ok =
        !is_wanted(xmp, path) || ((!xmp->options.folder || file_make_folders(path, error)) &&
                                  write_packet(path, row->result->captions[0].text, error));
    free(path);
    return ok;
}

static void free_xmp(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error) {
    struct caption_xmp *xmp = memory_zeroed(1, sizeof *xmp, "an output", error);
    if (!xmp) return NULL;
    xmp->output = (struct caption_output){.row = write_row, .free = free_xmp, .file_each = true};
    xmp->options = *options;
    return &xmp->output;
}
