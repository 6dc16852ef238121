#include "evaluator/privacy/sections.hpp"
#include "evaluator/context.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/utility/sections.hpp"

namespace semblance::evaluator {

const std::vector<SectionSpec>& all_sections() {
  static const std::vector<SectionSpec> kSections = {
      {"quality", "shapes", "Columns one by one", column_shape_section},
      {"quality", "pairs", "Columns two by two", pair_trend_section},
      {"quality", "missing", "Missing values", missingness_section},
      {"quality", "tables", "Tables of one, two and three columns", accuracy_section},
      {"quality", "dates", "Rhythm of dates", date_rhythm_section},
      {"quality", "detection", "Telling them apart", detection_section},
      {"quality", "plane", "The whole picture", plane_section},
      {"utility", "target", "The chosen target", target_section},
      {"utility", "global", "Every column as target", global_utility_section},
      {"privacy", "copies", "Exact copies", copies_section},
      {"privacy", "closest", "Distance to the closest record", closest_record_section},
      {"privacy", "disclosure", "Neighbours and disclosure", disclosure_section},
      {"privacy", "membership", "Membership attacks", membership_section},
      {"privacy", "shadow", "Attacks with shadow models", shadow_section},
      {"privacy", "attacks", "Singling out, linking, inferring", attacks_section},
  };
  return kSections;
}

}  // namespace semblance::evaluator
