#include "training/local/example_source.h"

#include <algorithm>
#include <cassert>

namespace sotto::training {

void ExampleTable::Add(std::span<const float> values, std::int32_t label) {
  assert(values.size() == features_);
  values_.insert(values_.end(), values.begin(), values.end());
  labels_.push_back(label);
}

std::int32_t ExampleTable::Read(std::size_t index, std::span<float> out) const {
  assert(index < size() && out.size() == features_);
  std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(index * features_),
              features_, out.begin());
  return labels_[index];
}

}  // namespace sotto::training
