#include "base/program_name.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstddef>
#include <cstring>

namespace semblance::base {
namespace {

constexpr std::size_t aligned(std::size_t size) { return (size + 3) / 4 * 4; }

/// The build id among the notes of a segment, or "".
std::string id_among(const char* notes, std::size_t size) {
  std::size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t name = at + sizeof note, text = name + aligned(note.n_namesz);
    if (text + note.n_descsz > size) return "";
    const bool ours = note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                      std::memcmp(notes + name, "GNU", 4) == 0;
    at = text + aligned(note.n_descsz);
    if (!ours) continue;
    std::string id;
    for (std::size_t i = 0; i < note.n_descsz; ++i)
      id += fmt::format("{:02x}", static_cast<unsigned char>(notes[text + i]));
    return id;
  }
  return "";
}

/// Called with the executable first; looks no further.
int find_id(dl_phdr_info* program, std::size_t, void* out) {
  auto& id = *static_cast<std::string*>(out);
  for (int i = 0; i < program->dlpi_phnum && id.empty(); ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    id = id_among(reinterpret_cast<const char*>(program->dlpi_addr + segment.p_vaddr),
                  segment.p_memsz);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(find_id, &id);
  return id;
}

std::string program_name() {
  constexpr std::size_t kShown = 12;
  const std::string id = build_id();
  const std::string version = "semblance " SEMBLANCE_VERSION;
  return id.empty() ? version : fmt::format("{} (build {})", version, id.substr(0, kShown));
}

}  // namespace semblance::base
