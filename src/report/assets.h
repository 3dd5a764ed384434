/* The files of report/assets and serve/assets, as CMake puts them into the program (cmake writes
 * assets.c). Text that ends with a 0 byte. */
#ifndef CAPTION_REPORT_ASSETS_H
#define CAPTION_REPORT_ASSETS_H

/* Of every page: everything before its title, its colours and fonts. */
extern const char asset_page_html[], asset_page_css[];

/* The page of captions. Its search field needs the script and is hidden until the script shows it.
 */
extern const char asset_captions_css[], asset_filter_html[], asset_filter_js[];

/* The training report. Its script steps through the epochs: the photos' captions, the table's row
 * and the charts' cursors; without it the page shows everything too. */
extern const char asset_training_css[], asset_training_js[];

/* The page of scores, beside the rules of the training report. */
extern const char asset_scores_css[];

/* Charts. It uses the colours of page.css. */
extern const char asset_chart_css[];

/* The server's page, which captions what is dropped on it (serve/assets). It uses page.css of the
 * reports. */
extern const char asset_captioner_html[], asset_captioner_css[], asset_captioner_js[],
    asset_drop_js[], asset_writing_js[];

#endif
