#include "watermark/fingerprint/tracer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "base/status.h"
#include "watermark/detect/alignment.h"
#include "watermark/detect/bound.h"
#include "watermark/fingerprint/symbols.h"

namespace sotto::watermark {
namespace {

absl::Status Check(const TraceParams& params) {
  if (params.recipients.empty()) {
    return absl::InvalidArgumentError("there is no recipient to compare with");
  }
  if (!(params.epsilon > 0 && params.epsilon < 1)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "epsilon is %g, expected between 0 and 1", params.epsilon));
  }
  std::set<std::string> seen;
  for (const std::string& recipient : params.recipients) {
    if (!seen.insert(recipient).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("recipient '%s' is listed twice", recipient));
    }
  }
  return absl::OkStatus();
}

double Score(const std::vector<CodeSymbol>& symbols,
             const std::vector<std::uint8_t>& bits) {
  double sum = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const double p = symbols[i].p;
    sum += symbols[i].y * (bits[i] - p) / std::sqrt(p * (1 - p));
  }
  return sum;
}

TraceResult ScoreAll(const std::vector<CodeSymbol>& symbols,
                     const FingerprintCode& code, const TraceParams& params,
                     double hypotheses) {
  double energy = 0;
  for (const CodeSymbol& symbol : symbols) energy += symbol.y * symbol.y;
  const double norm = std::sqrt(energy);
  TraceResult result;
  if (norm == 0) {  // nothing of the recipients' half is left, or no copy
    for (const std::string& recipient : params.recipients) {
      result.scores.push_back({.recipient = recipient});
    }
    result.threshold = std::numeric_limits<double>::infinity();
    return result;
  }
  const double least =
      CodeThreshold(symbols, std::log(params.epsilon / hypotheses));
  result.threshold = least / norm;
  for (const std::string& recipient : params.recipients) {
    const double score = Score(symbols, code.BitsOf(params.release, recipient));
    result.scores.push_back({.recipient = recipient, .score = score / norm});
  }
  std::ranges::stable_sort(result.scores, std::ranges::greater(),
                           &TraceScore::score);
  for (TraceScore& score : result.scores) {
    const bool first = &score == &result.scores.front();
    const bool guilty = score.score >= result.threshold;
    if (!first && !guilty) break;
    score.ln_p =
        Bonferroni(LnCodeBound(symbols, score.score * norm), hypotheses);
    if (guilty) result.accused.push_back(score);
  }
  result.ln_p = result.scores.front().ln_p;
  return result;
}

}  // namespace

absl::StatusOr<TraceResult> Trace(const runtime::Model& master,
                                  const runtime::Model& suspect,
                                  const OwnerKey& key,
                                  const TraceParams& params) {
  SOTTO_RETURN_IF_ERROR(Check(params));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(master));
  SOTTO_ASSIGN_OR_RETURN(const Carrier carrier, FindCarrier(graph));
  SOTTO_ASSIGN_OR_RETURN(Alignment aligned, Align(master, suspect));
  std::vector<std::pair<std::string, std::vector<LayerValues>>> views;
  if (auto plain = TakeAsIs(master, suspect); plain.ok()) {
    views.emplace_back("as is", std::move(plain->layers));
  }
  views.emplace_back("aligned", std::move(aligned.layers));

  const FingerprintCode code(key, ModelDigest(master), carrier);
  const std::vector<LayerValues> original = ReadLayers(master, graph);
  const std::size_t hypotheses = views.size() * params.recipients.size();
  TraceResult best;
  for (const auto& [name, layers] : views) {
    TraceResult result =
        ScoreAll(ReadSymbols(carrier, code, original, layers), code, params,
                 static_cast<double>(hypotheses));
    result.view = name;
    result.symbols = code.bias().size();
    result.hypotheses = hypotheses;
    if (best.view.empty() || result.ln_p < best.ln_p) best = std::move(result);
  }
  return best;
}

}  // namespace sotto::watermark
