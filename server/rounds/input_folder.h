// Incomplete masked inputs of a round in a folder, a file each: the
// coordinator's memory does not grow with the uploads under way, and these go
// on after a restart. Files are not synced: what a crash of the machine tears
// is noticed by its size or, at the end, by the device's signature, and sent
// again.

#ifndef SOTTO_SERVER_ROUNDS_INPUT_FOLDER_H_
#define SOTTO_SERVER_ROUNDS_INPUT_FOLDER_H_

#include <memory>
#include <string>

#include "secure_agg/input_store.h"

namespace sotto::server {

class InputFolder final : public secure_agg::InputStore {
 public:
  // Makes the folder, or takes what is in it. Errors of base/file.h.
  static absl::StatusOr<std::unique_ptr<InputFolder>> Open(
      const std::string& path);
  // Makes the folder, without what may be in it.
  static absl::StatusOr<std::unique_ptr<InputFolder>> Clear(
      const std::string& path);

  // Errors: RESOURCE_EXHAUSTED the disk is full, UNAVAILABLE others, DATA_LOSS
  // of InputStore.
  absl::StatusOr<std::uint64_t> Size(std::uint32_t member) override;
  absl::Status Append(std::uint32_t member, ByteView bytes) override;
  absl::Status Read(std::uint32_t member, std::uint64_t offset,
                    std::span<std::uint8_t> out) override;
  void Drop(std::uint32_t member) override;

 private:
  explicit InputFolder(std::string path) : path_(std::move(path)) {}
  std::string FileOf(std::uint32_t member) const;

  std::string path_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_INPUT_FOLDER_H_
