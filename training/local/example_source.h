// Where training examples come from. The app implements it; IDX folders and
// tests do too.

#ifndef SOTTO_TRAINING_LOCAL_EXAMPLE_SOURCE_H_
#define SOTTO_TRAINING_LOCAL_EXAMPLE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sotto::training {

class ExampleSource {
 public:
  virtual ~ExampleSource() = default;
  // Constant during a call of Fit or Evaluate.
  virtual std::size_t size() const = 0;
  // Values of one example: the model's input without its batch dimension.
  virtual std::size_t features() const = 0;
  // Writes example `index` in [0, size()) and returns its label.
  virtual std::int32_t Read(std::size_t index, std::span<float> out) const = 0;
};

// Examples in memory.
class ExampleTable final : public ExampleSource {
 public:
  explicit ExampleTable(std::size_t num_features) : features_(num_features) {}

  // `values` has num_features elements, asserted.
  void Add(std::span<const float> values, std::int32_t label);

  std::size_t size() const override { return labels_.size(); }
  std::size_t features() const override { return features_; }
  std::int32_t Read(std::size_t index, std::span<float> out) const override;

 private:
  std::size_t features_;
  std::vector<float> values_;
  std::vector<std::int32_t> labels_;
};

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_LOCAL_EXAMPLE_SOURCE_H_
