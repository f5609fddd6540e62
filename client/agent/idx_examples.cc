#include <utility>

#include "base/status.h"
#include "sotto/examples.h"
#include "training/local/idx_dataset.h"

namespace sotto {
namespace {

class IdxExamples final : public Examples {
 public:
  explicit IdxExamples(training::ExampleTable table)
      : table_(std::move(table)) {}
  std::size_t size() const override { return table_.size(); }
  std::int32_t Read(std::size_t index,
                    std::span<float> features) const override {
    if (features.size() != table_.features()) return -1;
    return table_.Read(index, features);
  }

 private:
  const training::ExampleTable table_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Examples>> OpenIdxFolder(
    const std::string& folder, const std::string& split) {
  if (split != "train" && split != "test") {
    return absl::InvalidArgumentError(
        absl::StrFormat("split '%s' is neither 'train' nor 'test'", split));
  }
  SOTTO_ASSIGN_OR_RETURN(
      training::ExampleTable table,
      training::ReadIdxFolder(folder, split == "train"
                                          ? training::Split::kTrain
                                          : training::Split::kTest));
  std::unique_ptr<Examples> examples =
      std::make_unique<IdxExamples>(std::move(table));
  return examples;
}

}  // namespace sotto
