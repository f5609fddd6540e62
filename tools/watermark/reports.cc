#include "tools/watermark/reports.h"

#include <cmath>

#include "base/status.h"
#include "watermark/detect/bound.h"

namespace sotto::tools {
namespace {

using nlohmann::ordered_json;

// "1 in 10^27", for people.
std::string Odds(double ln_p) {
  if (ln_p >= 0) return "no better than chance";
  return absl::StrFormat("at most 1 in 10^%.1f", -ln_p / std::log(10.0));
}

}  // namespace

ordered_json VerifyJson(const VerifyReport& report) {
  const auto& result = report.result;
  const auto& registration = result.registration;
  return {
      {"verdict", result.owned ? "OWNED" : "NOT SHOWN"},
      {"p_value", watermark::Probability(result.ln_p)},
      {"ln_p", result.ln_p},
      {"hypotheses", result.hypotheses},
      {"epsilon", registration.epsilon_e12 * 1e-12},
      {"statistic",
       {{"t", result.best.statistic.t},
        {"z", result.best.statistic.z()},
        {"weights", result.best.weights}}},
      {"reading",
       {{"name", result.view.name},
        {"units_moved", result.view.moved},
        {"units_rescaled", result.view.rescaled},
        {"units_erased", result.view.erased}}},
      {"lineage_supporting", result.lineage},
      {"chance_on_this_suspect",
       {{"keys", result.calibration.keys},
        {"mean_z", result.calibration.mean_z},
        {"deviation_z", result.calibration.deviation_z},
        {"largest_z", result.calibration.largest_z}}},
      {"registration",
       {{"number", registration.number},
        {"committed", TimeText(registration.time_ms)},
        {"nonce_drawn", TimeText(registration.nonce_time_ms)},
        {"owner", HexEncode(registration.owner)},
        {"model", HexEncode(registration.model)},
        {"registry_key", HexEncode(report.registry.key())},
        {"log_head", HexEncode(report.registry.head())}}},
      {"suspect",
       {{"path", report.suspect.path}, {"sha256", report.suspect.sha256}}},
      {"reference",
       {{"path", report.reference.path}, {"sha256", report.reference.sha256}}},
  };
}

std::string VerifyText(const VerifyReport& report) {
  const auto& result = report.result;
  return absl::StrFormat(
      "%s\n"
      "  chance of coincidence  %s (ln p %.1f, z %.2f over %d weights)\n"
      "  hypotheses tried       %d, counted in\n"
      "  reading                %s: %d units moved, %d rescaled, %d erased\n"
      "  chance on this suspect z %.2f +- %.2f, highest of %d random keys "
      "%.2f\n"
      "  lineage (supporting)   %.3f mean cosine to the reference\n"
      "  registration           %d, committed %s\n",
      result.owned ? "OWNED" : "NOT SHOWN", Odds(result.ln_p), result.ln_p,
      result.best.statistic.z(), static_cast<int>(result.best.weights),
      static_cast<int>(result.hypotheses), result.view.name,
      static_cast<int>(result.view.moved),
      static_cast<int>(result.view.rescaled),
      static_cast<int>(result.view.erased), result.calibration.mean_z,
      result.calibration.deviation_z, static_cast<int>(result.calibration.keys),
      result.calibration.largest_z, result.lineage,
      static_cast<int>(result.registration.number),
      TimeText(result.registration.time_ms));
}

ordered_json TraceJson(const ModelInput& suspect,
                       const watermark::TraceResult& result) {
  const auto entry = [](const watermark::TraceScore& score) {
    return ordered_json{{"recipient", score.recipient},
                        {"score", score.score},
                        {"p_value", watermark::Probability(score.ln_p)}};
  };
  ordered_json accused = ordered_json::array(), scores = ordered_json::array();
  for (const auto& score : result.accused) accused.push_back(entry(score));
  for (const auto& score : result.scores) {
    scores.push_back({{"recipient", score.recipient}, {"score", score.score}});
  }
  return {
      {"verdict", result.accused.empty() ? "NOT TRACED" : "TRACED"},
      {"p_value", watermark::Probability(result.ln_p)},
      {"ln_p", result.ln_p},
      {"hypotheses", result.hypotheses},
      {"accused", accused},
      {"scores", scores},
      // A threshold that no score can reach is null in JSON.
      {"threshold", result.threshold},
      {"symbols", result.symbols},
      {"reading", result.view},
      {"suspect", {{"path", suspect.path}, {"sha256", suspect.sha256}}},
  };
}

std::string TraceText(const watermark::TraceResult& result) {
  std::string text = result.accused.empty() ? "NOT TRACED\n" : "TRACED\n";
  for (const auto& score : result.accused) {
    text += absl::StrFormat("  accused %s: score %.2f, %s\n", score.recipient,
                            score.score, Odds(score.ln_p));
  }
  if (result.accused.empty() && !result.scores.empty()) {
    text += absl::StrFormat("  highest %s: score %.2f\n",
                            result.scores.front().recipient,
                            result.scores.front().score);
  }
  return text + absl::StrFormat(
                    "  threshold %.2f for %d hypotheses, %d recipients, %d "
                    "symbols\n",
                    result.threshold, static_cast<int>(result.hypotheses),
                    static_cast<int>(result.scores.size()),
                    static_cast<int>(result.symbols));
}

ordered_json CannotTellJson(const absl::Status& status) {
  return {{"verdict", "CANNOT TELL"},
          {"error", status.ToString()},
          {"p_value", 1.0},
          {"ln_p", 0.0},
          {"hypotheses", 0},
          {"accused", ordered_json::array()},
          {"scores", ordered_json::array()},
          {"threshold", nullptr}};
}

}  // namespace sotto::tools
