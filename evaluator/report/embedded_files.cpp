#include "evaluator/report/embedded_files.hpp"

// One symbol pair a file, read-only. The paths come from evaluator/CMakeLists.txt.
#define SEMBLANCE_EMBED(name, path)                                                       \
  asm(".section .rodata,\"a\",@progbits\n"                                                \
      ".global semblance_" #name                                                          \
      "_begin\n"                                                                          \
      ".global semblance_" #name                                                          \
      "_end\n"                                                                            \
      ".hidden semblance_" #name                                                          \
      "_begin\n"                                                                          \
      ".hidden semblance_" #name                                                          \
      "_end\n"                                                                            \
      "semblance_" #name "_begin:\n.incbin \"" path                                       \
      "\"\n"                                                                              \
      "semblance_" #name "_end:\n.byte 0\n.previous\n");                                  \
  extern "C" __attribute__((visibility("hidden"))) const char semblance_##name##_begin[]; \
  extern "C" __attribute__((visibility("hidden"))) const char semblance_##name##_end[];

SEMBLANCE_EMBED(page, SEMBLANCE_REPORT_HTML)
SEMBLANCE_EMBED(style, SEMBLANCE_REPORT_CSS)
SEMBLANCE_EMBED(script, SEMBLANCE_REPORT_JS)
SEMBLANCE_EMBED(plotly, SEMBLANCE_PLOTLY_JS)
SEMBLANCE_EMBED(thresholds, SEMBLANCE_THRESHOLDS_YAML)

namespace semblance::evaluator {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view page_template() { return between(semblance_page_begin, semblance_page_end); }
std::string_view page_style() { return between(semblance_style_begin, semblance_style_end); }
std::string_view page_script() { return between(semblance_script_begin, semblance_script_end); }
std::string_view plotly_script() { return between(semblance_plotly_begin, semblance_plotly_end); }
std::string_view default_thresholds() {
  return between(semblance_thresholds_begin, semblance_thresholds_end);
}

}  // namespace semblance::evaluator
