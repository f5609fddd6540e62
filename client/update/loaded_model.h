// A decrypted, parsed model. Its bytes lie in locked pages, as far as the
// system allows, that core dumps leave out; they are wiped on release.

#ifndef SOTTO_CLIENT_UPDATE_LOADED_MODEL_H_
#define SOTTO_CLIENT_UPDATE_LOADED_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"
#include "runtime/loader/model.h"
#include "sotto/model.h"

namespace sotto::client {

class LoadedModel {
 public:
  // Copies `plaintext`, a .tflite file, into protected memory and parses it.
  // Errors of runtime::ParseModel, with `name` in front.
  static absl::StatusOr<std::unique_ptr<LoadedModel>> Create(
      ByteView plaintext, const std::string& name, std::uint64_t release);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const runtime::Model& graph() const { return graph_; }
  std::uint64_t release() const { return release_; }
  const LoadReport& report() const { return report_; }
  // SHA-256 of graph and shapes, what plans pin.
  const crypto::Sha256Digest& architecture_hash() const {
    return architecture_hash_;
  }
  ByteView bytes() const { return {bytes_, size_}; }

 private:
  LoadedModel() = default;

  runtime::Model graph_;
  std::uint8_t* bytes_ = nullptr;  // owned by graph_
  std::size_t size_ = 0;
  std::uint64_t release_ = 0;
  LoadReport report_;
  crypto::Sha256Digest architecture_hash_ = {};
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_LOADED_MODEL_H_
