#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "tools/watermark/reports.h"

namespace sotto::tools {
namespace {

std::string Escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string Row(const std::string& name, const std::string& value) {
  return "<tr><th>" + Escape(name) + "</th><td>" + Escape(value) +
         "</td></tr>\n";
}

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ownership of a model</title>
<style>
body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 3rem auto;
       padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th { text-align: left; font-weight: normal; color: #666; width: 14rem;
     vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
td { padding: 0.25rem 0; overflow-wrap: anywhere; }
.verdict { padding: 0.8rem 1rem; border-left: 6px solid; font-size: 1.2rem; }
.owned { border-color: #2a7d4f; background: #eef7f1; }
.open { border-color: #8a6d1d; background: #faf6e8; }
</style></head><body>
)";

}  // namespace

std::string VerifyHtml(const VerifyReport& report) {
  const auto& result = report.result;
  const auto& registration = result.registration;
  const double exponent = -result.ln_p / 2.302585092994046;
  std::string page = kHead;
  page += "<h1>Does this model carry the owner's mark?</h1>\n";
  page += result.owned
              ? "<p class=\"verdict owned\"><b>OWNED.</b> The suspect carries "
                "the mark that was registered.</p>\n"
              : "<p class=\"verdict open\"><b>NOT SHOWN.</b> The evidence does "
                "not reach the registered rule. This does not say that the "
                "model is not a copy.</p>\n";
  page += absl::StrFormat(
      "<p>If the suspect had been made without the owner's secret key, the "
      "probability of an agreement this strong would be at most <b>1 in "
      "10<sup>%.1f</sup></b>, after counting every one of the %d hypotheses "
      "tried. The rule registered beforehand asks for 1 in "
      "10<sup>%.1f</sup>.</p>\n",
      std::max(0.0, exponent), static_cast<int>(result.hypotheses),
      12 - std::log10(std::max(1u, registration.epsilon_e12)));
  page += "<h2>Which model</h2>\n<table>\n" +
          Row("suspect", report.suspect.path) +
          Row("its SHA-256", report.suspect.sha256) +
          Row("reference, as registered", report.reference.path) +
          Row("its SHA-256", report.reference.sha256) + "</table>\n";
  page += "<h2>Who registered it, and when</h2>\n<table>\n" +
          Row("owner's public key", HexEncode(registration.owner)) +
          Row("registration", std::to_string(registration.number)) +
          Row("owner's commitment", TimeText(registration.time_ms)) +
          Row("nonce drawn after it", TimeText(registration.nonce_time_ms)) +
          Row("registry's public key", HexEncode(report.registry.key())) +
          Row("head of the log", HexEncode(report.registry.head())) +
          "</table>\n";
  page +=
      "<h2>The test</h2>\n<p>Owner and registry together determine a secret "
      "sign, plus or minus, for each marked weight. Nobody could choose the "
      "signs: the owner was committed before the registry drew its part. The "
      "statistic adds up how the suspect's weights agree with the signs. For "
      "a model made without the key each sign is a fair coin, which bounds "
      "the probability above without any assumption on the model.</p>\n"
      "<table>\n" +
      Row("statistic",
          absl::StrFormat("T = %.2f, z = %.2f over %d weights",
                          result.best.statistic.t, result.best.statistic.z(),
                          static_cast<int>(result.best.weights))) +
      Row("reading of the suspect", result.view.name) +
      Row("undone before the test",
          absl::StrFormat("%d units moved back, %d rescaled, %d missing",
                          static_cast<int>(result.view.moved),
                          static_cast<int>(result.view.rescaled),
                          static_cast<int>(result.view.erased))) +
      Row("random keys on this suspect",
          absl::StrFormat("z = %.2f +- %.2f; the highest of %d keys %.2f",
                          result.calibration.mean_z,
                          result.calibration.deviation_z,
                          static_cast<int>(result.calibration.keys),
                          result.calibration.largest_z)) +
      Row("lineage (supporting only)",
          absl::StrFormat("%.3f mean cosine to the reference",
                          result.lineage)) +
      "</table>\n";
  page +=
      "<h2>What would weaken this</h2>\n<ul>\n"
      "<li>The owner's key was known to somebody else when the suspect was "
      "made.</li>\n"
      "<li>The registry's key holder drew the nonce again until it suited, or "
      "rewrote the log: compare the head above with a copy kept "
      "elsewhere.</li>\n"
      "<li>The reference is not the model that was registered (its digest is "
      "checked against the log).</li>\n"
      "<li>The suspect came from the owner's hands lawfully: the test shows "
      "descent, not theft.</li>\n</ul>\n</body></html>\n";
  return page;
}

}  // namespace sotto::tools
