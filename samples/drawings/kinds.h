/* The kinds of drawings. Each function fills its canvas and says what it drew. */
#ifndef DRAWINGS_KINDS_H
#define DRAWINGS_KINDS_H

#include "canvas.h"

struct kind {
    const char *name;
    void (*draw)(struct canvas *canvas);
    double share;             /* of all drawings, to be divided by the sum of all */
    double narrowest, widest; /* width to height */
    double dark;              /* how probable a dark ground is */
    const char *named_by; /* extended regular expression: a caption that fits it names the kind */
};

extern const struct kind kinds[];
extern const size_t kind_count;

/* pages.c */
void draw_text_page(struct canvas *canvas);
void draw_handwriting(struct canvas *canvas);
void draw_code_page(struct canvas *canvas);
void draw_formulas(struct canvas *canvas);
void draw_slide(struct canvas *canvas);
void draw_poster(struct canvas *canvas);
/* records.c */
void draw_receipt(struct canvas *canvas);
void draw_form(struct canvas *canvas);
void draw_table(struct canvas *canvas);
void draw_calendar(struct canvas *canvas);
void draw_sheet_music(struct canvas *canvas);
/* charts.c */
void draw_bar_chart(struct canvas *canvas);
void draw_line_chart(struct canvas *canvas);
void draw_pie_chart(struct canvas *canvas);
void draw_scatter_plot(struct canvas *canvas);
/* diagrams.c */
void draw_flow_chart(struct canvas *canvas);
void draw_tree_diagram(struct canvas *canvas);
void draw_network_diagram(struct canvas *canvas);
void draw_venn_diagram(struct canvas *canvas);
void draw_circuit(struct canvas *canvas);
void draw_geometry(struct canvas *canvas);
void draw_floor_plan(struct canvas *canvas);
/* screens.c */
void draw_window(struct canvas *canvas);
void draw_browser(struct canvas *canvas);
void draw_code_editor(struct canvas *canvas);
void draw_terminal(struct canvas *canvas);
void draw_spreadsheet(struct canvas *canvas);
void draw_dialog(struct canvas *canvas);
void draw_phone_screen(struct canvas *canvas);
void draw_desktop(struct canvas *canvas);
/* maps.c */
void draw_street_map(struct canvas *canvas);
void draw_country_map(struct canvas *canvas);
void draw_contour_map(struct canvas *canvas);
void draw_metro_map(struct canvas *canvas);
/* emblems.c */
void draw_logo(struct canvas *canvas);
void draw_icon(struct canvas *canvas);
/* sketches.c */
void draw_line_drawing(struct canvas *canvas);
void draw_cartoon(struct canvas *canvas);
void draw_child_drawing(struct canvas *canvas);
void draw_comic(struct canvas *canvas);
/* puzzles.c */
void draw_qr_code(struct canvas *canvas);
void draw_barcode(struct canvas *canvas);
void draw_crossword(struct canvas *canvas);
void draw_sudoku(struct canvas *canvas);
void draw_chess_diagram(struct canvas *canvas);
void draw_maze(struct canvas *canvas);
/* surfaces.c */
void draw_blank(struct canvas *canvas);
void draw_gradient(struct canvas *canvas);
void draw_noise(struct canvas *canvas);
void draw_pattern(struct canvas *canvas);

#endif
