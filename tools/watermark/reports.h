// Verdicts as JSON, as text for a terminal and as a page for people.

#ifndef SOTTO_TOOLS_WATERMARK_REPORTS_H_
#define SOTTO_TOOLS_WATERMARK_REPORTS_H_

#include <string>

#include "nlohmann/json.hpp"
#include "tools/watermark/command.h"
#include "watermark/detect/verifier.h"
#include "watermark/fingerprint/tracer.h"

namespace sotto::tools {

struct VerifyReport {
  const ModelInput& suspect;
  const ModelInput& reference;
  const watermark::Registry& registry;
  const watermark::OwnershipResult& result;
};

nlohmann::ordered_json VerifyJson(const VerifyReport& report);
std::string VerifyText(const VerifyReport& report);
// One self-contained page.
std::string VerifyHtml(const VerifyReport& report);

nlohmann::ordered_json TraceJson(const ModelInput& suspect,
                                 const watermark::TraceResult& result);
std::string TraceText(const watermark::TraceResult& result);

// The JSON of a run that could not judge: no evidence, p-value 1, and why.
nlohmann::ordered_json CannotTellJson(const absl::Status& status);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_WATERMARK_REPORTS_H_
