/* The files of serve/assets, as CMake puts them into the program: see report/assets.h. */
#ifndef CAPTION_SERVE_ASSETS_H
#define CAPTION_SERVE_ASSETS_H

/* The page that captions what is dropped on it. It uses page.css of the reports. */
extern const char asset_captioner_html[], asset_captioner_css[], asset_captioner_js[],
    asset_drop_js[], asset_writing_js[];

#endif
