#include "evaluator/report/render.hpp"

#include <string_view>

#include "base/error.hpp"
#include "evaluator/report/embedded_files.hpp"

namespace semblance::evaluator {
namespace {

/// Text in an HTML element or attribute.
std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The template's slots look like <!--slot:NAME-->; each is filled once, values are not scanned
/// again.
std::string_view slot_value(std::string_view name, std::string_view title, std::string_view data) {
  if (name == "title") return title;
  if (name == "style") return page_style();
  if (name == "plotly") return plotly_script();
  if (name == "script") return page_script();
  if (name == "data") return data;
  base::fail(base::ErrorKind::kInternal, "report.html has an unknown slot '{}'", name);
}

}  // namespace

std::string script_safe(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else if (text.compare(i, 3, "\xE2\x80\xA8") == 0 || text.compare(i, 3, "\xE2\x80\xA9") == 0) {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

std::string render_html(const Json& report) {
  constexpr std::string_view kOpen = "<!--slot:", kClose = "-->";
  const std::string data = script_safe(report);
  const std::string title = html_escaped(report.value("title", "Semblance report"));
  std::string out;
  std::string_view rest = page_template();
  while (true) {
    const std::size_t begin = rest.find(kOpen);
    out += rest.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    rest.remove_prefix(begin + kOpen.size());
    const std::size_t end = rest.find(kClose);
    SEMBLANCE_ASSERT(end != std::string_view::npos);
    out += slot_value(rest.substr(0, end), title, data);
    rest.remove_prefix(end + kClose.size());
  }
}

}  // namespace semblance::evaluator
