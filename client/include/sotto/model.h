// A model ready to run: decrypted into memory of its own, wiped on release.

#ifndef SOTTO_MODEL_H_
#define SOTTO_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto {

// How well the decrypted bytes are protected in this process.
struct LoadReport {
  std::uint64_t locked_bytes = 0;  // cannot be swapped out
  bool dontdump = false;           // absent from core dumps
};

// Not thread-safe; independent of the Client that made it.
class Model {
 public:
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const std::string& family() const;
  std::uint64_t release() const;  // release counter of signed metadata
  // Elements of input 0 and output 0 for one example.
  std::size_t input_size() const;
  std::size_t output_size() const;
  const LoadReport& report() const;

  // Runs one example and returns output 0; what is quantised in the model is
  // converted here, by its scale. INVALID_ARGUMENT: `input` has
  // another size than input_size().
  absl::StatusOr<std::vector<float>> Run(std::span<const float> input);

 private:
  friend class Client;
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_MODEL_H_
